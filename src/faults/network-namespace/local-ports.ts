import { readFileSync } from 'node:fs';

/** First and last of the ports that the kernel gives to connections that name none, in our network namespace. */
export function localPortRange(): readonly [number, number] {
  const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1').trim().split(/\s+/);
  const [first = 32_768, last = 60_999] = range.map(Number);
  return [first, last];
}
