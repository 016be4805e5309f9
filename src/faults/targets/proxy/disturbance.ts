// One disturbance on all connections of a proxy, and its removal.

import type { Random } from '../../../base/random.ts';
import { Line } from '../../toxics/line.ts';
import type { Disturbance } from '../target.ts';
import type { Flow } from './flow.ts';
import { bandwidthHold, delayHold, partitionHold, type Tally } from './holds.ts';
import type { Link } from './link.ts';
import type { Hold, Stage } from './stage.ts';

type Side = 'to' | 'from';

export class DisturbanceOnLinks {
  readonly #what: Disturbance;
  readonly #random: Random;
  readonly #lines: Record<Side, Line>;
  readonly #tally: Tally = { hits: 0 };
  readonly #stages = new Map<Link, { readonly flow: Flow; readonly stage: Stage }[]>();
  #heal: () => void = () => {};
  /** Resolves at the removal, for connections that a partition keeps from being made. */
  readonly healed = new Promise<void>((resolve) => {
    this.#heal = resolve;
  });

  constructor(what: Disturbance, random: Random) {
    this.#what = what;
    this.#random = random;
    const speed = what.type === 'bandwidth' ? what.bytesPerSecond : Number.POSITIVE_INFINITY;
    this.#lines = { to: new Line(speed), from: new Line(speed) };
  }

  get hits(): number {
    return this.#tally.hits;
  }

  get isPartition(): boolean {
    return this.#what.type === 'partition';
  }

  countConnection(): void {
    this.#tally.hits++;
  }

  addTo(link: Link): void {
    // A connection that a partition keeps from being made has no flows yet; it gets its stages when it has.
    if (!link.flows) return;
    const { direction } = this.#what;
    const sides = direction === 'both' ? (['to', 'from'] as const) : [direction];
    const flows = link.flows;
    this.#stages.set(
      link,
      sides.map((side) => ({ flow: flows[side], stage: flows[side].add(this.#hold(side)) })),
    );
  }

  /** The connection is closed. */
  forget(link: Link): void {
    this.#stages.delete(link);
  }

  heal(): void {
    this.#heal();
  }

  remove(): void {
    this.heal();
    for (const { flow, stage } of [...this.#stages.values()].flat()) flow.remove(stage);
    this.#stages.clear();
  }

  #hold(side: Side): Hold {
    switch (this.#what.type) {
      case 'delay':
        return delayHold(this.#what.latencyMs, this.#what.jitterMs, this.#random, this.#tally);
      case 'bandwidth':
        return bandwidthHold(this.#lines[side], this.#tally);
      case 'partition':
        return partitionHold(this.#tally);
    }
  }
}
