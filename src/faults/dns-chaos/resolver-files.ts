// The files by which a Linux program finds its DNS server, read and rewritten: resolv.conf(5), nsswitch.conf(5) and
// hosts(5).

import type { Endpoint } from './forward.ts';

/** glibc reads three name servers (MAXNS) and ignores the rest. */
const nameserversMax = 3;

export function nameservers(resolvConf: string): Endpoint[] {
  return directives(resolvConf, 'nameserver')
    .slice(0, nameserversMax)
    .map((address) => ({ address: address.split(/\s/)[0]!, port: 53 }));
}

/** The same file with other name servers: search list and options stay, so that short names keep their meaning. */
export function withNameserver(resolvConf: string, address: string): string {
  const kept = resolvConf
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s*(nameserver|sortlist|[#;])/.test(line));
  return `${[`nameserver ${address}`, ...kept].join('\n')}\n`;
}

/**
 * The same file with host names looked up in /etc/hosts and by DNS only: other modules (resolve, mdns, cache) ask
 * daemons that live outside of the target's view and would go around our server. `myhostname` asks nobody and stays.
 */
export function withDnsOnly(nsswitchConf: string): string {
  const kept = nsswitchConf.split('\n').filter((line) => !/^\s*hosts\s*:/.test(line));
  const own = /^\s*hosts\s*:.*\bmyhostname\b/m.test(nsswitchConf) ? ' myhostname' : '';
  return `${kept.join('\n').trimEnd()}\nhosts: files${own} dns\n`.trimStart();
}

/** The first address of a name in /etc/hosts. */
export function addressInHosts(hosts: string, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (const line of hosts.split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (names.some((each) => each.toLowerCase() === wanted)) return address;
  }
  return undefined;
}

function directives(text: string, keyword: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith(`${keyword} `) || line.startsWith(`${keyword}\t`))
    .map((line) => line.slice(keyword.length).trim());
}
