// Go's fmt.Sprintf for the verbs that templates use. A verb that does not fit its argument prints Go's `%!verb(…)`
// instead of failing, so that a small mistake in an annotation stays readable.

import { quote } from '../../promql/syntax/quote.ts';
import { formatFloat } from './float-format.ts';
import { TemplateValueError } from './function.ts';
import { valueSizeMax } from './value-size.ts';
import { printValue, Struct, typeName, type Value } from './values.ts';

interface Spec {
  readonly minus: boolean;
  readonly plus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly width: number | undefined;
  readonly precision: number | undefined;
  readonly verb: string;
}

const directive =
  /%([-+# 0]*)(?:(\[[^\]]*\])?(\*)|(\d+))?(?:(\.)(?:(\[[^\]]*\])?(\*)|(\d+))?)?(\[[^\]]*\])?(.)?/gsu;
/** A width or precision beyond this is a mistake or an attack on memory; Go's own limit is a million. */
const widthMax = 10_000;

/** Which argument comes next; `[n]` chooses one by its number, counted from 1. */
class Arguments {
  readonly #args: readonly Value[];
  #next = 0;
  #isReordered = false;
  #isBad = false;

  constructor(args: readonly Value[]) {
    this.#args = args;
  }

  begin(): void {
    this.#isBad = false;
  }

  choose(index: string | undefined): void {
    if (index === undefined) return;
    this.#isReordered = true;
    const chosen = /^\[\d+\]$/.test(index) ? Number(index.slice(1, -1)) - 1 : -1;
    if (chosen >= 0 && chosen < this.#args.length) this.#next = chosen;
    else this.#isBad = true;
  }

  /** Why there is no argument for a verb, as Go says it. */
  missing(): 'BADINDEX' | 'MISSING' | undefined {
    if (this.#isBad) return 'BADINDEX';
    return this.#next >= this.#args.length ? 'MISSING' : undefined;
  }

  take(): Value | undefined {
    return this.#args[this.#next++];
  }

  /** What no verb has taken, unless verbs have chosen. */
  rest(): readonly Value[] {
    return this.#isReordered ? [] : this.#args.slice(this.#next);
  }
}

export function sprintf(format: string, args: readonly Value[]): string {
  const from = new Arguments(args);
  let written = 0;
  const text = format.replace(directive, (_, ...groups: (string | undefined)[]) => {
    const out = formatDirective(groups, from);
    written += out.length;
    if (written > valueSizeMax) throw new TemplateValueError(`prints more than ${valueSizeMax} characters`);
    return out;
  });
  const rest = from.rest();
  if (rest.length === 0) return text;
  const extra = rest.map((arg) => (arg === null ? '<nil>' : `${typeName(arg)}=${printValue(arg)}`));
  return `${text}%!(EXTRA ${extra.join(', ')})`;
}

function formatDirective(groups: readonly (string | undefined)[], from: Arguments): string {
  const [
    flags = '',
    widthIndex,
    widthStar,
    width,
    point,
    precisionIndex,
    precisionStar,
    precision,
    index,
    verb,
  ] = groups;
  from.begin();
  from.choose(widthIndex);
  const widthValue = widthStar ? starred(from.take()) : width === undefined ? undefined : Number(width);
  from.choose(precisionIndex);
  const precisionValue = precisionStar ? starred(from.take()) : point ? Number(precision ?? 0) : undefined;
  from.choose(index);
  if (verb === undefined) return '%!(NOVERB)';
  if (verb === '%') return '%';
  const missing = from.missing();
  if (missing) return `%!${verb}(${missing})`;
  const spec: Spec = {
    minus: flags.includes('-') || (widthValue ?? 0) < 0,
    plus: flags.includes('+'),
    sharp: flags.includes('#'),
    space: flags.includes(' '),
    zero: flags.includes('0'),
    width: widthValue === undefined ? undefined : Math.min(Math.abs(widthValue), widthMax),
    precision: precisionValue === undefined ? undefined : Math.min(Math.max(0, precisionValue), widthMax),
    verb,
  };
  return formatOne(spec, from.take()!);
}

function starred(value: Value | undefined): number {
  return typeof value === 'bigint' ? Number(value) : 0;
}

function formatOne(spec: Spec, value: Value): string {
  if (spec.verb === 'T') return pad(spec, value === null ? '<nil>' : typeName(value));
  const body = formatBody(spec, value);
  if (body !== undefined) return body;
  return value === null ? `%!${spec.verb}(<nil>)` : `%!${spec.verb}(${typeName(value)}=${printValue(value)})`;
}

function formatBody(spec: Spec, value: Value): string | undefined {
  switch (typeof value) {
    case 'bigint':
      return formatInt(spec, value);
    case 'number':
      return formatNumber(spec, value);
    case 'string':
      return formatString(spec, value);
    case 'boolean':
      return spec.verb === 't' || spec.verb === 'v' ? pad(spec, String(value)) : undefined;
    default:
      if (value === null) return spec.verb === 'v' ? pad(spec, '<nil>') : undefined;
      if (spec.verb === 'v') return pad(spec, printValue(value));
      if (value instanceof Struct) return spec.verb === 's' ? pad(spec, printValue(value)) : undefined;
      if (Array.isArray(value)) return `[${value.map((item) => formatOne(spec, item)).join(' ')}]`;
      return spec.verb === 's' ? pad(spec, printValue(value)) : undefined;
  }
}

const radixes: Record<string, number> = { d: 10, v: 10, b: 2, o: 8, x: 16, X: 16 };

function formatInt(spec: Spec, value: bigint): string | undefined {
  if (spec.verb === 'c') return pad(spec, String.fromCodePoint(codePoint(value)));
  if (spec.verb === 'q') return pad(spec, quote(String.fromCodePoint(codePoint(value)), "'"));
  if (spec.verb === 'U') return pad(spec, `U+${value.toString(16).toUpperCase().padStart(4, '0')}`);
  const radix = radixes[spec.verb];
  if (radix === undefined) return undefined;
  const magnitude = value < 0n ? -value : value;
  let digits = magnitude.toString(radix).padStart(spec.precision ?? 1, '0');
  if (spec.verb === 'X') digits = digits.toUpperCase();
  const prefix = spec.sharp ? ({ b: '0b', o: '0', x: '0x', X: '0X' }[spec.verb] ?? '') : '';
  return padNumber(spec, sign(spec, value < 0n), prefix + digits);
}

function codePoint(value: bigint): number {
  return value >= 0n && value <= 0x10ffffn ? Number(value) : 0xfffd;
}

function formatNumber(spec: Spec, value: number): string | undefined {
  const lower = spec.verb.toLowerCase();
  const form = lower === 'v' ? 'g' : lower;
  if (form !== 'e' && form !== 'f' && form !== 'g') return undefined;
  const precision = spec.precision ?? (form === 'g' ? undefined : 6);
  const negative = value < 0 || Object.is(value, -0);
  let digits = formatFloat(Math.abs(value), form, precision);
  if (!Number.isFinite(value)) {
    const text = Number.isNaN(value) ? 'NaN' : 'Inf';
    const shown = value < 0 ? '-' : spec.plus || value > 0 ? '+' : '';
    return pad(spec, Number.isNaN(value) ? text : shown + text);
  }
  if (spec.verb === 'E' || spec.verb === 'G') digits = digits.toUpperCase();
  return padNumber(spec, sign(spec, negative), digits);
}

function formatString(spec: Spec, value: string): string | undefined {
  const cut = spec.precision === undefined ? value : [...value].slice(0, spec.precision).join('');
  if (spec.verb === 's' || spec.verb === 'v') return pad(spec, cut);
  if (spec.verb === 'q') return pad(spec, spec.sharp && !cut.includes('`') ? `\`${cut}\`` : quote(cut));
  if (spec.verb !== 'x' && spec.verb !== 'X') return undefined;
  const hex = Buffer.from(cut, 'utf8').toString('hex');
  return pad(spec, spec.verb === 'X' ? hex.toUpperCase() : hex);
}

function sign(spec: Spec, negative: boolean): string {
  return negative ? '-' : spec.plus ? '+' : spec.space ? ' ' : '';
}

function padNumber(spec: Spec, signText: string, digits: string): string {
  if (!spec.zero || spec.minus || spec.width === undefined) return pad(spec, signText + digits);
  return signText + digits.padStart(spec.width - signText.length, '0');
}

function pad(spec: Spec, text: string): string {
  const length = [...text].length;
  if (spec.width === undefined || length >= spec.width) return text;
  const fill = ' '.repeat(spec.width - length);
  return spec.minus ? text + fill : fill + text;
}
