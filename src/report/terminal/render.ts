// The result as it stands in the terminal at the end of a run: the sentence, then a line for everything that was
// judged, then where to read more.

import { humanDuration } from '../../base/duration.ts';
import type { AlertVerdict, Half, Verdict } from '../../experiment/verdict.ts';
import { costLine } from '../cost-words.ts';
import { labelWords } from '../describe-event.ts';
import { boundedHops, hopName, inOrderOfTime, longDuration } from '../hop-words.ts';
import { type ReportInput, redactInput } from '../input.ts';
import { relativeTime, wallTime } from '../moment.ts';
import { visible } from '../plain-text.ts';
import { assumptionWords, projectionLine } from '../projection-words.ts';
import { halfWord, runStanding, type Standing, shortReason, standingOf } from '../standing.ts';
import { trialJudgement, trialName, trialsOf } from '../trials.ts';
import { warmedLine } from '../warmed-words.ts';
import { type Paint, paintFor, type TerminalOptions, usableWidth } from './paint.ts';
import { fitted, textWidth, truncated, wrapped } from './text-width.ts';

/** Ends with a line break. */
export function renderTerminal(original: ReportInput, options: TerminalOptions): string {
  const { verdict, timeline } = redactInput(original);
  const width = usableWidth(options.width);
  const paint = paintFor(options.color);
  const rows = rowsOf(verdict);
  const columns = columnsOf(Object.values(rows).flat(), width);
  const table = (title: string, list: readonly Row[]) =>
    list.length === 0
      ? []
      : ['', paint.strong(title), ...list.flatMap((row) => rowLines(row, columns, width, paint))];
  return [
    '',
    ...headLines(verdict, width, paint),
    ...warmedLines(timeline, width, paint),
    ...table('Trials', rows.trials),
    ...table('Objectives', rows.objectives),
    ...table('Alerts', rows.alerts),
    ...table('Faults', rows.faults),
    ...table('Other alerts that started', rows.collateral),
    ...warningLines(verdict, width, paint),
    ...leftLines(verdict, paint),
    ...pathLines(verdict, paint),
    '',
  ].join('\n');
}

function headLines(verdict: Verdict, width: number, paint: Paint): string[] {
  const { tone } = runStanding(verdict.verdict);
  const word = verdict.verdict.toUpperCase();
  const short = shortReason(verdict);
  const reason = short === undefined ? '' : ` (${visible(short)})`;
  return [
    ...wrapped(`${word}${reason}  ${visible(verdict.title)}`, width).map((line, index) =>
      index === 0 && line.startsWith(word)
        ? paint.tone[tone](paint.strong(word)) + line.slice(word.length)
        : line,
    ),
    '',
    ...sentenceLines(verdict.sentence, width, paint),
    '',
    `${halfText('Resilience', verdict.resilience, paint)}    ${halfText('Detection', verdict.detection, paint)}`,
    paint.quiet(span(verdict)),
  ];
}

/** What a program said is quoted below the sentence as it was. */
function sentenceLines(sentence: string, width: number, paint: Paint): string[] {
  const [first = '', ...quoted] = sentence.split('\n');
  return [
    ...wrapped(visible(first), width).map(paint.strong),
    ...quoted.map((line) => paint.quiet(truncated(visible(line), width))),
  ];
}

function warmedLines(timeline: ReportInput['timeline'], width: number, paint: Paint): string[] {
  const line = warmedLine(timeline);
  return line === undefined ? [] : wrapped(visible(line), width).map(paint.quiet);
}

function halfText(name: string, half: Half | null, paint: Paint): string {
  const { mark, tone } = runStanding(half);
  return `${name} ${paint.tone[tone](`${mark} ${halfWord(half)}`)}`;
}

function span({ startedAt, endedAt }: Verdict): string {
  return `${humanDuration(endedAt - startedAt)}, ${wallTime(startedAt)} to ${wallTime(endedAt)} UTC`;
}

interface Row {
  readonly standing: Standing;
  readonly name: string;
  readonly word: string;
  readonly reason: string;
  /** Facts under the reason. */
  readonly more: readonly string[];
}

function rowsOf(
  verdict: Verdict,
): Record<'trials' | 'objectives' | 'alerts' | 'faults' | 'collateral', Row[]> {
  const zeroMs = verdict.times.injected ?? verdict.startedAt;
  return {
    trials: trialsOf(verdict).map((trial) => ({
      standing: standingOf(trialJudgement(trial, verdict)),
      name: trialName(trial),
      word: trial.verdict,
      reason: trial.sentence,
      more: [`run ${trial.run}`],
    })),
    objectives: verdict.objectives.map((objective) => ({
      standing: standingOf(objective.judgement),
      name: objective.name,
      word: objective.verdict,
      reason: objective.reason,
      more: (verdict.costs ?? []).filter((cost) => cost.objective === objective.name).map(costLine),
    })),
    alerts: verdict.alerts.map((alert) => ({
      standing: standingOf(alert.judgement),
      name: alert.name,
      word: alert.verdict,
      reason: alert.reason,
      more: [
        hopLine(alert, zeroMs),
        boundLine(alert),
        worstCaseLine(alert),
        projectedLine(alert, zeroMs),
        shortenLine(alert),
        ...alert.notes.map((note) => note.text),
      ].filter((line) => line !== ''),
    })),
    faults: verdict.faults.map((fault) => ({
      standing: standingOf(fault.judgement),
      name: fault.name,
      word: fault.verdict,
      reason: fault.reason,
      more: [
        `${fault.kind}${fault.driver === null ? '' : ` by ${fault.driver}`} on ${fault.targets.join(', ')}`,
      ],
    })),
    collateral: verdict.collateral.map((alert) => ({
      standing: standingOf(alert.judgement),
      name: `${alert.name}${labelWords(alert.labels)}`,
      word: alert.judgement === 'wrong' ? 'fails' : alert.judgement === 'warn' ? 'warning' : 'allowed',
      reason: alert.reason,
      more: [],
    })),
  };
}

/** `broke T+9.4s → pending T+9.6s → firing T+12.6s → captured T+13.7s → undone T+30.1s → resolved T+34.4s`. */
function hopLine({ hops, times }: AlertVerdict, zeroMs: number): string {
  // Of an alert that nothing happened to there is no way to show.
  if (Object.values(times).every((time) => time === null)) return '';
  return inOrderOfTime(hops)
    .filter(({ hop, at }) => at !== null && hop !== 'injected')
    .map(({ hop, at }) => `${hopName(hop)} ${relativeTime(at!, zeroMs)}`)
    .join(' → ');
}

function boundLine({ hops }: AlertVerdict): string {
  const bounded = boundedHops(hops);
  return bounded.length === 0 ? '' : `took: ${bounded.join(', ')}`;
}

/** Advice where time was what it lacked. */
function shortenLine({ shorten, verdict, notes }: AlertVerdict): string {
  const short =
    verdict === 'late' || verdict === 'underpowered' || notes.some(({ kind }) => kind === 'lucky');
  return short ? (shorten?.text ?? '') : '';
}

function worstCaseLine({ predicted, projected }: AlertVerdict): string {
  if (predicted === null || projected !== null) return '';
  return `worst case by its settings: firing after ${longDuration(predicted.firingMs)}, told after ${longDuration(predicted.notifiedMs)}`;
}

function projectedLine(alert: AlertVerdict, zeroMs: number): string {
  const line = projectionLine(alert, zeroMs);
  const { projection } = alert.predicted ?? {};
  const assumed = projection ? assumptionWords(projection) : alert.projected;
  if (assumed === null) return '';
  return line === undefined
    ? `projected, not observed: ${assumed}`
    : `projected, not observed, if ${assumed}: ${line}`;
}

interface Columns {
  readonly name: number;
  readonly word: number;
}

const nameColumnMax = 32;

function columnsOf(rows: readonly Row[], width: number): Columns {
  const widest = (texts: string[]) => Math.max(0, ...texts.map(textWidth));
  const limit = Math.min(nameColumnMax, Math.floor(width / 3));
  return {
    name: Math.min(limit, widest(rows.map((row) => visible(row.name)))),
    word: widest(rows.map((row) => row.word)),
  };
}

function rowLines(row: Row, columns: Columns, width: number, paint: Paint): string[] {
  const { mark, tone } = row.standing;
  const indent = columns.name + columns.word + 8;
  const reason = wrapped(visible(row.reason), Math.max(20, width - indent));
  const more = row.more.flatMap((text) => wrapped(visible(text), Math.max(20, width - indent)));
  const name = fitted(visible(row.name), columns.name);
  const first = `  ${paint.tone[tone](mark)} ${name}  ${paint.tone[tone](fitted(row.word, columns.word))}  ${reason[0]}`;
  const rest = (line: string) => ' '.repeat(indent) + line;
  return [first, ...reason.slice(1).map(rest), ...more.map((line) => rest(paint.quiet(line)))];
}

function warningLines(verdict: Verdict, width: number, paint: Paint): string[] {
  if (verdict.warnings.length === 0) return [];
  return [
    '',
    paint.strong('Warnings'),
    ...verdict.warnings.flatMap((warning) => listItem(paint.tone.warn('!'), visible(warning), width)),
  ];
}

function leftLines(verdict: Verdict, paint: Paint): string[] {
  if (verdict.notUndone.length === 0) return [];
  return [
    '',
    paint.tone.bad(
      paint.strong('A fault could not be undone. This is left behind; `firedrill undo` tries again:'),
    ),
    // Never folded: it ends in a command, which is copied whole.
    ...verdict.notUndone.map((line) => `  ${paint.tone.bad('✗')} ${visible(line)}`),
  ];
}

function listItem(mark: string, text: string, width: number): string[] {
  return wrapped(text, width - 4).map((line, index) => (index === 0 ? `  ${mark} ${line}` : `    ${line}`));
}

function pathLines(verdict: Verdict, paint: Paint): string[] {
  const paths: [string, string | null][] = [
    ['Run folder', verdict.runFolder],
    ['Report', verdict.report],
  ];
  const known = paths.filter((path): path is [string, string] => path[1] !== null);
  if (known.length === 0) return [];
  // A path is never cut: it is there to be opened.
  return [
    '',
    ...known.map(([name, path]) => `${paint.quiet(fitted(name, 11))} ${paint.link(visible(path))}`),
  ];
}
