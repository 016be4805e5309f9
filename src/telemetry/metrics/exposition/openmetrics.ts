// OpenMetrics 1.0: one blank between the parts of a line, timestamps in seconds, exemplars, `# EOF` at the end.
// https://github.com/OpenObservability/OpenMetrics/blob/main/specification/OpenMetrics.md
// The lenient mode checks lines alone, as Prometheus does when it scrapes; the strict mode holds the whole text
// against the specification.

import type { IngestOptions } from '../ingest-options.ts';
import { CreatedLines } from './created-lines.ts';
import {
  type Exemplar,
  type ExposedSample,
  type Exposition,
  ExpositionError,
  type SeriesTable,
} from './exposition.ts';
import { Families, metricTypeOf } from './families.ts';
import { parseNumber } from './number.ts';
import { OpenMetricsRules } from './openmetrics-rules.ts';
import {
  type Fail,
  labelsEnd,
  parseLabels,
  parseSeries,
  seriesEnd,
  shown,
  unescapeQuoted,
} from './series-text.ts';

const newline = 0x0a;
const space = 0x20;
const hash = 0x23;

const metadataPattern = /^# (HELP|TYPE|UNIT) ("(?:[^"\\]|\\.)+"|[a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/;

/** What a text that comes in parts, each of whole lines, carries from one to the next. */
export interface TextPart {
  readonly families: Families;
  /** Counts from 1. */
  readonly firstLine: number;
  readonly isLast: boolean;
}

/** Throws an ExpositionError at the first mistake. */
export function parseOpenMetrics<S>(
  text: string,
  table: SeriesTable<S>,
  options: { readonly strict?: boolean; readonly part?: TextPart; readonly ingest?: IngestOptions } = {},
): Exposition<S> {
  const { strict = false, ingest = {} } = options;
  const part = options.part ?? { families: new Families(ingest), firstLine: 1, isLast: true };
  return new OpenMetricsReader(text, table, strict, part, ingest.createdLinesAsStarts ?? false).read();
}

class OpenMetricsReader<S> {
  readonly #text: string;
  readonly #table: SeriesTable<S>;
  readonly #strict: boolean;
  readonly #rules: OpenMetricsRules | undefined;
  readonly #created: CreatedLines | undefined;
  readonly #families: Families;
  readonly #isLast: boolean;
  readonly #samples: ExposedSample<S>[] = [];
  readonly #failHere: Fail = (message) => this.#fail(message);
  #at = 0;
  #line: number;
  /** A file has all samples of a series one after the other. */
  #lastText = '';
  #lastSeries: S | undefined;

  constructor(
    text: string,
    table: SeriesTable<S>,
    strict: boolean,
    part: TextPart,
    createdLinesAsStarts: boolean,
  ) {
    this.#families = part.families;
    this.#isLast = part.isLast;
    this.#line = part.firstLine;
    this.#text = text;
    this.#table = table;
    this.#strict = strict;
    this.#rules = strict ? new OpenMetricsRules(this.#failHere) : undefined;
    this.#created = createdLinesAsStarts ? new CreatedLines(this.#failHere) : undefined;
  }

  read(): Exposition<S> {
    while (this.#isLast || this.#at < this.#text.length) {
      if (this.#at >= this.#text.length) this.#fail('the text ends without # EOF');
      if (this.#text.charCodeAt(this.#at) !== hash) this.#sample();
      else if (this.#comment()) break;
      if (this.#text.charCodeAt(this.#at) !== newline) this.#fail('the text ends without # EOF');
      this.#at++;
      this.#line++;
    }
    this.#rules?.end();
    this.#created?.settle(this.#samples);
    return { families: this.#families.list(), samples: this.#samples };
  }

  /** Whether it was the end of the text. */
  #comment(): boolean {
    const found = this.#text.indexOf('\n', this.#at);
    const end = found < 0 ? this.#text.length : found;
    const line = this.#text.slice(this.#at, end);
    this.#at = end;
    if (line === '# EOF') {
      if (end < this.#text.length - 1 || !this.#isLast) this.#fail('text follows # EOF');
      return true;
    }
    const match = metadataPattern.exec(line);
    if (!match) this.#fail(`HELP, TYPE, UNIT or EOF is expected, not ${shown(line)}`);
    const [, kind, written, rest] = match as unknown as [string, 'HELP' | 'TYPE' | 'UNIT', string, string];
    const name = written.startsWith('"') ? unescapeQuoted(written.slice(1, -1)) : written;
    this.#rules?.metadata(kind, name, rest);
    this.#lastSeries = undefined;
    if (kind === 'HELP') this.#families.describe(name, { help: unescapeQuoted(rest) });
    else if (kind === 'UNIT') {
      if (rest !== '' && !name.endsWith(`_${rest}`)) this.#fail(`${name} does not end in its unit, _${rest}`);
      this.#families.describe(name, { unit: rest });
    } else {
      const type = metricTypeOf(rest);
      if (!type) this.#fail(`${shown(rest)} is not a metric type`);
      this.#families.describe(name, { type });
    }
    return false;
  }

  #sample(): void {
    const series = this.#series();
    this.#blank('a value');
    const value = this.#number('a value');
    const seconds = this.#timestamp();
    const exemplar = this.#exemplar();
    if (this.#rules) {
      const pairs = parseSeries(this.#lastText, true, this.#failHere);
      this.#rules.sample({ pairs, value, seconds, exemplar });
    }
    if (this.#created?.take(this.#lastText, value, this.#families.current, this.#samples)) return;
    const atMs = milliseconds(seconds);
    this.#samples.push(exemplar ? { series, value, atMs, exemplar } : { series, value, atMs });
  }

  #series(): S {
    const last = this.#lastText;
    if (last.endsWith('}') && this.#lastSeries !== undefined && this.#text.startsWith(last, this.#at)) {
      this.#at += last.length;
      return this.#lastSeries;
    }
    const end = seriesEnd(this.#text, this.#at);
    if (end === undefined) this.#fail('the labels of a sample do not end');
    this.#lastText = this.#text.slice(this.#at, end);
    this.#lastSeries = this.#families.series(this.#lastText, this.#table, this.#strict, this.#failHere);
    this.#at = end;
    return this.#lastSeries;
  }

  /** ` 12.5`, in seconds, unless the line ends or an exemplar begins. */
  #timestamp(): number | undefined {
    if (this.#isLineEnd()) return undefined;
    if (this.#text.startsWith(' #', this.#at)) return undefined;
    this.#blank('a timestamp');
    const seconds = this.#number('a timestamp');
    if (!Number.isFinite(seconds)) this.#fail('a timestamp is not finite');
    return seconds;
  }

  /** ` # {trace_id="a"} 0.5 12.5` */
  #exemplar(): Exemplar | undefined {
    if (this.#isLineEnd()) return undefined;
    if (!this.#text.startsWith(' # {', this.#at))
      this.#fail('an exemplar or the end of the line is expected');
    const start = this.#at + 3;
    const end = labelsEnd(this.#text, start);
    if (end === undefined) this.#fail('the labels of an exemplar do not end');
    const labels = parseLabels(this.#text.slice(start, end), this.#strict, this.#failHere);
    this.#at = end;
    this.#blank("an exemplar's value");
    const value = this.#number("an exemplar's value");
    const seconds = this.#timestamp();
    if (!this.#isLineEnd()) this.#fail('the line should end after its exemplar');
    return { labels, value, atMs: milliseconds(seconds) };
  }

  #blank(before: string): void {
    if (this.#text.charCodeAt(this.#at) !== space) this.#fail(`a blank is expected before ${before}`);
    this.#at++;
  }

  #number(expected: string): number {
    const start = this.#at;
    let code = this.#text.charCodeAt(this.#at);
    while (code > space) code = this.#text.charCodeAt(++this.#at);
    const value = parseNumber(this.#text, start, this.#at);
    if (value === undefined) {
      this.#fail(`${expected} is expected, not ${shown(this.#text.slice(start, this.#at))}`);
    }
    return value;
  }

  #isLineEnd(): boolean {
    return this.#at >= this.#text.length || this.#text.charCodeAt(this.#at) === newline;
  }

  #fail(message: string): never {
    throw new ExpositionError(this.#line, message);
  }
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}
