// Parameters as Prometheus reads them: times, durations, limits, selectors, each with Prometheus's words when it is
// wrong.

import type { Matcher } from '../../base/matcher.ts';
import type { Expr } from '../../promql/ast.ts';
import { formatPromqlError } from '../../promql/errors.ts';
import type { Features } from '../../promql/features.ts';
import { parseExpr, parseMatchers } from '../../promql/parser.ts';
import { parsePrometheusDuration } from '../../rules/prometheus-duration.ts';
import { ApiError, invalidParameter } from '../http/api-error.ts';

/** Clients name the ends of time like this; Go prints its smallest and largest time so. */
const firstTime = '-292273086-05-16T16:47:06Z';
const lastTime = '292277025-08-18T07:12:54.999999999Z';
/** The whole milliseconds that a date can hold. */
const timeMsMax = 8.64e15;
/** What a duration of Go can hold, in seconds. */
const durationSecondsMax = 2 ** 63 / 1e9;

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const float = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** Unix milliseconds of a time as seconds or in RFC 3339. Throws an ApiError. */
export function timeParameter(parameters: URLSearchParams, name: string): number {
  const text = parameters.get(name) ?? '';
  const ms = parseTime(text);
  if (ms === undefined)
    throw invalidParameter(name, `cannot parse ${JSON.stringify(text)} to a valid timestamp`);
  return ms;
}

/** The same where a time may be missing, for which Prometheus has more words. */
export function timeParameterOr(parameters: URLSearchParams, name: string, otherwise: number): number {
  const text = parameters.get(name);
  if (!text) return otherwise;
  const ms = parseTime(text);
  if (ms !== undefined) return ms;
  const reason = `invalid time value for '${name}': cannot parse ${JSON.stringify(text)} to a valid timestamp`;
  throw invalidParameter(name, reason);
}

export function parseTime(text: string): number | undefined {
  if (float.test(text)) {
    const ms = Math.round(Number(text) * 1000);
    return Math.abs(ms) <= timeMsMax ? ms : undefined;
  }
  if (text === firstTime) return -timeMsMax;
  if (text === lastTime) return timeMsMax;
  if (!rfc3339.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Milliseconds of a duration as seconds or as Prometheus writes it. Throws an ApiError. */
export function durationParameter(parameters: URLSearchParams, name: string): number {
  const parsed = parseDurationText(parameters.get(name) ?? '');
  if (typeof parsed === 'string') throw invalidParameter(name, parsed);
  return parsed;
}

/** Milliseconds, or what is wrong. */
export function parseDurationText(text: string): number | string {
  const seconds = float.test(text) ? Number(text) : undefined;
  if (seconds !== undefined && Math.abs(seconds) > durationSecondsMax)
    return `cannot parse ${JSON.stringify(text)} to a valid duration. It overflows int64`;
  const ms = seconds === undefined ? parsePrometheusDuration(text) : seconds * 1000;
  return ms ?? `cannot parse ${JSON.stringify(text)} to a valid duration`;
}

/** 0 when there is none: no limit. */
export function limitParameter(parameters: URLSearchParams): number {
  const text = parameters.get('limit');
  if (!text) return 0;
  if (!/^[+-]?\d+$/.test(text))
    throw invalidParameter('limit', `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  if (Number(text) < 0) throw invalidParameter('limit', 'limit must be non-negative');
  return Number(text);
}

export function expressionParameter(
  parameters: URLSearchParams,
  features: Features,
): { text: string; expr: Expr } {
  const text = parameters.get('query') ?? '';
  const parsed = parseExpr(text, { features });
  if (!parsed.ok) throw invalidParameter('query', formatPromqlError(text, parsed.error));
  return { text, expr: parsed.expr };
}

/** The selectors of `match[]`; a series is meant when one of them matches. */
export function selectorParameters(parameters: URLSearchParams): (readonly Matcher[])[] {
  return parameters.getAll('match[]').map((text) => {
    const parsed = parseMatchers(text);
    if (parsed.ok) return parsed.matchers;
    const isEmpty = parsed.error.message.includes('at least one non-empty matcher');
    throw new ApiError(
      'bad_data',
      isEmpty ? 'match[] must contain at least one non-empty matcher' : formatPromqlError(text, parsed.error),
    );
  });
}

/** Start and end; all of time where one is missing. */
export function rangeParameters(parameters: URLSearchParams): { startMs: number; endMs: number } {
  const startMs = timeParameterOr(parameters, 'start', -timeMsMax);
  const endMs = timeParameterOr(parameters, 'end', timeMsMax);
  return { startMs, endMs };
}
