// A UDP flow outlives its socket in the kernel's memory, for 30 s and more, with the address translation that its first
// packet got: who comes from the same port again goes the old way. So what is led to a server of ours is followed in a
// zone of its own (CT statement of nft(8)): in there nothing is remembered of before, and what is remembered there leads
// nobody once the rules are gone, which they are with whoever holds the table. The zone's number is the server's port:
// what an earlier fault left in it can only lead to the same port, where we listen again.
//
// TCP needs none of this: the first packet of a connection makes the kernel forget a former one from the same port.

/** Before the kernel looks a flow up, at -200. */
const priority = -300;

const coming = 'zone_of_queries';
const going = 'zone_of_answers';

export interface LedFlows {
  /** An expression of nft(8) for whose packets are led. */
  readonly match: string;
  readonly port: number;
  readonly toPort: number;
}

/** Statements for `add`: the chains of a table. */
export function zoneChains(table: string): string[] {
  return [coming, going].map(
    (name) => `chain inet ${table} ${name} { type filter hook output priority ${priority}; policy accept; }`,
  );
}

/** Statements for `add`: who is followed apart on the way to us. */
export function zoneRules(table: string, flows: readonly LedFlows[]): string[] {
  return flows.map(
    ({ match, port, toPort }) =>
      `rule inet ${table} ${coming} ${match} udp dport ${port} ct zone set ${toPort}`,
  );
}

/** Statement for `add`: whatever `match` says goes the way of everybody else. Before those of `zoneRules`. */
export function notInZone(table: string, match: string): string {
  return `rule inet ${table} ${coming} ${match} accept`;
}

/** Statement for `add`: our answers belong to the same flows, also after `forgetZone`. */
export function zoneOfAnswers(table: string, toPort: number): string {
  return `rule inet ${table} ${going} udp sport ${toPort} ct zone set ${toPort}`;
}

/** The order that ends it for queries. */
export function forgetZone(table: string): string {
  return `flush chain inet ${table} ${coming}`;
}

/** Statements for `add` by which a trial sees whether the kernel has zones (CONFIG_NF_CONNTRACK_ZONES). */
export function zoneTrial(table: string, match: string): string[] {
  const flows = [{ match: `ip saddr 0.0.0.0 ${match}`, port: 1, toPort: 1 }];
  return [...zoneChains(table), ...zoneRules(table, flows), zoneOfAnswers(table, 1)];
}
