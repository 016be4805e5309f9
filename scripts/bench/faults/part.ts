// What a part of `npm run bench:faults` is. One file a part; scripts/bench-faults.ts lists them.

export interface BenchPart {
  /** Its name on the command line. */
  readonly name: string;
  /** What it measures, in a sentence. */
  readonly about: string;
  run(report: Report): Promise<void>;
}

/** What was asked for, in one figure. */
export interface Goal {
  readonly name: string;
  readonly measured: number;
  readonly bound: number;
  readonly unit: string;
  /** Whether the figure must be `at most` or `at least` the bound. */
  readonly wanted: 'at most' | 'at least';
}

export interface ReportedGoal extends Goal {
  readonly part: string;
  /** Measured by bound. */
  readonly ratio: number;
  readonly met: boolean;
}

export interface Row {
  readonly table: string;
  readonly name: string;
  readonly values: Readonly<Record<string, string | number>>;
}

/** Tables of figures, and whether the goals were met. */
export class Report {
  readonly rows: (Row & { readonly part: string })[] = [];
  readonly notes: string[] = [];
  readonly goals: ReportedGoal[] = [];
  readonly #say: (line: string) => void;
  #part = '';
  #table = '';
  #columns: readonly string[] = [];

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  begin({ name, about }: BenchPart): void {
    this.#part = name;
    this.#say(`\n${name}: ${about}`);
  }

  /** What the next rows are about. */
  table(title: string, ...columns: readonly string[]): void {
    this.#table = title;
    this.#columns = columns;
    this.#say(line(title, columns));
  }

  row(name: string, ...values: readonly (string | number)[]): void {
    const named = Object.fromEntries(values.map((value, i) => [this.#columns[i]!, value]));
    this.rows.push({ part: this.#part, table: this.#table, name, values: named });
    this.#say(line(`  ${name}`, values.map(shown)));
  }

  note(text: string): void {
    this.notes.push(`${this.#part}: ${text}`);
    this.#say(`  ${text}`);
  }

  goal(goal: Goal): void {
    const { measured, bound, wanted } = goal;
    const met = wanted === 'at most' ? measured <= bound : measured >= bound;
    // A bound of nothing is met by nothing only.
    const ratio = measured === bound ? 1 : measured / bound;
    this.goals.push({ part: this.#part, ...goal, ratio, met });
  }

  summary(): void {
    this.#say('\ngoals');
    for (const { part, name, measured, wanted, bound, unit, ratio, met } of this.goals) {
      const figures = `${shown(measured)} ${unit}, ${wanted} ${shown(bound)} ${unit} (${ratio.toFixed(2)})`;
      this.#say(`  ${met ? 'met   ' : 'MISSED'} ${`${part}: ${name}`.padEnd(58)} ${figures}`);
    }
  }
}

/** The value below which this share of them lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function shown(value: string | number): string {
  if (typeof value === 'string') return value;
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 10 ? 1 : 3);
}

function line(first: string, columns: readonly string[]): string {
  return `${first.padEnd(38)}${columns.map((column) => column.padStart(14)).join('')}`;
}
