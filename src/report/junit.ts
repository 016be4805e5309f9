// JUnit XML for the test tabs of CI systems: a suite each for the run, resilience, detection, faults and collateral,
// a case for each item. What is wrong is a failure. What is inconclusive is an error, not a skip: a pipeline shows
// skipped cases as harmless, and a drill that proved nothing is not harmless.
//
// Attributes are those that Jenkins, GitLab and GitHub actions read
// (https://github.com/testmoapp/junitxml lists them).

import type { AlertVerdict, Evidence, Judgement, TrialVerdict, Verdict } from '../experiment/verdict.ts';
import { costLine } from './cost-words.ts';
import { labelWords } from './describe-event.ts';
import { firstEvent, type ReportInput, redactInput } from './input.ts';
import { assumptionWords, projectionLine } from './projection-words.ts';
import { trialJudgement, trialName, trialsOf } from './trials.ts';
import { escaped, quoted } from './xml.ts';

interface Case {
  readonly name: string;
  readonly verdict: string;
  readonly judgement: Judgement;
  readonly reason: string;
  readonly details: readonly string[];
  readonly durationMs: number;
}

interface Suite {
  readonly name: string;
  readonly cases: readonly Case[];
}

export function renderJunit(original: ReportInput): string {
  const input = redactInput(original);
  const { verdict } = input;
  const suites = suitesOf(verdict).filter((suite) => suite.cases.length > 0);
  const runMs = verdict.endedAt - verdict.startedAt;
  const all = suites.flatMap((suite) => suite.cases);
  const properties = propertiesOf(input);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name=${quoted(verdict.name)} ${counts(all)} time="${seconds(runMs)}">`,
    ...suites.flatMap((suite) => suiteLines(suite, verdict, properties)),
    '</testsuites>',
    '',
  ].join('\n');
}

function suitesOf(verdict: Verdict): Suite[] {
  const { injected, undone } = verdict.times;
  const faultMs = injected === null ? 0 : (undone ?? verdict.endedAt) - injected;
  return [
    { name: 'run', cases: [runCase(verdict)] },
    { name: 'trials', cases: trialsOf(verdict).map((trial) => trialCase(trial, verdict)) },
    {
      name: 'resilience',
      cases: verdict.objectives.map((item) => ({
        ...item,
        details: [
          ...evidenceLines(item.evidence),
          ...(verdict.costs ?? []).filter((cost) => cost.objective === item.name).map(costLine),
        ],
        durationMs: faultMs,
      })),
    },
    {
      name: 'detection',
      cases: verdict.alerts.map((item) => ({
        ...item,
        name: `${item.name}${labelWords(item.labels)}`,
        details: [
          ...item.notes.map((note) => note.text),
          ...evidenceLines(item.evidence),
          ...projectionLines(item, injected ?? verdict.startedAt),
        ],
        // How long it took until somebody was told: the figure whose trend is worth watching.
        durationMs: Math.max(
          0,
          (item.times.captured ?? 0) - (item.times.breached ?? Number.POSITIVE_INFINITY),
        ),
      })),
    },
    {
      name: 'faults',
      cases: verdict.faults.map((item) => ({
        ...item,
        details: evidenceLines(item.evidence),
        durationMs: faultMs,
      })),
    },
    {
      name: 'collateral',
      cases: verdict.collateral.map((item) => ({
        ...item,
        name: `${item.name}${labelWords(item.labels)}`,
        verdict: 'not-listed',
        details: [],
        durationMs: 0,
      })),
    },
  ];
}

function projectionLines(alert: AlertVerdict, zeroMs: number): string[] {
  const line = projectionLine(alert, zeroMs);
  const { projection } = alert.predicted ?? {};
  return line === undefined || !projection
    ? []
    : [`projected, not observed, if ${assumptionWords(projection)}: ${line}`];
}

function trialCase(trial: TrialVerdict, whole: Verdict): Case {
  return {
    name: trialName(trial),
    verdict: trial.verdict,
    judgement: trialJudgement(trial, whole),
    reason: trial.sentence,
    details: [`run: ${trial.run}`],
    durationMs: trial.endedAt - trial.startedAt,
  };
}

/** Whether there was a whole run to judge at all. */
function runCase(verdict: Verdict): Case {
  const broken = verdict.verdict === 'stopped' || verdict.verdict === 'error';
  const complete = !broken && verdict.reason === null && verdict.notUndone.length === 0;
  return {
    name: 'completed',
    verdict: verdict.reason ?? verdict.verdict,
    judgement: complete ? 'right' : 'inconclusive',
    reason: verdict.sentence,
    details: [...verdict.notUndone.map((line) => `left behind: ${line}`), ...verdict.warnings],
    durationMs: verdict.endedAt - verdict.startedAt,
  };
}

function evidenceLines(evidence: readonly Evidence[]): string[] {
  return evidence.map(
    ({ label, value, at }) =>
      `${label}: ${value}${at === undefined ? '' : ` (${new Date(at).toISOString()})`}`,
  );
}

function propertiesOf({ verdict, timeline }: ReportInput): readonly (readonly [string, string])[] {
  const started = firstEvent(timeline, 'run.started');
  const properties: [string, string | null | undefined][] = [
    ['run', verdict.run],
    ['verdict', verdict.verdict],
    ['resilience', verdict.resilience],
    ['detection', verdict.detection],
    ['firedrill', started?.firedrill],
    ['seed', started && String(started.seed)],
    ['report', verdict.report],
  ];
  return properties.filter((property): property is [string, string] => typeof property[1] === 'string');
}

function suiteLines(
  suite: Suite,
  verdict: Verdict,
  properties: readonly (readonly [string, string])[],
): string[] {
  const durationMs = verdict.endedAt - verdict.startedAt;
  const timestamp = new Date(verdict.startedAt).toISOString().slice(0, 19);
  return [
    `  <testsuite name=${quoted(suite.name)} ${counts(suite.cases)} skipped="0" time="${seconds(durationMs)}" timestamp="${timestamp}">`,
    '    <properties>',
    ...properties.map(([name, value]) => `      <property name=${quoted(name)} value=${quoted(value)}/>`),
    '    </properties>',
    ...suite.cases.flatMap((item) => caseLines(item, `${verdict.name}.${suite.name}`)),
    '  </testsuite>',
  ];
}

const outcomes: Readonly<Partial<Record<Judgement, 'failure' | 'error'>>> = {
  wrong: 'failure',
  inconclusive: 'error',
};

function caseLines(item: Case, className: string): string[] {
  const outcome = outcomes[item.judgement];
  const open = `    <testcase name=${quoted(item.name)} classname=${quoted(className)} time="${seconds(item.durationMs)}">`;
  const text = [item.reason, ...item.details].join('\n');
  return [
    open,
    outcome === undefined
      ? `      <system-out>${escaped(`${item.verdict}: ${text}`)}</system-out>`
      : `      <${outcome} message=${quoted(`${item.verdict}: ${item.reason}`)} type=${quoted(item.verdict)}>${escaped(text)}</${outcome}>`,
    '    </testcase>',
  ];
}

function counts(cases: readonly Case[]): string {
  const count = (outcome: 'failure' | 'error') =>
    cases.filter((item) => outcomes[item.judgement] === outcome).length;
  return `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}"`;
}

function seconds(ms: number): string {
  return (Number.isFinite(ms) ? ms / 1000 : 0).toFixed(3);
}
