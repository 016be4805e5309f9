// What all outputs of a gate say alike.

import type { GateCheck, GateReport, GateVerdict } from '../../slo/gate/gate-report.ts';

export const verdictMarks: Readonly<Record<GateVerdict | 'info', string>> = {
  pass: '✅',
  warning: '⚠️',
  fail: '❌',
  inconclusive: '❔',
  info: '▫️',
};

export function valueText(value: number | null): string {
  return value === null ? '–' : String(Number(value.toPrecision(6)));
}

/** One of them is enough. */
export function boundsText({ bounds }: GateCheck): string {
  return bounds.join(' or ');
}

export function pointsText({ points }: GateCheck): string {
  return points ? `${points.given}/${points.of}` : '';
}

export function nameText({ name, isKey }: GateCheck): string {
  return isKey ? `${name} (key)` : name;
}

export function periodText({ fromMs, toMs }: GateReport): string {
  const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');
  return `${iso(fromMs)} to ${iso(toMs)}`;
}

const badness: Readonly<Record<GateVerdict | 'info', number>> = {
  fail: 0,
  inconclusive: 1,
  warning: 2,
  info: 3,
  pass: 4,
};

/** For small pictures: those that cost most first; nothing of what passed, only informs or has no values. */
export function worstChecks(checks: readonly GateCheck[], count: number): GateCheck[] {
  const lost = ({ points }: GateCheck) => (points ? points.of - points.given : 0);
  return checks
    .filter(({ verdict }) => verdict !== 'pass' && verdict !== 'info')
    .filter(({ curve }) => curve.filter((value) => value !== null).length > 1)
    .sort((a, b) => badness[a.verdict] - badness[b.verdict] || lost(b) - lost(a))
    .slice(0, count);
}
