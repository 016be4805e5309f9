// The packets of one target while a fault lasts: found by a table of the packet filter that ends with its holder, and
// followed as the target forks, opens sockets and is started again.

import { UserError } from '../../base/diagnostics.ts';
import type { ExtendLease, FaultRequest } from '../fault.ts';
import { countersOf, NftTable } from '../kernel/nft-table.ts';
import { runTool } from '../kernel/qdisc.ts';
import { TargetGroups } from '../kernel/target-groups.ts';
import type { ContainerTargetHandle, HostTargetHandle, ProcessTargetHandle } from '../targets/target.ts';
import { type Place, placeOf } from './namespace.ts';
import { sessionPorts } from './on-host.ts';
import { peersOf } from './peers.ts';
import { chainsOf, elementsOf, groupRules, type Selection, type Way } from './selection.ts';
import { type Sockets, socketsOf } from './sockets.ts';
import type { NetworkChaosSpec } from './spec.ts';

export type PacketTarget = ProcessTargetHandle | ContainerTargetHandle | HostTargetHandle;

export type NetworkRequest = FaultRequest<NetworkChaosSpec>;

/** Statements of nft(8) for the packets that the target sends (`out`) and receives (`in`). */
export type Actions = Readonly<Record<Way, readonly string[]>>;

/** The comment of rules whose packets are hits. */
export const hitComment = 'hit';

const followEveryMs = 500;
/** Elements that are added in one order. */
const elementsMax = 100;

export class TargetPackets {
  readonly #request: NetworkRequest;
  readonly #target: PacketTarget;
  readonly #selection: Selection;
  readonly #table: NftTable;
  readonly #place: Place;
  readonly #extend: ExtendLease;
  readonly #following = new AbortController();
  readonly #known = new Set<string>();
  #doors: readonly string[] = [];
  #groups: TargetGroups | undefined;
  #followed: Promise<void> = Promise.resolve();
  #hits = 0;
  #trouble: string | undefined;
  #isClosed = false;
  #left: readonly string[] = [];

  private constructor(
    request: NetworkRequest,
    selection: Selection,
    table: NftTable,
    place: Place,
    extend: ExtendLease,
  ) {
    this.#request = request;
    this.#target = packetTargetOf(request);
    this.#selection = selection;
    this.#table = table;
    this.#place = place;
    this.#extend = extend;
  }

  /**
   * Everything that it makes is in the lease before it is made; what it made is closed again when it fails. `actions`
   * may come while the rest is made ready.
   */
  static async open(
    request: NetworkRequest,
    actions: Actions | Promise<Actions>,
    extend: ExtendLease,
  ): Promise<TargetPackets> {
    const target = packetTargetOf(request);
    const place = await placeOfTarget(request);
    const peers = await peersOf(request.spec, request.peers);
    const table = await NftTable.start(place);
    await extend([{ type: 'end-tree', process: table.holder }]);
    const selection: Selection = {
      table: table.name,
      scope: request.spec,
      peers,
      whole: target.type === 'host' ? 'host' : ownsNamespace(target, place) ? 'namespace' : undefined,
      spared: target.type === 'host' ? sessionPorts() : [],
    };
    const packets = new TargetPackets(request, selection, table, place, extend);
    try {
      // The sockets that are open need no group: their packets are met while the processes are still being moved.
      const outcomes = await Promise.allSettled([packets.#create(actions), packets.#enter()]);
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
      await packets.#gather(true);
    } catch (error) {
      await packets.close();
      throw error;
    }
    packets.#followed = packets.#follow();
    return packets;
  }

  /** Packets that the rules with the comment `hit` have seen, as of half a second ago. */
  get hits(): number {
    return this.#hits;
  }

  /** Where it acts, for people. */
  get where(): string {
    return `nftables table ${this.#table.name}`;
  }

  get place(): Place {
    return this.#place;
  }

  /** Why packets are not found any more, or undefined. */
  async missing(): Promise<string | undefined> {
    if (this.#table.ended) return `${this.where} is gone`;
    await this.#count();
    return this.#trouble;
  }

  /** Idempotent; nothing of it is left in the kernel when it resolves, or `left` says what is. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#following.abort();
    if (!this.#table.ended) await this.#count().catch(() => {});
    await this.#table.close();
    // A last look could otherwise move processes in again after they have left.
    await this.#followed;
    const outcomes = (await this.#groups?.leave(this.#request.clock)) ?? [];
    this.#left = outcomes.flatMap((outcome) => (outcome.done ? [] : [outcome.left]));
  }

  /** After `close`: what is left, by the kernel's own word. */
  async left(): Promise<readonly string[]> {
    // The namespace may have ended with the target, and the table with it.
    const tables = await runTool(this.#place, ['nft', 'list', 'tables']).catch(() => '');
    const stays = tables.split('\n').some((line) => line.trim().startsWith(`table inet ${this.#table.name}`));
    return [...(stays ? [`${this.where}: end process ${this.#table.holder.pid}`] : []), ...this.#left];
  }

  async #follow(): Promise<void> {
    const { signal } = this.#following;
    for (;;) {
      await this.#request.clock.sleep(followEveryMs, signal);
      if (signal.aborted || this.#table.ended) return;
      // What failed is tried again at the next look; until then `missing` says so.
      this.#trouble = await this.#look().catch((error: Error) => error.message);
    }
  }

  async #look(): Promise<undefined> {
    await this.#gather();
    await this.#count();
  }

  /** What the target holds when the fault begins; empty when it is not known by its sockets. */
  async #sockets(): Promise<Sockets> {
    if (!this.#isFollowed) return { doors: [], connections: [] };
    return socketsOf((await this.#target.processes()).map(({ pid }) => pid));
  }

  async #create(actions: Actions | Promise<Actions>): Promise<void> {
    const chains = chainsOf(this.#selection, await actions);
    const { doors, connections } = await this.#sockets();
    const { table } = this.#selection;
    const first = elementsOf(table, { doors, connections: [] }).slice(0, elementsMax);
    const elements = [...first, ...elementsOf(table, { doors: [], connections })].slice(0, elementsMax);
    await this.#table.create([...chains, ...elements]);
    this.#doors = first;
    for (const element of elements) this.#known.add(element);
  }

  async #enter(): Promise<void> {
    if (this.#isFollowed && this.#target.type === 'process')
      this.#groups = await TargetGroups.enter(this.#target, this.#extend);
  }

  /** Only a process that shares its network with others has to be told from them. */
  get #isFollowed(): boolean {
    return !this.#selection.whole && this.#target.type === 'process';
  }

  /** Brings the rules up to what the target is now. */
  async #gather(isFirst = false): Promise<void> {
    if (!this.#groups) return;
    if (!isFirst) await this.#groups.gather(this.#extend);
    const { doors, connections } = await this.#sockets();
    const { table } = this.#selection;
    const open = elementsOf(table, { doors, connections: [] });
    await this.#removeClosed(open);
    await this.#addNew([
      ...groupRules(this.#selection, this.#groups.matches),
      ...open,
      // Only at the begin: later ones are known by the control group.
      ...(isFirst ? elementsOf(table, { doors: [], connections }) : []),
    ]);
  }

  /** A port that the target has given up may be somebody else's next. */
  async #removeClosed(open: readonly string[]): Promise<void> {
    const closed = this.#doors.filter((element) => !open.includes(element));
    this.#doors = open;
    if (closed.length === 0) return;
    await this.#table.apply(closed.map((each) => `delete ${each}`));
    for (const element of closed) this.#known.delete(element);
  }

  async #addNew(statements: readonly string[]): Promise<void> {
    const added = statements.filter((statement) => !this.#known.has(statement));
    for (let first = 0; first < added.length; first += elementsMax)
      await this.#table.apply(added.slice(first, first + elementsMax).map((each) => `add ${each}`));
    for (const statement of added) this.#known.add(statement);
  }

  async #count(): Promise<void> {
    this.#hits = countersOf(await this.#table.list()).get(hitComment) ?? 0;
  }
}

export function packetTargetOf({ name, target }: NetworkRequest): PacketTarget {
  if (target.type === 'proxy') throw new Error(`${name}: the target is a proxy`);
  return target;
}

/** Throws a UserError when the target is in no namespace, or in several. */
export async function placeOfTarget(request: NetworkRequest): Promise<Place> {
  if (request.target.type === 'host') return undefined;
  const pids = (await packetTargetOf(request).processes()).map(({ pid }) => pid);
  const found = placeOf(pids);
  if (typeof found === 'object') return found.place;
  throw UserError.of(
    'FD662',
    found === 'none'
      ? `target ${request.target.name} has no process whose packets could be found`
      : `the processes of target ${request.target.name} are in several network namespaces`,
  );
}

/** A container has its namespace for itself, unless it uses that of the machine. */
export function ownsNamespace(target: PacketTarget, place: Place): boolean {
  return target.type === 'container' && place !== undefined;
}
