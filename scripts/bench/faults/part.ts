// What a part of `npm run bench:faults` is. One file a part; scripts/bench-faults.ts lists them.

export interface BenchPart {
  /** Its name on the command line. */
  readonly name: string;
  /** What it measures, in a sentence. */
  readonly about: string;
  /** Prints rows as they come; false when something that was asked for was not held. */
  run(): Promise<boolean>;
}

/** The value below which this share of them lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** A line of columns; the first is left-aligned. */
export function row(first: string, ...columns: readonly string[]): string {
  return `${first.padEnd(34)}${columns.map((column) => column.padStart(13)).join('')}`;
}
