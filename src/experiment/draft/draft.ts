// The first experiment on somebody's software, as a file with comments. What is known of the target goes in; what is
// not is a hypothesis that a person should read, and says so.

import { formatDuration, humanDuration } from '../../base/duration.ts';
import { type DrillObjective, expectationOf } from './drill-objectives.ts';
import type { FirstFault } from './first-faults.ts';
import type { Survey } from './survey.ts';

export interface Draft {
  readonly survey: Survey;
  readonly telemetry: DraftTelemetry;
  /** Relative to the folder of the file. */
  readonly rules: string | undefined;
  /** A file, or the address of the one that the Prometheus notifies. */
  readonly alertmanager: string | undefined;
  readonly traffic: { readonly url: string; readonly perSecond: number } | undefined;
  /** The first is active; the others are there as comments. */
  readonly faults: readonly DraftFault[];
  readonly objectives: readonly DrillObjective[];
  readonly alerts: readonly DraftAlert[];
  readonly runTimeMs: number;
}

export type DraftTelemetry =
  | { readonly type: 'none' }
  | {
      readonly type: 'scrape';
      readonly job: string;
      readonly url: string;
      readonly intervalMs: number;
    }
  | { readonly type: 'prometheus'; readonly job: string; readonly url: string; readonly intervalMs: number };

export interface DraftFault {
  readonly fault: FirstFault;
  /** Why it cannot be used here; undefined when it can. */
  readonly refusal: string | undefined;
}

export interface DraftAlert {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Names of objectives of the file. */
  readonly guards: readonly string[];
  /** Undefined before the plan has told how long the rule takes. */
  readonly timing:
    | {
        readonly firesMs: number;
        readonly notifiesMs: number;
        readonly receivers: readonly string[];
        /** What the fault must last to prove it. */
        readonly neededMs: number;
      }
    | undefined;
}

const indent = '    ';
const recoverMs = 30_000;
/** While the plan is asked how long a rule takes, any deadline will do. */
const unknownDeadline = '1h';

export function draftText(draft: Draft): string {
  const { survey, faults } = draft;
  const [first] = faults;
  const name = `${survey.name.toLowerCase()}-first-drill`;
  return [
    '# A first drill, written by `firedrill init`. Read it before you run it:',
    '#   firedrill check THIS_FILE && firedrill run THIS_FILE --dry-run',
    'apiVersion: firedrill.dev/v1',
    'kind: Experiment',
    `metadata: { name: ${quoted(name)} }`,
    'spec:',
    `  title: ${quoted(`${survey.name} ${first!.fault.what.split(':')[0]}, and is well again within ${humanDuration(recoverMs)}`)}`,
    ...targetLines(draft),
    ...trafficLines(draft),
    ...telemetryLines(draft),
    ...faultLines(faults),
    '  # `auto`: the baseline is as long as what is asked looks back, the recovery as long as it may take.',
    '  phases: { baseline: auto, recovery: auto }',
    ...objectiveLines(draft, first!.fault),
    ...alertLines(draft, first!.fault),
    ...collateralLines(draft),
    ...stopLines(draft, first!.fault),
    '  # A plan that would take longer is refused.',
    `  limits: { runTime: ${formatDuration(draft.runTimeMs)} }`,
    '',
  ].join('\n');
}

function targetLines({ survey, telemetry }: Draft): string[] {
  const { target } = survey;
  const labels =
    telemetry.type !== 'none' && telemetry.job !== ''
      ? [`    labels: { job: ${quoted(telemetry.job)} }`]
      : [];
  const process =
    target.type === 'command'
      ? `{ command: [${target.command.map(quoted).join(', ')}]${readyOf(survey)} }`
      : `{ ${target.type}: ${target.type === 'port' ? target.port : target.pid} }`;
  return [
    '  # What may be broken.',
    `  # ${target.type === 'command' ? 'Firedrill starts it, and ends it after the run.' : `Now it is ${survey.description}.`}`,
    '  target:',
    `    process: ${process}`,
    ...labels,
  ];
}

function readyOf({ ports }: Survey): string {
  const [port] = ports;
  if (!port) return '';
  const address =
    port.httpStatus !== undefined && port.httpStatus < 400
      ? `http: "http://127.0.0.1:${port.port}/"`
      : `tcp: "127.0.0.1:${port.port}"`;
  return `, ready: { ${address} }`;
}

function trafficLines({ traffic }: Draft): string[] {
  if (!traffic) return [];
  return [
    '  # Requests of our own, counted as firedrill_requests_total: what a user would notice.',
    '  traffic:',
    `    - { http: { url: ${quoted(traffic.url)}, timeout: 1s }, rate: ${traffic.perSecond}/s }`,
  ];
}

function telemetryLines({ telemetry, rules, alertmanager }: Draft): string[] {
  const source = sourceLines(telemetry);
  const files = [
    ...(rules === undefined ? [] : [`    rules: [${quoted(rules)}]`]),
    ...alertmanagerLines(alertmanager),
  ];
  if (source.length + files.length === 0) return [];
  return ['  # How it is watched.', '  telemetry:', ...source, ...files];
}

function alertmanagerLines(alertmanager: string | undefined): string[] {
  if (alertmanager === undefined) return [];
  if (/^https?:/.test(alertmanager))
    return [
      '    # It calls real people: `--notify shadow` holds it with a silence of the drill, `--notify deliver` lets it ring.',
      `    alertmanager: { url: ${quoted(alertmanager)} }`,
    ];
  return [
    '    # Routed by this file; every notification is captured, and nobody is called.',
    `    alertmanager: ${quoted(alertmanager)}`,
  ];
}

function sourceLines(telemetry: DraftTelemetry): string[] {
  if (telemetry.type === 'none') return [];
  const interval = `interval: ${formatDuration(telemetry.intervalMs)}`;
  if (telemetry.type === 'prometheus')
    return [`    prometheus: { url: ${quoted(telemetry.url)}, ${interval} }`];
  const url = new URL(telemetry.url);
  const more = [
    ...(url.pathname === '/metrics' ? [] : [`metrics_path: ${quoted(url.pathname)}`]),
    ...(url.protocol === 'http:' ? [] : ['scheme: https']),
    ...(url.search === '' ? [] : [`params: ${paramsOf(url)}`]),
  ];
  const fields = [`job: ${quoted(telemetry.job)}`, `targets: [${quoted(hostOf(url))}]`, interval, ...more];
  return ['    scrape:', `      - { ${fields.join(', ')} }`];
}

function hostOf(url: URL): string {
  return url.port === '' ? `${url.host}:${url.protocol === 'https:' ? 443 : 80}` : url.host;
}

function paramsOf(url: URL): string {
  const names = [...new Set(url.searchParams.keys())];
  const lists = names.map(
    (name) => `${quoted(name)}: [${url.searchParams.getAll(name).map(quoted).join(', ')}]`,
  );
  return `{ ${lists.join(', ')} }`;
}

function faultLines(faults: readonly DraftFault[]): string[] {
  const lines = [
    '  # What is broken. Each ends by itself, and is taken back if the drill dies.',
    '  faults:',
  ];
  for (const [index, { fault, refusal }] of faults.entries()) {
    const { kind, spec, what } = fault;
    const own = [`- kind: ${kind}`, `  spec: ${flow(spec)}`];
    if (index === 0) lines.push(`${indent}# It ${what}.`, ...own.map((line) => `${indent}${line}`));
    else {
      const why = refusal === undefined ? '' : ` Not on this machine: ${refusal}.`;
      lines.push(`${indent}# Another time: it ${what}.${why}`, ...own.map((line) => `${indent}# ${line}`));
    }
  }
  return lines;
}

function objectiveLines({ objectives }: Draft, fault: FirstFault): string[] {
  if (objectives.length === 0) return [];
  const isAsked = askedObjectives(objectives, fault).length > 0;
  const lines = [
    '  # What the fault is expected to do: `held` where it must not be noticed, `breached` where it must.',
    isAsked ? '  objectives:' : '  # objectives:',
  ];
  for (const objective of objectives) {
    const { name, promql, about } = objective;
    const expectation = expectationOf(objective, fault.name);
    const own = [`- name: ${quoted(name)}`, `  promql: ${quoted(promql)}`];
    if (expectation.expect === 'silent') {
      lines.push(
        `${indent}# ${about}. Not asked: ${expectation.why}.`,
        ...own.map((line) => `${indent}# ${line}`),
      );
      continue;
    }
    if (objective.minEvents !== undefined) own.push(`  minEvents: ${objective.minEvents}`);
    own.push(
      `  expect: ${expectation.expect}`,
      `  recovers: { within: ${formatDuration(recoverMs)}, stable: 3s }`,
    );
    lines.push(`${indent}# ${about}`, ...own.map((line) => `${indent}${line}`));
  }
  return lines;
}

/** Names of those that the active fault says something about. */
export function askedObjectives(objectives: readonly DrillObjective[], fault: FirstFault): string[] {
  return objectives
    .filter((objective) => expectationOf(objective, fault.name).expect !== 'silent')
    .map(({ name }) => name);
}

function alertLines({ alerts, objectives }: Draft, fault: FirstFault): string[] {
  const asked = new Set(askedObjectives(objectives, fault));
  const lines = alerts.flatMap((alert) => oneAlert(alert, fault, asked));
  if (lines.length === 0) return [];
  const isAllCommented = lines.every((line) => line.trimStart().startsWith('#'));
  return [
    '  # What each alert owes, by what its rule reads: ring once what it guards is broken, else stay quiet.',
    isAllCommented ? '  # alerts:' : '  alerts:',
    ...lines,
  ];
}

function oneAlert(
  { name, labels, guards, timing }: DraftAlert,
  fault: FirstFault,
  asked: ReadonlySet<string>,
): string[] {
  const own = guards.filter((guard) => asked.has(guard));
  const head = [
    `- name: ${quoted(name)}`,
    ...(Object.keys(labels).length > 0 ? [`  labels: ${flow(labels)}`] : []),
  ];
  if (own.length === 0)
    return [
      `${indent}# Guards ${guards.join(', ')}, which this fault says nothing about.`,
      ...[...head, `  guards: [${guards.map(quoted).join(', ')}]`].map((line) => `${indent}# ${line}`),
    ];
  head.push(`  guards: [${own.map(quoted).join(', ')}]`);
  if (timing === undefined)
    return [...head, '  expect: follows', `  fires: { within: ${unknownDeadline} }`].map(
      (line) => `${indent}${line}`,
    );
  const deadlines = [
    '  expect: follows',
    `  fires: { within: ${formatDuration(timing.firesMs)} }`,
    ...(timing.receivers.length > 0
      ? [
          `  notifies: { within: ${formatDuration(timing.notifiesMs)}, receivers: [${timing.receivers.map(quoted).join(', ')}] }`,
        ]
      : []),
  ];
  if (timing.neededMs <= fault.durationMs)
    return [
      `${indent}# The deadlines are the longest that its rule may take, and a second; say what your team wants.`,
      ...[...head, ...deadlines].map((line) => `${indent}${line}`),
    ];
  return [
    `${indent}# Its rule may need ${humanDuration(timing.neededMs)}, and the fault lasts ${humanDuration(fault.durationMs)}: it is only told, not judged.`,
    ...[...head, '  expect: any'].map((line) => `${indent}${line}`),
    `${indent}# With a fault that lasts longer than that:`,
    ...deadlines.map((line) => `${indent}# ${line}`),
  ];
}

/** A Prometheus of others has alerts that this drill is not about. */
function collateralLines({ telemetry }: Draft): string[] {
  if (telemetry.type !== 'prometheus' || telemetry.job === '') return [];
  return [
    '  # Only alerts with these labels belong to the drill: others are not looked at, and not held.',
    `  collateral: { scope: { job: ${quoted(telemetry.job)} } }`,
  ];
}

/** Most of a stretch six times as long as the fault: what a fault that ends in time cannot bring about. */
function stopLines({ traffic, objectives }: Draft, { durationMs }: FirstFault): string[] {
  const range = formatDuration(6 * durationMs);
  const scrape = objectives.find(({ source }) => source === 'scrape');
  const promql = traffic
    ? `(sum(rate(firedrill_requests_total{outcome="error"}[${range}])) or vector(0)) / sum(rate(firedrill_requests_total[${range}])) > 0.9`
    : scrape && `avg(avg_over_time(${scrape.promql.replace(/ == 1$/, '')}[${range}])) < 0.1`;
  if (promql === undefined) return [];
  return [
    '  # The run is stopped, and the fault taken back, as soon as this is true.',
    '  stopConditions:',
    `    - promql: ${quoted(promql)}`,
    '      # A target that stands still keeps its metrics waiting, too.',
    `      blindFor: ${formatDuration(2 * durationMs)}`,
  ];
}

/** In single quotes, where nothing but the quote itself means anything. */
function quoted(text: string): string {
  return /^[A-Za-z][A-Za-z0-9_-]*$/.test(text) && !/^(?:true|false|yes|no|on|off|null)$/i.test(text)
    ? text
    : `'${text.replaceAll("'", "''")}'`;
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, own]) => `${key}: ${flow(own)}`)
      .join(', ')} }`;
  if (typeof value === 'string') return /^\d+(?:ms|s|m|h)$/.test(value) ? value : quoted(value);
  return String(value);
}
