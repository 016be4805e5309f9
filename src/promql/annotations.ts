// Warnings and infos that a query collects beside its result. One text is kept once, at the first place that raised it.

import { formatPosition } from './position.ts';

interface Note {
  /** Where in the expression, as an offset; rendered as line and column. */
  readonly start: number;
  readonly text: string;
}

/** What histogram_quantile had to change, merged over steps and series. */
export interface MonotonicityFix {
  minBucket: number;
  maxBucket: number;
  maxDiff: number;
  count: number;
  firstMs: number;
  lastMs: number;
}

/** Distinct texts that a query may collect of each kind: many metrics raise one each. */
const notesMax = 1000;

export class Annotations {
  readonly #warnings = new Map<string, Note>();
  readonly #infos = new Map<string, Note>();
  readonly #overlaps = new Map<string, { start: number; count: number }>();
  readonly #fixes = new Map<string, { start: number; fix: MonotonicityFix }>();

  warn(text: string, start: number): void {
    add(this.#warnings, `PromQL warning: ${text}`, start);
  }

  info(text: string, start: number): void {
    add(this.#infos, `PromQL info: ${text}`, start);
  }

  /** The info that classic buckets were not cumulative; `text` is without the figures. */
  fixedMonotonicity(text: string, start: number, fix: MonotonicityFix): void {
    const known = this.#fixes.get(text);
    if (!known) {
      if (this.#fixes.size < notesMax) this.#fixes.set(text, { start, fix: { ...fix } });
      return;
    }
    known.fix = mergeFixes(known.fix, fix);
  }

  /** The warning that a sample's start lies before the sample ahead of it; counted, as it comes once a step. */
  startOverlap(metric: string, start: number): void {
    const known = this.#overlaps.get(metric);
    if (known) known.count++;
    else if (this.#overlaps.size < notesMax) this.#overlaps.set(metric, { start, count: 1 });
  }

  /** Texts with their places; `source` is the expression's text, where the caller has it. */
  render(
    source: string | undefined,
    format: (fix: MonotonicityFix) => string,
  ): { warnings: string[]; infos: string[] } {
    const place = ({ start }: { start: number }) =>
      `(${source === undefined ? `1:${start + 1}` : formatPosition(source, start)})`;
    const fixes = [...this.#fixes].map(
      ([text, note]) => `PromQL info: ${text}, ${format(note.fix)} ${place(note)}`,
    );
    const overlaps = [...this.#overlaps].map(([metric, note]) => {
      const text = 'PromQL warning: sample has start time that overlaps with previous sample timestamp';
      const occurrences = note.count > 1 ? ` (${note.count} occurrences)` : '';
      return `${text} for metric ${metric}${occurrences} ${place(note)}`;
    });
    return {
      warnings: [...[...this.#warnings.values()].map((note) => `${note.text} ${place(note)}`), ...overlaps],
      infos: [...[...this.#infos.values()].map((note) => `${note.text} ${place(note)}`), ...fixes],
    };
  }
}

function add(notes: Map<string, Note>, text: string, start: number): void {
  if (!notes.has(text) && notes.size < notesMax) notes.set(text, { start, text });
}

function mergeFixes(a: MonotonicityFix, b: MonotonicityFix): MonotonicityFix {
  return {
    minBucket: Math.min(a.minBucket, b.minBucket),
    maxBucket: Math.max(a.maxBucket, b.maxBucket),
    maxDiff: Math.max(a.maxDiff, b.maxDiff),
    count: a.count + b.count,
    firstMs: Math.min(a.firstMs, b.firstMs),
    lastMs: Math.max(a.lastMs, b.lastMs),
  };
}
