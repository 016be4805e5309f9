// init: the first ten minutes on one's own software. Looks at the target, its metrics and its rules, and writes an
// experiment that check accepts.

import { stat } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { exitCodes } from '../../base/catalogue.ts';
import { systemClock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import {
  askedObjectives,
  type Draft,
  type DraftAlert,
  type DraftFault,
  draftText,
} from '../../experiment/draft/draft.ts';
import { drillObjectives } from '../../experiment/draft/drill-objectives.ts';
import { firstFaults } from '../../experiment/draft/first-faults.ts';
import { type GuardingAlert, guardingAlerts } from '../../experiment/draft/guards.ts';
import { requireMetrics, type Survey } from '../../experiment/draft/survey.ts';
import { readExperiment } from '../../experiment/file/read.ts';
import type { Experiment } from '../../experiment/model.ts';
import type { Plan } from '../../experiment/plan/plan.ts';
import { readRules } from '../../experiment/plan/rules.ts';
import { colorsOf } from '../color.ts';
import { type Dialogue, silentDialogue, terminalDialogue } from '../dialogue.ts';
import { planDrill } from '../drill.ts';
import { observedSuggestions, remoteSuggestions, type Suggested } from '../init-metrics.ts';
import { surveyed, type TargetOptions } from '../init-target.ts';
import { writeText } from '../reports.ts';
import { print, readUserFile, userFiles } from '../surroundings.ts';
import { durationOption } from '../time-option.ts';

export interface InitOptions extends TargetOptions {
  readonly metrics?: string;
  readonly prometheus?: string;
  readonly job?: string;
  readonly rules?: string;
  readonly alertmanager?: string;
  readonly to: string;
  readonly observe: string;
  readonly traffic: boolean;
  readonly yes?: boolean;
  readonly force?: boolean;
}

const requestsPerSecond = 10;
const pauseMsMin = 5000;
/** An alert that needs a longer pause than this to be proven is for another drill. */
const pauseMsMax = 15_000;
/** Between the injection and the breach, from which deadlines count. */
const breachDelayMs = 3000;
/** Of a Prometheus that scrapes seldom, a shorter fault would not be seen. */
const scrapesInPause = 4;
/** A first drill is no outage. */
const pauseMsLongest = 60_000;

export async function init(options: InitOptions): Promise<number> {
  const dialogue = dialogueFor(options);
  try {
    await refuseExisting(options.to, options.force === true);
    const draft = await surveyed(options, dialogue, (survey) => draftFor(survey, options, dialogue));
    await refuseExisting(options.to, options.force === true);
    await writeText(options.to, draftText(draft));
    tellNext(options, draft);
    return exitCodes.pass;
  } finally {
    dialogue.close();
  }
}

function dialogueFor({ yes }: InitOptions): Dialogue {
  if (yes) return silentDialogue;
  if (process.stdin.isTTY && process.stderr.isTTY) return terminalDialogue();
  tell('no terminal: nothing is asked, as with --yes');
  return silentDialogue;
}

async function refuseExisting(file: string, mayReplace: boolean): Promise<void> {
  if (mayReplace || !(await stat(file).catch(() => undefined))) return;
  throw UserError.of('FD908', `${file} is there already`);
}

async function draftFor(survey: Survey, options: InitOptions, dialogue: Dialogue): Promise<Draft> {
  tell(survey.description);
  for (const { port, httpStatus, hasMetrics } of survey.ports)
    tell(
      `  port ${port}: ${httpStatus === undefined ? 'no HTTP' : `HTTP, GET / answers ${httpStatus}`}${hasMetrics ? ', has /metrics' : ''}`,
    );
  const traffic = await trafficFor(survey, options, dialogue);
  const metricsUrl =
    options.prometheus === undefined ? await metricsFor(survey, options, dialogue) : undefined;
  if (metricsUrl === undefined && options.prometheus === undefined && !traffic)
    throw UserError.of(
      'FD907',
      `${survey.name} has no /metrics on a port of its own, and does not answer HTTP`,
    );
  const suggested = await suggestions(survey, options, dialogue, metricsUrl, traffic);
  const objectives = drillObjectives(
    suggested.suggestions,
    suggested.telemetryIntervalMs,
    suggested.isExporter,
  );
  tell(
    objectives.length === 0
      ? 'nothing that the target kept for that long can be promised'
      : `objectives: ${objectives.map(({ name }) => name).join(', ')}`,
  );
  const rules = options.rules ?? ((await dialogue.ask('A rule file with its alerts?')) || undefined);
  const alertmanager =
    options.alertmanager ??
    (rules === undefined
      ? undefined
      : (await dialogue.ask('An alertmanager.yml that routes them?')) || undefined);
  const from = dirname(resolve(options.to));
  const path = (file: string | undefined) => (file === undefined ? undefined : relative(from, resolve(file)));
  return await planned(
    {
      survey,
      telemetry: suggested.telemetry,
      rules: path(rules),
      alertmanager: rules === undefined ? suggested.alertmanagerUrl : path(alertmanager),
      traffic,
      faults: [],
      objectives,
      alerts: [],
      runTimeMs: 15 * 60_000,
    },
    Math.min(pauseMsLongest, Math.max(pauseMsMin, scrapesInPause * suggested.telemetryIntervalMs)),
    options.to,
    dialogue,
  );
}

async function trafficFor(
  { ports }: Survey,
  { traffic }: InitOptions,
  dialogue: Dialogue,
): Promise<Draft['traffic']> {
  const web = ports.find(({ httpStatus }) => httpStatus !== undefined && httpStatus < 500);
  if (!traffic || !web) return undefined;
  const url = `http://127.0.0.1:${web.port}/`;
  if (
    !(await dialogue.confirm(`Send ${requestsPerSecond} GET requests a second to ${url}, now and in drills?`))
  )
    return undefined;
  return { url, perSecond: requestsPerSecond };
}

async function metricsFor(
  { ports }: Survey,
  options: InitOptions,
  dialogue: Dialogue,
): Promise<string | undefined> {
  const own = ports.find(({ hasMetrics }) => hasMetrics);
  const found = own && `http://127.0.0.1:${own.port}/metrics`;
  const url =
    options.metrics ??
    ((await dialogue.ask('Where are its metrics?', found ?? 'none')).replace(/^none$/, '') || undefined);
  if (url !== undefined) await requireMetrics(url, systemClock);
  return url;
}

async function suggestions(
  survey: Survey,
  options: InitOptions,
  dialogue: Dialogue,
  metricsUrl: string | undefined,
  traffic: Draft['traffic'],
): Promise<Suggested> {
  const lengthMs = durationOption('--observe', options.observe);
  if (options.prometheus !== undefined) {
    const choose = (jobs: readonly string[]) => dialogue.choose('Which job is it there?', jobs);
    const watching = { traffic, lengthMs };
    return await remoteSuggestions(options.prometheus, survey, watching, { job: options.job, choose });
  }
  return await observedSuggestions(survey, { metricsUrl, job: options.job, traffic, lengthMs });
}

/** Asks the plan itself: which faults can be used here, which alerts guard what, and how long these take. */
async function planned(bare: Draft, pauseMs: number, file: string, dialogue: Dialogue): Promise<Draft> {
  const port = bare.survey.ports[0]?.port;
  const candidates = firstFaults(port, pauseMs).map((fault): DraftFault => ({ fault, refusal: undefined }));
  const tried: DraftFault[] = [];
  for (const candidate of candidates) {
    const refusal = await refusalOf(
      { ...bare, faults: [candidate], rules: undefined, alertmanager: undefined },
      file,
    );
    tried.push({ ...candidate, refusal });
  }
  // A fault that no objective says anything about proves nothing.
  const isSeen = ({ fault }: DraftFault) => askedObjectives(bare.objectives, fault).length > 0;
  const working = tried.filter(({ refusal }) => refusal === undefined);
  const usable = [...working.filter(isSeen), ...working.filter((each) => !isSeen(each))];
  if (usable.length === 0)
    throw UserError.of('FD600', `none of the first faults can be used here: ${tried[0]!.refusal}`);
  const chosen =
    usable[
      await dialogue.choose(
        'Which fault first? It',
        usable.map(({ fault }) => fault.what),
      )
    ]!;
  const draft = { ...bare, faults: [chosen, ...tried.filter((each) => each !== chosen)] };
  return await withAlerts(draft, file, port);
}

async function refusalOf(draft: Draft, file: string): Promise<string | undefined> {
  try {
    await planOf(draft, file);
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError) || !error.diagnostics.every(({ code }) => /^FD[56]/.test(code)))
      throw error;
    return error.message.replace(/\s+/g, ' ');
  }
}

async function withAlerts(draft: Draft, file: string, port: number | undefined): Promise<Draft> {
  const experiment = await experimentOf(draft, file);
  const isWatched = experiment.telemetry.rules.length > 0 || experiment.telemetry.prometheus !== undefined;
  const { known, recordings } = isWatched
    ? await readRules(experiment, { clock: systemClock, readFile: readUserFile })
    : { known: [], recordings: [] };
  const guarding = guardingAlerts(known, recordings, draft.objectives);
  if (known.length > 0)
    tell(
      `alerts that guard them: ${guarding.map(({ rule }) => rule.name).join(', ') || `none of ${known.length}`}`,
    );
  const asked = new Set(askedObjectives(draft.objectives, draft.faults[0]!.fault));
  const untimed = guarding.map((alert) => untimedAlert(alert));
  const judged = untimed.filter(({ guards }) => guards.some((guard) => asked.has(guard)));
  const plan = await planOf({ ...draft, alerts: judged }, file);
  const timed = judged.map((alert, index) => ({ ...alert, timing: timingOf(plan, index) }));
  const alerts = [...timed, ...untimed.filter((alert) => !judged.includes(alert))];
  const faults = draft.faults.map((each) => longEnough(each, timed, port));
  const last = await planOf({ ...draft, faults, alerts }, file);
  // Room for a machine that is slow, and for a fault that somebody makes a little longer.
  return { ...draft, faults, alerts, runTimeMs: Math.ceil((last.totalMs * 1.5) / 60_000) * 60_000 };
}

function untimedAlert({ rule, labels, guards }: GuardingAlert): DraftAlert {
  return { name: rule.name, labels, guards: guards.map(({ name }) => name), timing: undefined };
}

function timingOf(plan: Plan, index: number): DraftAlert['timing'] {
  const rules = plan.judged.alerts[index]!.rules;
  const firesMs = roundedUp(Math.max(...rules.map((rule) => rule.worstFiringMs)));
  const notifiesMs = roundedUp(Math.max(...rules.map((rule) => rule.worstNotifiedMs)));
  const receivers = [...new Set(rules.flatMap((rule) => rule.routes.map((route) => route.receiver)))];
  const lastMs = receivers.length > 0 ? notifiesMs : firesMs;
  return { firesMs, notifiesMs, receivers, neededMs: lastMs + breachDelayMs };
}

/** With a second for a machine that is busy. */
function roundedUp(ms: number): number {
  return Math.ceil(ms / 1000) * 1000 + 1000;
}

/** A pause that is a little longer where that lets an alert prove itself. */
function longEnough(draft: DraftFault, alerts: readonly DraftAlert[], port: number | undefined): DraftFault {
  const { fault } = draft;
  const needed = alerts.map(({ timing }) => timing!.neededMs).filter((ms) => ms <= pauseMsMax);
  const pauseMs = Math.max(fault.durationMs, ...needed);
  return { ...draft, fault: firstFaults(port, pauseMs).find(({ name }) => name === fault.name)! };
}

async function experimentOf(draft: Draft, file: string): Promise<Experiment> {
  const read = await readExperiment({ file, text: draftText(draft), env: {}, files: userFiles });
  if (!read.ok) throw new UserError(read.diagnostics);
  return read.value;
}

/** Nothing is run: whoever would be told does not matter yet. */
async function planOf(draft: Draft, file: string): Promise<Plan> {
  return await planDrill(await experimentOf(draft, file), {
    notify: 'deliver',
    allowed: ['FD810'],
    runs: '.firedrill/runs',
  });
}

function tellNext({ to }: InitOptions, { alertmanager, faults }: Draft): void {
  const { bold } = colorsOf(process.stdout);
  const how = /^https?:/.test(alertmanager ?? '') ? ' --notify shadow' : '';
  print(
    [
      `${to}: the target ${faults[0]!.fault.what.split(':')[0]}`,
      bold(`  firedrill run ${to}${how} --dry-run`),
      bold(`  firedrill run ${to}${how}`),
    ].join('\n'),
  );
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}
