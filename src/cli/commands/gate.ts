// gate: whether what was measured is good enough to go on, and whether what is left lasts.

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type ExitCode, exitCodes } from '../../base/catalogue.ts';
import { UserError } from '../../base/diagnostics.ts';
import { type Querier, remoteQuerier, storeQuerier } from '../../promql/querier.ts';
import { renderGateText } from '../../report/gate/text.ts';
import { runAnalysis } from '../../slo/gate/argo/run.ts';
import { checkBudgets } from '../../slo/gate/budget-check.ts';
import { type GateCheck, type GateReport, type GateVerdict, worstOf } from '../../slo/gate/gate-report.ts';
import { runThreshold } from '../../slo/gate/k6/run.ts';
import { type HistoryEntry, parseHistory, pastOf, withEvaluation } from '../../slo/gate/keptn/history.ts';
import { runKeptnGate } from '../../slo/gate/keptn/run.ts';
import { checkLimit } from '../../slo/gate/limit-check.ts';
import { checkObjective } from '../../slo/gate/objective-check.ts';
import { type GateFileOptions, type GateFiles, readGateFiles } from '../gate-files.ts';
import { parseGateReport, writeGateReport } from '../gate-reports.ts';
import { openSource, type Source, type SourceOptions } from '../source.ts';
import { print, printJson, terminalOptions, warn } from '../surroundings.ts';
import { durationOption, numberOption, pairsOption, timeOption } from '../time-option.ts';

export interface GateOptions extends SourceOptions, GateFileOptions {
  readonly name?: string;
  readonly from?: string;
  readonly to?: string;
  readonly set?: readonly string[];
  readonly history: string;
  readonly step?: string;
  readonly limit?: readonly string[];
  readonly floor: string;
  readonly needs: string;
  readonly within: string;
  readonly lookback: string;
  readonly beforeDeploy?: boolean;
  readonly minBudget: string;
  readonly report?: readonly string[];
  readonly output: 'text' | 'json';
}

const evaluatedMsDefault = 5 * 60_000;
const thresholdSteps = 120;

export async function gate(options: GateOptions): Promise<number> {
  const reports = (options.report ?? []).map(parseGateReport);
  const files = await readGateFiles(options);
  const source = await openSource(options);
  try {
    const report = await evaluate(options, files, source);
    if (options.output === 'json') printJson(report);
    else print(renderGateText(report, terminalOptions()));
    for (const wanted of reports) await writeGateReport(wanted, report);
    return verdictExitCodes[report.verdict];
  } finally {
    if ('api' in source) await source.api.close();
  }
}

/** A warning is a pass to pipelines, as it was to Keptn's. */
const verdictExitCodes: Readonly<Record<GateVerdict, ExitCode>> = {
  pass: exitCodes.pass,
  warning: exitCodes.pass,
  fail: exitCodes.fail,
  inconclusive: exitCodes.inconclusive,
};

interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

async function evaluate(options: GateOptions, files: GateFiles, source: Source): Promise<GateReport> {
  const toMs = timeOption('--to', options.to, source.endMs) ?? source.endMs;
  const fromMs = timeOption('--from', options.from, toMs) ?? toMs - evaluatedMsDefault;
  if (fromMs >= toMs) throw UserError.of('FD904', '--from is not before --to');
  const querier = 'api' in source ? remoteQuerier(source.api) : storeQuerier(source.store);
  const period = { fromMs, toMs };
  const shown = 'api' in source ? source.api.shownUrl : options.source;
  const scored = files.keptn && (await scoredGate(options, files, querier, period, shown));
  const others = await otherChecks(options, files, querier, period);
  if (scored && others.length === 0) return scored;
  if (!scored && others.length === 0) throw UserError.of('FD764', 'nothing to decide on');
  return combined(options, scored, others, period, shown);
}

/** Keptn's gate, with its history read before and written after. */
async function scoredGate(
  options: GateOptions,
  { keptn, queries }: GateFiles,
  querier: Querier,
  period: Period,
  source: string,
): Promise<GateReport> {
  const name = options.name ?? keptn!.name;
  const history = await readHistory(options.history);
  const { report, evaluation } = await runKeptnGate(
    {
      name,
      slo: keptn!.slo,
      queries,
      variables: Object.fromEntries(pairsOption('--set', options.set)),
      past: pastOf(history, name),
      source,
      ...period,
    },
    querier,
  );
  await writeHistory(options.history, withEvaluation(history, evaluation, { name, ...period }));
  return report;
}

async function otherChecks(
  options: GateOptions,
  files: GateFiles,
  querier: Querier,
  { fromMs, toMs }: Period,
): Promise<GateCheck[]> {
  const checks = await objectiveChecks(options, files, querier, { fromMs, toMs });
  const stepMs =
    options.step === undefined
      ? Math.max(1000, Math.floor((toMs - fromMs) / thresholdSteps))
      : durationOption('--step', options.step);
  for (const threshold of files.thresholds)
    checks.push(await runThreshold(threshold, querier, fromMs, toMs, stepMs));
  for (const template of files.analyses) checks.push(...(await runAnalysis(template, querier, fromMs, toMs)));
  for (const expression of options.limit ?? []) {
    const limit = {
      expression,
      floor: numberOption('--floor', options.floor),
      needs: numberOption('--needs', options.needs),
      withinMs: durationOption('--within', options.within),
    };
    checks.push(await checkLimit(limit, querier, toMs, durationOption('--lookback', options.lookback)));
  }
  return checks;
}

/** Before a deployment it is their budgets at the end of the time, else their indicators over all of it. */
async function objectiveChecks(
  options: GateOptions,
  { objectives }: GateFiles,
  querier: Querier,
  { fromMs, toMs }: Period,
): Promise<GateCheck[]> {
  const checks: GateCheck[] = [];
  const bounds = {
    leastLeft: numberOption('--min-budget', options.minBudget.replace(/%$/, '')) / 100,
    withinMs: durationOption('--within', options.within),
  };
  for (const objective of objectives) {
    if (options.beforeDeploy) checks.push(...(await checkBudgets(objective, querier, toMs, bounds)));
    else if (objective.kind === 'simple') checks.push(await checkObjective(objective, querier, fromMs, toMs));
    else warn(`${objective.id} is composite: only --before-deploy judges it, by its budget`);
  }
  return checks;
}

function combined(
  options: GateOptions,
  scored: GateReport | undefined,
  others: readonly GateCheck[],
  period: Period,
  source: string,
): GateReport {
  const verdict = worstOf([...(scored ? [scored.verdict] : []), ...others.map((check) => check.verdict)]);
  const bad = others.filter((check) => check.verdict === verdict).map(({ name }) => name);
  const reason =
    scored?.verdict === verdict
      ? scored.reason
      : verdict === 'pass'
        ? 'all that was asked is met'
        : bad.join(', ');
  return {
    ...(scored ?? { schemaVersion: 1, name: options.name ?? 'gate' }),
    verdict,
    reason,
    ...period,
    source,
    checks: [...(scored?.checks ?? []), ...others],
  };
}

async function readHistory(file: string): Promise<HistoryEntry[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw UserError.of('FD763', `${file} cannot be read: ${(error as Error).message}`);
  }
  return parseHistory(file, text);
}

/** In one step, so that a gate that is killed leaves the old one whole. */
async function writeHistory(file: string, text: string): Promise<void> {
  const beside = `${file}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(beside, text);
    await rename(beside, file);
  } catch (error) {
    throw UserError.of('FD807', `the history ${file} cannot be written: ${(error as Error).message}`);
  }
}
