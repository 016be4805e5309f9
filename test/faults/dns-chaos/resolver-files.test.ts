import { expect, it } from 'vitest';
import {
  addressInHosts,
  nameservers,
  withDnsOnly,
  withNameserver,
} from '../../../src/faults/dns-chaos/resolver-files.ts';

const resolvConf = `# written by hand
nameserver 10.0.0.1
nameserver\t2001:db8::53
search corp.test lab.test
options ndots:2 edns0
nameserver 10.0.0.3
nameserver 10.0.0.4
`;

it('reads at most three name servers', () => {
  expect(nameservers(resolvConf).map(({ address }) => address)).toEqual([
    '10.0.0.1',
    '2001:db8::53',
    '10.0.0.3',
  ]);
  expect(nameservers('')).toEqual([]);
});

it('keeps search list and options', () => {
  expect(withNameserver(resolvConf, '127.9.8.7')).toBe(
    'nameserver 127.9.8.7\nsearch corp.test lab.test\noptions ndots:2 edns0\n',
  );
});

it('leaves hosts to files and dns, and everything else as it is', () => {
  const nsswitchConf =
    'passwd: files systemd\nhosts: mymachines resolve [!UNAVAIL=return] files myhostname dns\n';
  expect(withDnsOnly(nsswitchConf)).toBe('passwd: files systemd\nhosts: files myhostname dns\n');
  expect(withDnsOnly('hosts: files mdns4_minimal [NOTFOUND=return] dns')).toBe('hosts: files dns\n');
});

it('finds names in hosts', () => {
  const hosts = '127.0.0.1 localhost # db\n10.1.1.1\tdb.corp db\n';
  expect(addressInHosts(hosts, 'DB')).toBe('10.1.1.1');
  expect(addressInHosts(hosts, 'web')).toBeUndefined();
});
