// Test scripts: `clear`, `load` and `eval` with their expectations, in the old syntax (`eval_fail`, `eval_ordered`) and
// the new one (`expect fail msg: ...`).

import { parseDurationLiteral } from '../../../src/promql/syntax/durations.ts';
import { parseNumber } from '../../../src/promql/syntax/numbers.ts';
import { unquote } from '../../../src/promql/syntax/quote.ts';
import { parseSeriesLine, type SeriesLine } from './series-notation.ts';

export interface LoadCommand {
  readonly kind: 'load';
  readonly stepMs: number;
  readonly series: LoadedSeries[];
  /** Adds native histograms with custom buckets for the classic ones. */
  readonly withCustomBuckets: boolean;
}

interface LoadedSeries extends SeriesLine {
  /** For each point, how far from its time it began to count; undefined where unknown. */
  readonly startOffsetsMs: readonly (number | undefined)[] | undefined;
}

/** A text that must be there: one message, or one that fits a pattern. */
export interface TextExpectation {
  readonly message: string | undefined;
  readonly pattern: RegExp | undefined;
}

export interface EvalCommand {
  readonly kind: 'eval';
  readonly line: number;
  readonly expr: string;
  readonly isRange: boolean;
  /** The instant, or the range; `expect range vector` sets a range for an instant evaluation. */
  startMs: number;
  endMs: number;
  stepMs: number;
  atMs: number;
  isRangeVector: boolean;
  isOrdered: boolean;
  mustFail: TextExpectation | undefined;
  readonly warnings: TextExpectation[];
  readonly infos: TextExpectation[];
  noWarnings: boolean;
  noInfos: boolean;
  expectedScalar: number | undefined;
  expectedString: string | undefined;
  readonly expected: SeriesLine[];
}

export type Command = { readonly kind: 'clear' } | LoadCommand | EvalCommand;

export function parseScript(text: string): Command[] {
  const lines = text.split('\n').map((line) => {
    const trimmed = line.trim();
    return trimmed.startsWith('#') ? '' : trimmed;
  });
  const commands: Command[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (line === '') continue;
    const block: string[] = [];
    if (!/^clear/i.test(line)) while (i + 1 < lines.length && lines[i + 1] !== '') block.push(lines[++i]!);
    commands.push(parseCommand(line, block, i - block.length + 1));
  }
  return commands;
}

function parseCommand(line: string, block: string[], lineNumber: number): Command {
  if (/^clear/i.test(line)) return { kind: 'clear' };
  if (/^load/i.test(line)) return parseLoad(line, block);
  if (/^eval/i.test(line)) return parseEval(line, block, lineNumber);
  throw new Error(`line ${lineNumber}: not a command: ${line}`);
}

function parseLoad(line: string, block: readonly string[]): LoadCommand {
  const step = /^load(?:_with_nhcb)?\s+(.+)$/.exec(line)![1]!;
  const series: LoadedSeries[] = [];
  let startOffsetsMs: readonly (number | undefined)[] | undefined;
  for (const text of block) {
    // A line of start timestamps goes before the line of its samples.
    const starts = /^\S+@st\s+(.*)$/.exec(text);
    if (starts) {
      startOffsetsMs = starts[1]!.split(/\s+/).flatMap(parseStartItem);
      continue;
    }
    const parsed = parseSeriesLine(text);
    if (startOffsetsMs && startOffsetsMs.length !== parsed.points.length)
      throw new Error(`${text}: other count`);
    series.push({ ...parsed, startOffsetsMs });
    startOffsetsMs = undefined;
  }
  return {
    kind: 'load',
    stepMs: duration(step),
    series,
    withCustomBuckets: line.startsWith('load_with_nhcb'),
  };
}

const startPattern = /^([+-]?\d+[a-wyz]*)(?:([+-]\d+[a-wyz]*)?x(\d+))?$/;

/** `_`, `_x3`, `-30s`, `-30sx3`, `-30s-1mx3`. */
function parseStartItem(item: string): (number | undefined)[] {
  const blank = /^_(?:x(\d+))?$/.exec(item);
  if (blank) return Array.from({ length: Number(blank[1] ?? 1) }, () => undefined);
  const match = startPattern.exec(item);
  if (!match) throw new Error(`not a start timestamp: ${item}`);
  const [, first, change, times = '0'] = match;
  return Array.from({ length: Number(times) + 1 }, (_, i) => signed(first!) + i * signed(change ?? '0'));
}

function signed(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  return sign * duration(text.replace(/^[+-]/, ''));
}

const instantPattern = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(.+?))?\s+(.+)$/;
const rangePattern = /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+?)\s+(.+)$/;

function parseEval(line: string, block: readonly string[], lineNumber: number): EvalCommand {
  const instant = instantPattern.exec(line);
  const range = rangePattern.exec(line);
  if (!instant && !range) throw new Error(`line ${lineNumber}: not an evaluation: ${line}`);
  const modifier = instant ? instant[1] : range![1];
  const atMs = instant ? duration(instant[2] ?? '0s') : 0;
  const command: EvalCommand = {
    kind: 'eval',
    line: lineNumber,
    expr: instant ? instant[3]! : range![5]!,
    isRange: range !== null && instant === null,
    startMs: instant ? atMs : duration(range![2]!),
    endMs: instant ? atMs : duration(range![3]!),
    stepMs: instant ? 1 : duration(range![4]!),
    atMs,
    isRangeVector: false,
    isOrdered: modifier === 'ordered',
    mustFail: modifier === 'fail' ? anyText : undefined,
    warnings: modifier === 'warn' ? [anyText] : [],
    infos: modifier === 'info' ? [anyText] : [],
    noWarnings: false,
    noInfos: false,
    expectedScalar: undefined,
    expectedString: undefined,
    expected: [],
  };
  for (const expectation of block) if (!parseExpectation(command, expectation)) break;
  return command;
}

const anyText: TextExpectation = { message: undefined, pattern: undefined };

/** Adds one line to the command; false when nothing can follow it. */
function parseExpectation(command: EvalCommand, line: string): boolean {
  const failure = /^expected_fail_(message|regexp)\s+(.*)$/.exec(line);
  if (failure) {
    command.mustFail = textExpectation(failure[1] === 'message' ? 'msg' : 'regex', failure[2]!);
    return false;
  }
  const rangeVector = /^expect range vector\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+)$/.exec(line);
  if (rangeVector) {
    command.isRangeVector = true;
    command.startMs = duration(rangeVector[1]!);
    command.endMs = duration(rangeVector[2]!);
    command.stepMs = duration(rangeVector[3]!);
    command.atMs = command.endMs;
    return true;
  }
  const string = /^expect string\s+(.+)$/.exec(line);
  if (string) {
    command.expectedString = unquote(string[1]!);
    return true;
  }
  if (/^expect\s/.test(line)) {
    parseExpect(command, line);
    return true;
  }
  const scalar = parseNumber(line);
  if (scalar !== undefined) {
    command.expectedScalar = scalar;
    return false;
  }
  command.expected.push(parseSeriesLine(line));
  return true;
}

function parseExpect(command: EvalCommand, line: string): void {
  const match = /^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$/.exec(line);
  if (!match) throw new Error(`not an expectation: ${line}`);
  const text = match[2] === undefined ? anyText : textExpectation(match[2], match[3]!.trim());
  switch (match[1]) {
    case 'ordered':
      command.isOrdered = true;
      break;
    case 'fail':
      command.mustFail = text;
      break;
    case 'warn':
      command.warnings.push(text);
      break;
    case 'info':
      command.infos.push(text);
      break;
    case 'no_warn':
      command.noWarnings = true;
      break;
    case 'no_info':
      command.noInfos = true;
      break;
  }
}

function textExpectation(kind: string, text: string): TextExpectation {
  if (kind === 'msg') return { message: text, pattern: undefined };
  return { message: undefined, pattern: new RegExp(text) };
}

function duration(text: string): number {
  if (text === '0') return 0;
  const parsed = parseDurationLiteral(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return Math.round(parsed.seconds * 1000);
}
