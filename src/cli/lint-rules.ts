// What `check` says of rule files beyond their syntax, with what it was told of scraping, routing and a source.

import type { AlertmanagerConfig } from '../alertmanager/config/model.ts';
import { readAlertmanagerConfig } from '../alertmanager/config/read.ts';
import { buildRoute } from '../alertmanager/dispatch/route.ts';
import type { MatcherMode } from '../alertmanager/matcher/parse.ts';
import { droppedRouteLabelLint, unroutedLint } from '../alertmanager/routes/unrouted.ts';
import { type Diagnostic, UserError } from '../base/diagnostics.ts';
import { parseDuration } from '../base/duration.ts';
import type { LabelRecord } from '../base/labels.ts';
import { readExperiment } from '../experiment/file/read.ts';
import type { Experiment } from '../experiment/model.ts';
import type { Features } from '../promql/features.ts';
import { readRuleFile } from '../rules/file.ts';
import { type KnownSeries, seriesOfRemote, seriesOfStore } from '../rules/lint/known-series.ts';
import { lintRuleFile, ruleLints } from '../rules/lint/lint.ts';
import type { RuleFile } from '../rules/model.ts';
import type { mixedFeatures } from './features.ts';
import { openSource, type SourceOptions } from './source.ts';
import { readUserFile, userFiles } from './surroundings.ts';

export interface RuleLinting {
  /** Undefined: the experiment's, or the default. */
  readonly scrapeIntervalMs: number | undefined;
  readonly alertmanager: AlertmanagerConfig | undefined;
  readonly series: KnownSeries | undefined;
  /** Of PromQL. */
  readonly features: Features;
}

interface ReadRules {
  readonly file: RuleFile;
  readonly text: string;
}

export interface RuleLintOptions extends Partial<SourceOptions> {
  readonly alertmanager?: string;
  readonly scrapeInterval?: string;
}

/** With what the lint is told by the command line. Rejects with a UserError. */
export async function withRuleLinting<T>(
  options: RuleLintOptions,
  { features, mode }: ReturnType<typeof mixedFeatures>,
  body: (linting: RuleLinting) => Promise<T>,
): Promise<T> {
  const alertmanager =
    options.alertmanager === undefined ? undefined : await readRouting(options.alertmanager, mode);
  const { source, runs = '' } = options;
  const given = { scrapeIntervalMs: intervalOf(options.scrapeInterval), alertmanager, features };
  if (source === undefined) return body({ ...given, series: undefined });
  const opened = await openSource({ ...options, source, runs });
  if (!('api' in opened)) return body({ ...given, series: seriesOfStore(opened.store) });
  try {
    const series = await seriesOfRemote(opened.api, opened.endMs);
    return await body({ ...given, series });
  } finally {
    await opened.api.close();
  }
}

function intervalOf(text: string | undefined): number | undefined {
  const ms = text === undefined ? undefined : parseDuration(text);
  if (text !== undefined && (ms === undefined || ms <= 0))
    throw UserError.of('FD112', `--scrape-interval: ${JSON.stringify(text)} is not a duration`, {
      expected: 'a duration such as 15s',
    });
  return ms;
}

/** Findings by file, of rule files that are loaded together. */
export async function lintRules(
  paths: readonly string[],
  linting: RuleLinting,
  externalLabels?: LabelRecord,
): Promise<Map<string, Diagnostic[]>> {
  const read: ReadRules[] = [];
  for (const path of new Set(paths)) {
    const text = await readUserFile(path);
    const file = readRuleFile(path, text, { features: linting.features });
    if (file.ok) read.push({ file: file.value, text });
  }
  const { scrapeIntervalMs, series, alertmanager } = linting;
  const context = { scrapeIntervalMs, series, externalLabels, files: read.map(({ file }) => file) };
  const root = alertmanager && buildRoute(alertmanager.route);
  const lints = root ? [...ruleLints, droppedRouteLabelLint(root), unroutedLint(root)] : ruleLints;
  const found = new Map<string, Diagnostic[]>();
  for (const { file, text } of read) found.set(file.file, await lintRuleFile(file, text, context, lints));
  return found;
}

/** Of the rule files that a valid experiment names, with its scraping and its Alertmanager. */
export async function lintExperiment(
  path: string,
  linting: RuleLinting,
  mode: MatcherMode,
): Promise<Diagnostic[]> {
  const text = await readUserFile(path);
  const read = await readExperiment({ file: path, text, env: process.env, files: userFiles });
  if (!read.ok) return [];
  const experiment = read.value;
  const { alertmanager, externalLabels, rules } = experiment.telemetry;
  const found = await lintRules(
    rules,
    {
      ...linting,
      features: new Set(experiment.telemetry.features),
      scrapeIntervalMs: linting.scrapeIntervalMs ?? shortestScrapeMs(experiment),
      alertmanager:
        linting.alertmanager ??
        (alertmanager && 'file' in alertmanager ? await readRouting(alertmanager.file, mode) : undefined),
    },
    externalLabels,
  );
  return [...found.values()].flat();
}

function shortestScrapeMs({ telemetry }: Experiment): number | undefined {
  if (telemetry.scrape.length === 0) return telemetry.prometheus?.intervalMs;
  return Math.min(...telemetry.scrape.map(({ intervalMs }) => intervalMs));
}

async function readRouting(file: string, mode: MatcherMode): Promise<AlertmanagerConfig> {
  const read = readAlertmanagerConfig(file, await readUserFile(file), mode);
  if (!read.ok) throw new UserError(read.diagnostics);
  return read.value;
}
