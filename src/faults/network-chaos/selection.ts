// The packets of a target as rules of nft(8). Three chains a direction:
//
//     out      (hook output)  sent by the target?   ─▶ narrow_out  to the peers and ports asked for?  ─▶ act_out
//     in       (hook input)   received by it?       ─▶ narrow_in                                       ─▶ act_in
//
// What happens to them is the matter of the `act` chains.

import type { Direction } from '../targets/target.ts';
import type { Peer } from './external-target.ts';
import type { Sockets } from './sockets.ts';
import type { Scope } from './spec.ts';

export type Way = 'out' | 'in';

/** `to` is what the target sends, `from` what it receives. */
export const waysOf: Readonly<Record<Direction, readonly Way[]>> = {
  to: ['out'],
  from: ['in'],
  both: ['out', 'in'],
};

/** Before the filters of the machine (0) and after its address translation (-100). */
const selectionPriority = -60;

export interface Selection {
  readonly table: string;
  readonly scope: Scope;
  /** Undefined: everybody. */
  readonly peers: readonly Peer[] | undefined;
  /** Everybody's packets: of a network namespace but for its loopback device, or of the machine. */
  readonly whole: 'namespace' | 'host' | undefined;
  /** TCP ports, of either side, whose packets are left alone. */
  readonly spared: readonly number[];
}

/** Statements for `add`: sets, chains, and the rules that do not depend on what the target is doing. */
export function chainsOf(selection: Selection, actions: Readonly<Record<Way, readonly string[]>>): string[] {
  const { table, scope } = selection;
  return [
    ...sets.map(({ name, type }) => `set inet ${table} ${name} { type ${type}; }`),
    ...waysOf[scope.direction].flatMap((way) => [
      `chain inet ${table} act_${way}`,
      ...actions[way].map((statement) => `rule inet ${table} act_${way} ${statement}`),
      `chain inet ${table} narrow_${way}`,
      ...narrowings(selection, way).map(
        (match) => `rule inet ${table} narrow_${way} ${match} goto act_${way}`,
      ),
      `chain inet ${table} ${way} { type filter hook ${way}put priority ${selectionPriority}; policy accept; }`,
      ...sparingRules(selection, way),
      ...entryRules(selection, way),
    ]),
  ];
}

/** The rules for control groups that hold the target. */
export function groupRules(selection: Selection, matches: readonly string[]): string[] {
  const ways = waysOf[selection.scope.direction];
  return ways.flatMap((way) => matches.map((match) => targetRule(selection, way, match)));
}

/** The elements of the sets, each once. */
export function elementsOf(table: string, { doors, connections }: Sockets): string[] {
  const element = (set: string, value: string) => `element inet ${table} ${set} { ${value} }`;
  const family = (address: string) => (address.includes(':') ? '6' : '4');
  return [
    ...doors.map(({ protocol, address, port }) =>
      address === undefined
        ? element('doors', `${protocol} . ${port}`)
        : element(`doors${family(address)}`, `${address} . ${protocol} . ${port}`),
    ),
    ...connections.map(({ protocol, local, remote }) =>
      element(
        `flows${family(local.address)}`,
        `${protocol} . ${local.address} . ${local.port} . ${remote.address} . ${remote.port}`,
      ),
    ),
  ];
}

const sets = [
  { name: 'doors', type: 'inet_proto . inet_service' },
  { name: 'doors4', type: 'ipv4_addr . inet_proto . inet_service' },
  { name: 'doors6', type: 'ipv6_addr . inet_proto . inet_service' },
  { name: 'flows4', type: 'inet_proto . ipv4_addr . inet_service . ipv4_addr . inet_service' },
  { name: 'flows6', type: 'inet_proto . ipv6_addr . inet_service . ipv6_addr . inet_service' },
] as const;

/** Names of the target's own side and of the other one in a packet. */
const sides = {
  out: { own: 's', other: 'd', device: 'oifname' },
  in: { own: 'd', other: 's', device: 'iifname' },
} as const;

function sparingRules({ table, spared }: Selection, way: Way): string[] {
  if (spared.length === 0) return [];
  const ports = spared.join(', ');
  return ['sport', 'dport'].map((side) => `rule inet ${table} ${way} tcp ${side} { ${ports} } return`);
}

/** Whose packets are meant. */
function entryRules(selection: Selection, way: Way): string[] {
  switch (selection.whole) {
    case 'host':
      return [targetRule(selection, way, '')];
    case 'namespace':
      return [targetRule(selection, way, `${sides[way].device} != "lo"`)];
    default:
      return socketRules(selection, way);
  }
}

function socketRules(selection: Selection, way: Way): string[] {
  const { own, other } = sides[way];
  return [
    `meta l4proto . th ${own}port @doors`,
    `ip ${own}addr . meta l4proto . th ${own}port @doors4`,
    `ip6 ${own}addr . meta l4proto . th ${own}port @doors6`,
    `meta l4proto . ip ${own}addr . th ${own}port . ip ${other}addr . th ${other}port @flows4`,
    `meta l4proto . ip6 ${own}addr . th ${own}port . ip6 ${other}addr . th ${other}port @flows6`,
  ].map((match) => targetRule(selection, way, match));
}

function targetRule({ table, scope }: Selection, way: Way, match: string): string {
  const device = scope.device === undefined ? '' : `${sides[way].device} "${scope.device}" `;
  return `rule inet ${table} ${way} ${device}${match} goto narrow_${way}`;
}

/** Matches of which one must hold; one that is empty always does. */
function narrowings({ scope, peers }: Selection, way: Way): string[] {
  const { own, other } = sides[way];
  const ports = scope.ports.join(', ');
  const onPorts =
    scope.ports.length === 0
      ? ['']
      : [own, other].map((side) => `meta l4proto { tcp, udp } th ${side}port { ${ports} }`);
  const withPeers = peers?.map(({ address, port }) =>
    [
      address === undefined
        ? ''
        : address === 'local'
          ? `fib ${other}addr type local`
          : `${address.includes(':') ? 'ip6' : 'ip'} ${other}addr ${address}`,
      port === undefined ? '' : `meta l4proto { tcp, udp } th ${other}port ${port}`,
    ].join(' '),
  ) ?? [''];
  return withPeers.flatMap((peer) => onPorts.map((each) => `${peer} ${each}`));
}
