// Numbers for people, as Prometheus's template functions print them.

import { formatFloat } from './float-format.ts';
import { TemplateValueError } from './function.ts';
import { timeStruct } from './time.ts';
import { printValue, type Struct, typeName, type Value } from './values.ts';

/** What the humanizing functions accept: numbers, and strings that hold one. */
export function toFloat(value: Value): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string') {
    const special: Record<string, number> = {
      inf: Infinity,
      '+inf': Infinity,
      '-inf': -Infinity,
      nan: Number.NaN,
    };
    const known = special[value.toLowerCase()];
    if (known !== undefined) return known;
    if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value)) return Number(value);
    throw new TemplateValueError(`cannot read ${JSON.stringify(value)} as a number`);
  }
  throw new TemplateValueError(`can't convert ${typeName(value)} to float`);
}

const four = (value: number): string => formatFloat(value, 'g', 4);
const above = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];
const below = ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y'];
const binary = ['ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi'];

export function humanize(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return four(value);
  if (Math.abs(value) < 1) return scaleDown(value);
  return scaleUp(value, 1000, above);
}

export function humanize1024(value: number): string {
  if (Math.abs(value) <= 1 || !Number.isFinite(value)) return four(value);
  return scaleUp(value, 1024, binary);
}

function scaleUp(value: number, base: number, prefixes: readonly string[]): string {
  let prefix = '';
  let scaled = value;
  for (const next of prefixes) {
    if (Math.abs(scaled) < base) break;
    prefix = next;
    scaled /= base;
  }
  return four(scaled) + prefix;
}

function scaleDown(value: number): string {
  let prefix = '';
  let scaled = value;
  for (const next of below) {
    if (Math.abs(scaled) >= 1) break;
    prefix = next;
    scaled *= 1000;
  }
  return four(scaled) + prefix;
}

/** `seconds`: `1d 2h 3m 4s`, four significant digits below a minute, `12ms` below a second. */
export function humanizeDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return four(seconds);
  if (seconds === 0) return `${four(seconds)}s`;
  const magnitude = Math.abs(seconds);
  if (magnitude < 1) return `${scaleDown(seconds)}s`;
  const sign = seconds < 0 ? '-' : '';
  const whole = Math.trunc(magnitude);
  const [days, hours, minutes] = [
    Math.trunc(whole / 86_400),
    Math.trunc(whole / 3600) % 24,
    Math.trunc(whole / 60) % 60,
  ];
  if (days > 0) return `${sign}${days}d ${hours}h ${minutes}m ${whole % 60}s`;
  if (hours > 0) return `${sign}${hours}h ${minutes}m ${whole % 60}s`;
  if (minutes > 0) return `${sign}${minutes}m ${whole % 60}s`;
  return `${sign}${four(magnitude)}s`;
}

export function humanizePercentage(ratio: number): string {
  return `${four(ratio * 100)}%`;
}

export function humanizeTimestamp(seconds: number): string {
  return Number.isFinite(seconds) ? printValue(toTime(seconds)) : four(seconds);
}

/** A count of nanoseconds must fit 64 bits, as in Go. */
const secondsMax = 2 ** 63 / 1e9;

export function toTime(seconds: number): Struct {
  if (!Number.isFinite(seconds)) throw new TemplateValueError('value is NaN or Inf');
  if (Math.abs(seconds) > secondsMax)
    throw new TemplateValueError(`${four(seconds)} cannot be represented as a nanoseconds timestamp`);
  return timeStruct(seconds * 1000);
}
