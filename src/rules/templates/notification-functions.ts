// The functions that Alertmanager's notification templates may call beside Go's own.
// https://prometheus.io/docs/alertmanager/latest/notifications/#functions

import { durationStruct } from './duration.ts';
import { type FunctionMap, type TemplateFunction, TemplateValueError } from './function.ts';
import { humanizeDuration, toFloat } from './humanize.ts';
import { goJson } from './json.ts';
import { parseGoTime } from './parse-time.ts';
import { regexMatches, regexReplaceAll } from './regular-expression.ts';
import { SafeHtml, SafeUrl } from './safe-text.ts';
import { TimeStruct, timeStruct, zeroTimeMs } from './time.ts';
import { Struct, type Value } from './values.ts';

export interface NotificationFunctionContext {
  /** Unix milliseconds. */
  readonly nowMs: number;
}

const text = (fn: (value: string) => Value): TemplateFunction => ({
  parameters: ['string'],
  call: (value) => fn(value as string),
});

const texts = (count: number, fn: (...values: string[]) => Value): TemplateFunction => ({
  parameters: Array.from({ length: count }, () => 'string' as const),
  call: (...values) => fn(...(values as string[])),
});

export function notificationFunctions(context: NotificationFunctionContext): FunctionMap {
  return new Map<string, TemplateFunction>([
    ['toUpper', text((value) => value.toUpperCase())],
    ['toLower', text((value) => value.toLowerCase())],
    ['title', text(titleCase)],
    ['trimSpace', text((value) => value.trim())],
    ['join', { parameters: ['string', 'list'], call: (separator, list) => join(separator as string, list!) }],
    ['match', texts(2, (pattern, value) => regexMatches(pattern!, value!))],
    ['reReplaceAll', texts(3, (pattern, by, value) => regexReplaceAll(pattern!, by!, value!))],
    ['safeHtml', text((value) => new SafeHtml(value))],
    ['safeUrl', text((value) => new SafeUrl(value))],
    ['urlUnescape', text(unescapeQuery)],
    ['stringSlice', { parameters: [], rest: 'string', call: (...values) => values }],
    ['date', { parameters: ['string', 'time'], call: (layout, time) => format(layout as string, time!) }],
    ['tz', { parameters: ['string', 'time'], call: (zone, time) => inZone(zone as string, time!) }],
    ['now', { parameters: [], call: () => timeStruct(context.nowMs) }],
    [
      'since',
      { parameters: ['time'], call: (time) => durationStruct((context.nowMs - millis(time!)) / 1000) },
    ],
    ['humanizeDuration', { parameters: ['any'], call: (value) => humanizeDuration(seconds(value!)) }],
    ['toDate', texts(2, (layout, value) => timeStruct(parseGoTime(layout!, value!) ?? zeroTimeMs))],
    ['mustToDate', texts(2, mustToDate)],
    ['toJson', { parameters: ['any'], call: (value) => goJson(value) }],
    [
      'base64encode',
      text((value) => Buffer.from(value).toString('base64url').padEnd(paddedLength(value), '=')),
    ],
    ['base64decode', text(decodeBase64)],
    ['list', { parameters: [], rest: 'any', call: (...values) => values }],
    [
      'append',
      { parameters: ['list'], rest: 'any', call: (list, ...values) => [...(list as Value[]), ...values] },
    ],
    ['dict', { parameters: [], rest: 'any', call: dict }],
  ]);
}

/** Words begin with a capital and go on in small letters. */
function titleCase(value: string): string {
  return value
    .toLowerCase()
    .replace(
      /(^|[^\p{L}\p{N}'’_])(\p{L})/gu,
      (_, before: string, letter: string) => before + letter.toUpperCase(),
    );
}

function join(separator: string, list: Value): string {
  return (list as readonly Value[])
    .map((part) => {
      if (typeof part !== 'string') throw new TemplateValueError('can join strings only');
      return part;
    })
    .join(separator);
}

function unescapeQuery(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    throw new TemplateValueError(`invalid URL escape in ${JSON.stringify(value)}`);
  }
}

function millis(time: Value): number {
  if (!(time instanceof TimeStruct)) throw new TemplateValueError('not a time');
  return time.atMs;
}

function format(layout: string, time: Value): Value {
  const member = (time as Struct).member('Format');
  if (typeof member !== 'function') throw new TemplateValueError('not a time');
  return member(layout);
}

function inZone(zone: string, time: Value): Value {
  return timeStruct(millis(time), zone);
}

/** Numbers, texts of numbers, and durations. */
function seconds(value: Value): number {
  const own = value instanceof Struct ? value.member('Seconds') : undefined;
  return typeof own === 'function' ? (own() as number) : toFloat(value);
}

function mustToDate(layout?: string, value?: string): Value {
  const atMs = parseGoTime(layout!, value!);
  if (atMs === undefined)
    throw new TemplateValueError(`cannot parse ${JSON.stringify(value)} as ${JSON.stringify(layout)}`);
  return timeStruct(atMs);
}

/** With padding, as Go's URLEncoding. */
function paddedLength(value: string): number {
  return Math.ceil(Buffer.byteLength(value) / 3) * 4;
}

function decodeBase64(value: string): string {
  if (!/^(?:[\w-]{4})*(?:[\w-]{2}==|[\w-]{3}=)?$/.test(value))
    throw new TemplateValueError('illegal base64 data');
  return Buffer.from(value, 'base64url').toString();
}

function dict(...values: Value[]): Value {
  if (values.length % 2 !== 0) throw new TemplateValueError('dict requires an even number of arguments');
  const map = new Map<string, Value>();
  for (let i = 0; i < values.length; i += 2) {
    const key = values[i];
    if (typeof key !== 'string') throw new TemplateValueError('dict keys must be strings');
    map.set(key, values[i + 1]!);
  }
  return map;
}
