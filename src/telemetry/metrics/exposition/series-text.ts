// The text of a series, taken apart: `name{label="value", …}` or, with names of any characters, `{"my.metric", …}`.

import type { LabelPairs } from './exposition.ts';

const metricNamePattern = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelNamePattern = /[a-zA-Z_][a-zA-Z0-9_]*/y;

const tab = 0x09;
const newline = 0x0a;
const space = 0x20;
const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Where the series ends that begins at `start`; undefined when a brace or a quote stays open. */
export function seriesEnd(text: string, start: number): number | undefined {
  let at = start;
  let code = text.charCodeAt(at);
  while (code > space && code !== openBrace) code = text.charCodeAt(++at);
  const nameEnd = at;
  while (code === space || code === tab) code = text.charCodeAt(++at);
  return code === openBrace ? labelsEnd(text, at) : nameEnd;
}

/** The index after the brace that closes the one at `start`. */
export function labelsEnd(text: string, start: number): number | undefined {
  let quoted = false;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) quoted = !quoted;
    else if (quoted) {
      if (code === backslash) at++;
    } else if (code === closeBrace) return at + 1;
    else if (code === newline) return undefined;
  }
  return undefined;
}

/** Called with what is wrong; does not return. */
export type Fail = (message: string) => never;

/** `strict`: neither blanks inside the braces nor a comma after the last label. */
export function parseSeries(text: string, strict: boolean, fail: Fail): LabelPairs {
  const brace = text.indexOf('{');
  const bare = brace < 0 ? text : text.slice(0, brace);
  const name = strict ? bare : bare.trimEnd();
  if (name !== '' && !metricNamePattern.test(name)) fail(`${shown(name)} is not a metric name`);
  const pairs = brace < 0 ? [] : new LabelReader(text.slice(brace), strict, fail).read(name === '');
  const named = pairs.some(([label]) => label === '__name__');
  if (named === (name !== '')) fail(named ? 'a sample has two metric names' : 'a sample has no metric name');
  return named ? pairs : [['__name__', name], ...pairs];
}

/** `{a="b",…}` */
export function parseLabels(text: string, strict: boolean, fail: Fail): LabelPairs {
  return new LabelReader(text, strict, fail).read(false);
}

class LabelReader {
  readonly #text: string;
  readonly #strict: boolean;
  readonly #fail: Fail;
  readonly #pairs: [string, string][] = [];
  readonly #names = new Set<string>();
  #at = 1;

  constructor(text: string, strict: boolean, fail: Fail) {
    this.#text = text;
    this.#strict = strict;
    this.#fail = fail;
  }

  /** With `mayName`, one quoted string without a value is the metric's name. */
  read(mayName: boolean): [string, string][] {
    this.#skipBlanks();
    while (!this.#isAt(closeBrace)) {
      const name = this.#isAt(quote) ? this.#quoted() : this.#bareName();
      this.#skipBlanks();
      if (this.#text[this.#at] === '=') {
        this.#at++;
        this.#skipBlanks();
        this.#add(name, this.#quoted());
      } else if (mayName && this.#text[this.#at - 1] === '"') {
        this.#add('__name__', name);
      } else this.#fail(`label ${shown(name)} has no value`);
      this.#separator();
    }
    return this.#pairs;
  }

  #add(name: string, value: string): void {
    if (this.#names.has(name)) this.#fail(`label ${shown(name)} stands twice`);
    this.#names.add(name);
    this.#pairs.push([name, value]);
  }

  #separator(): void {
    this.#skipBlanks();
    if (this.#isAt(closeBrace)) return;
    if (this.#text[this.#at] !== ',') this.#fail(`a comma is expected after ${this.#before()}`);
    this.#at++;
    this.#skipBlanks();
    if (this.#strict && this.#isAt(closeBrace)) this.#fail('a comma stands after the last label');
  }

  #bareName(): string {
    labelNamePattern.lastIndex = this.#at;
    const name = labelNamePattern.exec(this.#text)?.[0];
    if (name === undefined) return this.#fail(`a label name is expected after ${this.#before()}`);
    this.#at += name.length;
    return name;
  }

  #quoted(): string {
    const start = this.#at;
    if (!this.#isAt(quote)) this.#fail(`a double-quoted string is expected after ${this.#before()}`);
    // labelsEnd() has seen that every quote is closed.
    for (this.#at++; !this.#isAt(quote); this.#at++) if (this.#isAt(backslash)) this.#at++;
    this.#at++;
    return unescapeQuoted(this.#text.slice(start + 1, this.#at - 1));
  }

  #skipBlanks(): void {
    if (this.#strict) return;
    while (this.#isAt(space) || this.#isAt(tab)) this.#at++;
  }

  #isAt(code: number): boolean {
    return this.#text.charCodeAt(this.#at) === code;
  }

  #before(): string {
    return shown(this.#text.slice(Math.max(0, this.#at - 30), this.#at));
  }
}

/** Quoted and cut, for a message. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}

/** `\\`, `\"` and `\n`; any other backslash stands for itself. */
export function unescapeQuoted(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\([\\"n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

/** As in help texts of the text format, where a quote is not escaped. */
export function unescapeHelp(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\([\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}
