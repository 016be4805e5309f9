// Leads what a running target sends to a port to a server of ours on one port of both loopback addresses: by its control
// group, which all its processes are moved into and, at the end, back from. Of a container everything is led that its
// network namespace sends, but for what a helper of ours sends there.
//
// Sockets that were open before the move are not led: their next ones are, also from a port that was used before.

import type { Clock } from '../../base/clock.ts';
import type { ExtendLease } from '../fault.ts';
import { countersOf, NftTable } from '../kernel/nft-table.ts';
import { TargetGroups } from '../kernel/target-groups.ts';
import type { HostPort } from '../targets/host-port.ts';
import type { ContainerTargetHandle, ProcessTargetHandle } from '../targets/target.ts';
import { Destinations, destinationSets, rememberCall } from './destinations.ts';
import type { Network } from './network.ts';
import { opening } from './opening.ts';
import { forgetZone, zoneChains, zoneOfAnswers, zoneRules } from './own-zone.ts';

export interface OutboundRedirectOptions {
  readonly target: ProcessTargetHandle | ContainerTargetHandle;
  /** The port that the target sends to. */
  readonly port: number;
  readonly toPort: number;
  readonly hasIpv6: boolean;
  readonly clock: Clock;
  readonly extend: ExtendLease;
  /** Where the target is. Default: our own network namespace. */
  readonly network?: Pick<Network, 'place' | 'helper' | 'group'>;
  /** Only TCP connections are led, and `destinationOf` knows where they were going. Default: UDP and TCP. */
  readonly onlyCalls?: boolean;
}

const ruleName = 'redirected';
/** Before any other address translation: Docker's and that of most firewalls is at -100. */
const priority = -110;
const gatherEveryMs = 500;

export class OutboundRedirect {
  readonly #options: OutboundRedirectOptions;
  readonly #table: NftTable;
  /** Undefined for a container. */
  readonly #groups: TargetGroups | undefined;
  readonly #destinations: Destinations;
  readonly #stopped = new AbortController();
  #following: Promise<void> = Promise.resolve();
  #left: readonly string[] = [];

  private constructor(options: OutboundRedirectOptions, table: NftTable, groups: TargetGroups | undefined) {
    this.#options = options;
    this.#table = table;
    this.#groups = groups;
    this.#destinations = new Destinations(() => table.list());
  }

  /** Each step of the way back is in the lease before what it takes back is done. */
  static async begin(options: OutboundRedirectOptions): Promise<OutboundRedirect> {
    const { target, network, extend, onlyCalls } = options;
    const table = await NftTable.start(network?.place);
    let groups: TargetGroups | undefined;
    try {
      const holders = [table.holder, network?.helper].filter((process) => process !== undefined);
      await extend(holders.map((process) => ({ type: 'end-tree', process })));
      if (target.type === 'process') groups = await TargetGroups.enter(target, extend);
      const redirect = new OutboundRedirect(options, table, groups);
      await table.create([
        ...(onlyCalls
          ? redirect.#callsOnly()
          : [...zoneChains(table.name), zoneOfAnswers(table.name, options.toPort)]),
        `chain inet ${table.name} output { type nat hook output priority ${priority}; policy accept; }`,
        ...redirect.#rules(),
      ]);
      redirect.#following = redirect.#follow();
      return redirect;
    } catch (error) {
      await table.close();
      await groups?.leave(options.clock);
      throw error;
    }
  }

  get where(): string {
    return `nftables table ${this.#table.name}`;
  }

  /** Packets that began a redirected flow; undefined when the table is gone. */
  async redirected(): Promise<number | undefined> {
    if (this.#table.ended) return undefined;
    return countersOf(await this.#table.list()).get(ruleName);
  }

  /** With `onlyCalls`: the address that a connection was for, by the end that it came from; undefined for strangers. */
  destinationOf(source: HostPort): Promise<string | undefined> {
    return this.#destinations.of(source);
  }

  /** Why some of the target is not led to us, or undefined. */
  async astray(): Promise<string | undefined> {
    if ((await this.redirected()) === undefined) return `the ${this.where} is gone`;
    const outside = (await this.#groups?.astray()) ?? [];
    return outside.length === 0 ? undefined : `process ${outside.join(', ')} of the target is not led to us`;
  }

  /** What is sent from now on goes where it did before; flows that came to us stay ours until `close`. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#following;
    if (!this.#table.ended) await this.#table.apply(this.#flush);
  }

  /** After `stop`: the table and the groups are gone when it resolves. Once only. */
  async close(): Promise<void> {
    await this.#table.close();
    const outcomes = (await this.#groups?.leave(this.#options.clock)) ?? [];
    this.#left = outcomes.flatMap((outcome) => (outcome.done ? [] : [outcome.left]));
  }

  /** What is left after `close`. */
  get left(): readonly string[] {
    return [...(this.#table.ended ? [] : [`the ${this.where}`]), ...this.#left];
  }

  /** Children of a supervisor and replacements of who died come in as they appear. */
  async #follow(): Promise<void> {
    if (!this.#groups) return;
    const { clock, extend } = this.#options;
    const { signal } = this.#stopped;
    let rules = this.#rules().join();
    while (!signal.aborted) {
      await clock.sleep(gatherEveryMs, signal);
      if (signal.aborted || this.#table.ended) return;
      try {
        await this.#groups.gather(extend);
        const now = this.#rules();
        if (now.join() === rules) continue;
        rules = now.join();
        await this.#table.apply([...this.#flush, ...now.map((rule) => `add ${rule}`)]);
      } catch {
        // Nobody is left, or somebody came whom we may not move: `astray` says so.
      }
    }
  }

  get #flush(): string[] {
    const { name } = this.#table;
    return [`flush chain inet ${name} output`, ...(this.#options.onlyCalls ? [] : [forgetZone(name)])];
  }

  #rules(): string[] {
    const { port, toPort, hasIpv6, onlyCalls, network } = this.#options;
    const rule = `rule inet ${this.#table.name} output`;
    const lead = `counter redirect to :${toPort} comment "${ruleName}"`;
    if (!onlyCalls) {
      const family = hasIpv6 ? '' : 'meta nfproto ipv4 ';
      const matches = this.#matches.map((match) => family + match);
      return [
        ...matches.map((match) => `${rule} ${match} meta l4proto { tcp, udp } th dport ${port} ${lead}`),
        ...zoneRules(
          this.#table.name,
          matches.map((match) => ({ match, port, toPort })),
        ),
      ];
    }
    const families = hasIpv6 ? (['ip', 'ip6'] as const) : (['ip'] as const);
    const calls = families.flatMap((family) =>
      this.#matches.map((match) => {
        const its = family === 'ip' ? 'ipv4' : 'ipv6';
        return `${rule} meta nfproto ${its} ${match} tcp dport ${port} ${opening} ${rememberCall[family]} ${lead}`;
      }),
    );
    return network?.group === undefined ? calls : [`${rule} meta skgid ${network.group} accept`, ...calls];
  }

  get #matches(): string[] {
    return this.#groups?.matches ?? [''];
  }

  /** Our server listens on every address there, and nobody shall reach it but by the redirect. */
  #callsOnly(): string[] {
    const { name } = this.#table;
    return [
      ...destinationSets(name),
      `chain inet ${name} input { type filter hook input priority 0; policy accept; }`,
      `rule inet ${name} input tcp dport ${this.#options.toPort} ct status & dnat != dnat reject with tcp reset`,
    ];
  }
}
