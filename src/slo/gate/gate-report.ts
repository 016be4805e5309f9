// What a gate of any kind found, in the form that all outputs read.

export type GateVerdict = 'pass' | 'warning' | 'fail' | 'inconclusive';

export interface GateCheck {
  readonly name: string;
  readonly verdict: GateVerdict | 'info';
  readonly value: number | null;
  /** What was asked of the value, in words: `<= 600`, `p(95) < 300`. */
  readonly bounds: readonly string[];
  /** One sentence: why it is not a pass, or what a pass rests on. */
  readonly reason: string;
  /** With its variables filled in. */
  readonly query: string;
  /** Values over the evaluated time, for a small picture; empty when none was asked for. */
  readonly curve: readonly (number | null)[];
  /** Points of a gate that counts them. */
  readonly points?: { readonly given: number; readonly of: number };
  /** Without it the whole gate fails. */
  readonly isKey?: boolean;
}

export interface GateReport {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly verdict: GateVerdict;
  readonly reason: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** As it may be shown. */
  readonly source: string;
  /** Percent of the highest score, and what a pass and a warning need. */
  readonly score?: { readonly percent: number; readonly pass: number; readonly warning: number | null };
  readonly checks: readonly GateCheck[];
}

const worstLast: readonly GateVerdict[] = ['pass', 'warning', 'inconclusive', 'fail'];

/** A proven failure outranks blindness elsewhere; `info` counts for nothing. */
export function worstOf(verdicts: readonly (GateVerdict | 'info')[]): GateVerdict {
  return verdicts.reduce<GateVerdict>(
    (worst, each) => (each !== 'info' && worstLast.indexOf(each) > worstLast.indexOf(worst) ? each : worst),
    'pass',
  );
}
