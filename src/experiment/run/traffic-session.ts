// The load of a run: our own requests, counted as they end, or the team's programs, under a lease that ends them when
// we die.

import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { LeaseHandle, Leases } from '../../faults/leases/leases.ts';
import { markVariable } from '../../faults/targets/process/family.ts';
import type { Experiment, TrafficSpec } from '../model.ts';
import { commandTraffic } from '../traffic/command.ts';
import { httpTraffic, type RequestOutcome, type Traffic } from '../traffic/http.ts';
import type { RunFolder } from './folder.ts';
import type { TimelineLog } from './timeline-log.ts';

export interface TrafficOptions {
  readonly experiment: Experiment;
  readonly folder: RunFolder;
  readonly leases: Leases;
  readonly clock: Clock;
  readonly timeline: TimelineLog;
  readonly lifeMsMax: number;
  onOutcome(traffic: TrafficSpec, outcome: RequestOutcome): void;
}

export class TrafficSession {
  readonly #options: TrafficOptions;
  readonly #traffic: readonly Traffic[];
  #lease: LeaseHandle | undefined;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#traffic = options.experiment.traffic.map((spec) => this.#build(spec));
  }

  async start(): Promise<void> {
    const { experiment, leases, lifeMsMax } = this.#options;
    if (experiment.traffic.some((spec) => spec.type === 'command')) {
      const undo = [{ type: 'end-marked', mark: this.#mark }] as const;
      this.#lease = await leases.open({ fault: 'traffic', target: 'traffic', undo, expiresInMs: lifeMsMax });
    }
    for (const traffic of this.#traffic) traffic.start();
  }

  /** `hurry`: programs get no time to end by themselves any more. */
  async stop(hurry: AbortSignal): Promise<void> {
    await Promise.all(this.#traffic.map((traffic) => traffic.stop(hurry)));
    await this.#lease?.settle('undone', 'the run ended it');
  }

  get #mark(): string {
    return `${this.#options.folder.id}.traffic`;
  }

  #build(spec: TrafficSpec): Traffic {
    const { experiment, folder, clock, timeline, onOutcome } = this.#options;
    if (spec.type === 'http') return httpTraffic(spec, clock, (outcome) => onOutcome(spec, outcome));
    return commandTraffic(spec, {
      folder: experiment.folder,
      logFile: join(folder.logs, `traffic-${spec.name}.log`),
      env: { [markVariable]: this.#mark },
      onEnd: (how) => timeline.emit('warning', { message: `traffic ${spec.name} ended by itself: ${how}` }),
    });
  }
}
