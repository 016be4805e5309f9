// A Keptn gate from its files to what it found: asks for each indicator at the end of the evaluated time.

import type { Querier } from '../../../promql/querier.ts';
import { curveOf, measureAt } from '../ask.ts';
import type { GateCheck, GateReport, GateVerdict } from '../gate-report.ts';
import {
  type CriterionResult,
  evaluateGate,
  type GateEvaluation,
  type Measured,
  type ObjectiveResult,
  type PastEvaluation,
} from './evaluate.ts';
import { fillQuery } from './sli-file.ts';
import type { KeptnSlo } from './slo-file.ts';

export interface KeptnGate {
  readonly name: string;
  readonly slo: KeptnSlo;
  /** Query by name of the indicator. */
  readonly queries: ReadonlyMap<string, string>;
  /** Beside those of the filter: what $PROJECT, $STAGE, ... stand for. */
  readonly variables: Readonly<Record<string, string>>;
  readonly fromMs: number;
  readonly toMs: number;
  /** Newest first. */
  readonly past: readonly PastEvaluation[];
  readonly source: string;
}

const curveSteps = 40;
const curvesMax = 3;

export async function runKeptnGate(
  gate: KeptnGate,
  querier: Querier,
): Promise<{ readonly report: GateReport; readonly evaluation: GateEvaluation }> {
  const measured = new Map<string, Measured>();
  for (const { sli } of gate.slo.objectives)
    if (!measured.has(sli)) measured.set(sli, await measureIndicator(gate, sli, querier));
  const evaluation = evaluateGate(gate.slo, measured, gate.past);
  const checks = evaluation.objectives.map(checkOf);
  const worst = checks
    .filter(({ verdict, query }) => verdict !== 'pass' && verdict !== 'info' && query !== '')
    .slice(0, curvesMax);
  const drawn = await Promise.all(
    checks.map(async (check) => {
      if (!worst.includes(check)) return check;
      return {
        ...check,
        curve: (await curveOf(querier, check.query, gate.fromMs, gate.toMs, curveSteps)) ?? [],
      };
    }),
  );
  const { pass, warning } = gate.slo.totalScore;
  const report: GateReport = {
    schemaVersion: 1,
    name: gate.name,
    verdict: evaluation.result,
    reason: reasonOf(evaluation, pass),
    fromMs: gate.fromMs,
    toMs: gate.toMs,
    source: gate.source,
    score: { percent: evaluation.score, pass, warning: warning ?? null },
    checks: drawn,
  };
  return { report, evaluation };
}

async function measureIndicator(gate: KeptnGate, sli: string, querier: Querier): Promise<Measured> {
  const template = gate.queries.get(sli);
  if (template === undefined) return { missing: 'no query is given for it' };
  const { query, unknown } = fillQuery(
    template,
    { ...gate.slo.filter, ...gate.variables },
    gate.toMs - gate.fromMs,
  );
  if (unknown.length > 0) return { missing: `${unknown.join(', ')} in its query has no value`, query };
  return await measureAt(querier, query, gate.toMs);
}

const verdicts: Readonly<Record<ObjectiveResult['status'], GateVerdict | 'info'>> = {
  pass: 'pass',
  warning: 'warning',
  fail: 'fail',
  info: 'info',
  'no-data': 'inconclusive',
};

function checkOf(result: ObjectiveResult): GateCheck {
  const { sli, displayName, status, measured, pass, weight, score, keySli } = result;
  return {
    name: displayName ?? sli,
    verdict: verdicts[status],
    value: 'value' in measured ? measured.value : null,
    bounds: pass.map((set) => set.map(({ criterion }) => criterion).join(' and ')),
    reason: wordsOf(result),
    query: measured.query ?? '',
    curve: [],
    ...(pass.length > 0 && { points: { given: score, of: weight } }),
    ...(keySli && { isKey: true }),
  };
}

/** Every lost point has its reason, every pass what it rests on. */
function wordsOf({ status, measured, pass, warning }: ObjectiveResult): string {
  if ('missing' in measured) return measured.missing;
  const missed = violatedIn(pass);
  const empty = pass.flat().some(({ target }) => target === undefined);
  switch (status) {
    case 'pass':
      return empty ? 'nothing earlier to compare with, which meets a relative criterion' : '';
    case 'warning':
      return `${missed}; within its warning`;
    case 'fail':
      return warning.length > 0 ? `${missed}; warning: ${violatedIn(warning)}` : missed;
    default:
      return 'only informs';
  }
}

function violatedIn(sets: readonly (readonly CriterionResult[])[]): string {
  const words = sets.map((set) =>
    set
      .filter(({ violated }) => violated)
      .map(criterionWords)
      .join(' and '),
  );
  return words.join(', nor ');
}

function criterionWords({ criterion, target, earlier }: CriterionResult): string {
  const text = `not ${criterion}`;
  if (earlier === undefined || target === undefined) return text;
  return `${text} (${shown(target)}, after ${shown(earlier)} before)`;
}

function shown(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function reasonOf({ result, score, failedKeys, objectives, maximum }: GateEvaluation, pass: number): string {
  const missing = objectives.filter(({ status }) => status === 'no-data');
  if (result === 'inconclusive') {
    const names = missing.map(({ sli }) => sli).join(', ');
    if (maximum === 0) return `no data for ${names}`;
    const lost = missing.reduce((sum, { pass, weight }) => sum + (pass.length > 0 ? weight : 0), 0);
    const best = score + (100 * lost) / maximum;
    return `no data for ${names}: the score is between ${shown(score)} % and ${shown(best)} %, and a pass needs ${pass} %`;
  }
  if (failedKeys.length > 0) return `the key indicator ${failedKeys.join(', ')} failed`;
  if (maximum === 0) return 'no objective has criteria';
  return `score ${shown(score)} % of the ${pass} % that a pass needs`;
}
