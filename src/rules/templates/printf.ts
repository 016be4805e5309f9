// Go's fmt.Sprintf for the verbs that templates use. A verb that does not fit its argument prints Go's `%!verb(…)`
// instead of failing, so that a small mistake in an annotation stays readable.

import { quote } from '../../promql/syntax/quote.ts';
import { formatFloat } from './float-format.ts';
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

const directive = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+)?)?(.)?/gsu;
/** A width or precision beyond this is a mistake or an attack on memory; Go's own limit is a million. */
const widthMax = 10_000;

export function sprintf(format: string, args: readonly Value[]): string {
  let next = 0;
  const taken = (): Value | undefined => args[next++];
  const text = format.replace(
    directive,
    (
      whole,
      flags: string,
      width: string | undefined,
      precision: string | undefined,
      verb: string | undefined,
    ) => {
      if (verb === undefined) return '%!(NOVERB)';
      if (verb === '%') return '%';
      const widthValue = width === '*' ? starred(taken()) : width === undefined ? undefined : Number(width);
      const hasPrecision = whole.slice(1 + flags.length + (width ?? '').length).startsWith('.');
      const precisionValue =
        precision === '*' ? starred(taken()) : hasPrecision ? Number(precision ?? 0) : undefined;
      if (next >= args.length) return `%!${verb}(MISSING)`;
      const spec: Spec = {
        minus: flags.includes('-') || (widthValue ?? 0) < 0,
        plus: flags.includes('+'),
        sharp: flags.includes('#'),
        space: flags.includes(' '),
        zero: flags.includes('0'),
        width: widthValue === undefined ? undefined : Math.min(Math.abs(widthValue), widthMax),
        precision: precisionValue === undefined ? undefined : Math.min(precisionValue, widthMax),
        verb,
      };
      return formatOne(spec, taken()!);
    },
  );
  if (next >= args.length) return text;
  const extra = args
    .slice(next)
    .map((arg) => (arg === null ? '<nil>' : `${typeName(arg)}=${printValue(arg)}`));
  return `${text}%!(EXTRA ${extra.join(', ')})`;
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
