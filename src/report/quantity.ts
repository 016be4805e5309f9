// Measured values for people: `104 MB`, `350ms`, `0.98`. The unit is guessed from the metric's name and is only for
// display; nothing is judged by it.

import { humanDuration } from '../base/duration.ts';

export type Unit = 'bytes' | 'seconds' | 'none';

/**
 * The unit that an expression most likely has, by Prometheus's naming conventions
 * (https://prometheus.io/docs/practices/naming/). Rates and ratios of bytes or seconds have another unit and get none.
 */
export function unitOf(expression: string): Unit {
  const bare = expression.replace(/\{[^}]*\}/g, '');
  if (/histogram_quantile\s*\(/.test(bare) && /_seconds(_bucket)?\b/.test(bare)) return 'seconds';
  if (/\b(rate|irate|increase|delta|deriv|count\w*|changes)\s*\(|\//.test(bare)) return 'none';
  if (/_bytes\b/.test(bare)) return 'bytes';
  if (/_timestamp_seconds\b/.test(bare)) return /\btime\s*\(/.test(bare) ? 'seconds' : 'none';
  return /_seconds\b/.test(bare) ? 'seconds' : 'none';
}

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const countUnits = ['', 'k', 'M', 'G', 'T'];

/** About three significant digits, in the unit's usual scale; `NaN`, `+Inf` and `-Inf` as Prometheus writes them. */
export function formatQuantity(value: number, unit: Unit = 'none'): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (unit === 'bytes') return scaled(value, byteUnits, ' ');
  if (unit === 'seconds') return formatSeconds(value);
  return Math.abs(value) < 10_000 ? threeDigits(value) : scaled(value, countUnits, '');
}

function formatSeconds(seconds: number): string {
  const size = Math.abs(seconds);
  if (size === 0) return '0s';
  if (size < 0.001) return `${threeDigits(seconds * 1e6)}µs`;
  if (size < 0.01) return `${threeDigits(seconds * 1000)}ms`;
  return humanDuration(seconds * 1000);
}

function scaled(value: number, units: readonly string[], space: string): string {
  let size = value;
  let step = 0;
  // 999.5 would be rounded to 1000 of the smaller unit.
  while (Math.abs(size) >= 999.5 && step < units.length - 1) {
    size /= 1000;
    step++;
  }
  return `${threeDigits(size)}${space}${units[step]}`.trimEnd();
}

function threeDigits(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return String(Math.round(value));
  if (size < 0.001) return value.toPrecision(2);
  return String(Number(value.toPrecision(3)));
}
