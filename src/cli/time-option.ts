// Times and durations as options give them.

import { UserError } from '../base/diagnostics.ts';
import { parseDuration } from '../base/duration.ts';
import { parseTime } from '../server/api/parameters.ts';

/** Unix seconds, RFC 3339, or a duration before `endMs` such as `-30m`. */
export function timeOption(option: string, text: string | undefined, endMs: number): number | undefined {
  if (text === undefined) return undefined;
  const beforeMs = /^-\d+[a-z]/.test(text) ? parseDuration(text) : undefined;
  const ms = beforeMs === undefined ? parseTime(text) : endMs + beforeMs;
  if (ms !== undefined) return ms;
  throw UserError.of('FD904', `${option}: ${JSON.stringify(text)} is not a time`, {
    expected: 'Unix seconds, RFC 3339, or a time before the end such as -30m',
  });
}

/** Milliseconds, above zero. */
export function durationOption(option: string, text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw UserError.of('FD904', `${option}: ${JSON.stringify(text)} is no duration`, {
    expected: 'such as 30m',
  });
}

export function numberOption(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw UserError.of('FD904', `${option}: ${JSON.stringify(text)} is no number`);
}

/** `NAME=VALUE`, the value as it is. */
export function pairsOption(option: string, texts: readonly string[] | undefined): [string, string][] {
  return (texts ?? []).map((text) => {
    const at = text.indexOf('=');
    if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
    throw UserError.of('FD904', `${option} ${text}`, { expected: `${option} NAME=VALUE` });
  });
}
