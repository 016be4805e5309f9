// The parameter `stats`: how long the parts of a query took, and how many samples it went through.

import type { SampleCounts } from '../../promql/engine.ts';

/** Of one query, from when it is asked on. */
export class Statistics {
  readonly #wanted: string;
  readonly #now: () => number;
  readonly #askedMs: number;
  #begunMs = 0;

  constructor(parameters: URLSearchParams, source: { now(): number }) {
    this.#wanted = parameters.get('stats') ?? '';
    this.#now = () => source.now();
    this.#askedMs = source.now();
  }

  /** For a value of the parameter that Prometheus will refuse one day. */
  get warnings(): readonly string[] {
    if (['', 'true', 'all'].includes(this.#wanted)) return [];
    const value = JSON.stringify(this.#wanted);
    return [
      `value ${value} for parameter "stats" is deprecated and will be rejected in the next major release, use "true" or "all"`,
    ];
  }

  /** Its turn has come. */
  begin(): void {
    this.#begunMs = this.#now();
  }

  /** It was evaluated. As JSON, under Prometheus's names; what it times apart, and is one here, is 0. */
  end({ read, peak }: SampleCounts): string | undefined {
    if (this.#wanted === '') return undefined;
    const endMs = this.#now();
    const evaluated = (endMs - this.#begunMs) / 1000;
    return JSON.stringify({
      timings: {
        evalTotalTime: evaluated,
        resultSortTime: 0,
        queryPreparationTime: 0,
        innerEvalTime: evaluated,
        execQueueTime: (this.#begunMs - this.#askedMs) / 1000,
        execTotalTime: (endMs - this.#askedMs) / 1000,
      },
      samples: { totalQueryableSamples: read, peakSamples: peak },
    });
  }
}

/** The data of an answer with its statistics. */
export function withStatistics(data: Buffer, statistics: string | undefined): Buffer {
  if (statistics === undefined) return data;
  return Buffer.concat([data.subarray(0, -1), Buffer.from(`,"stats":${statistics}}`)]);
}
