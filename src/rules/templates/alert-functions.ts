// The functions that templates of Prometheus rules may call beside Go's own.
// https://prometheus.io/docs/prometheus/latest/configuration/template_reference/

import { isIP } from 'node:net';
import { parseDuration } from '../../base/duration.ts';
import type { Labels } from '../../base/labels.ts';
import { escapeQuery } from './builtins.ts';
import { durationStruct } from './duration.ts';
import { type FunctionMap, type TemplateFunction, TemplateValueError } from './function.ts';
import {
  humanize,
  humanize1024,
  humanizeDuration,
  humanizePercentage,
  humanizeTimestamp,
  toFloat,
  toTime,
} from './humanize.ts';
import { regexMatches, regexReplaceAll } from './regular-expression.ts';
import { StringMap, Struct, type Value } from './values.ts';

/** What the functions need from outside: the time of the evaluation, the query engine, our own address. */
export interface AlertFunctionContext {
  readonly atMs: number;
  readonly externalUrl: string;
  /** Throws an Error with the engine's message. */
  query(expression: string): readonly { readonly labels: Labels; readonly value: number }[];
}

const text = (fn: (value: string) => Value): TemplateFunction => ({
  parameters: ['string'],
  call: (value) => fn(value as string),
});
const number = (fn: (value: number) => Value): TemplateFunction => ({
  parameters: ['any'],
  call: (value) => fn(toFloat(value!)),
});
const constant = (value: () => Value): TemplateFunction => ({ parameters: [], call: value });

export function alertFunctions(context: AlertFunctionContext): FunctionMap {
  return new Map<string, TemplateFunction>([
    ['query', text((expression) => runQuery(context, expression))],
    ['first', { parameters: ['list'], call: (list) => first(list as readonly Value[]) }],
    [
      'label',
      { parameters: ['string', 'sample'], call: (name, sample) => labelOf(name as string, sample as Struct) },
    ],
    ['value', { parameters: ['sample'], call: (sample) => (sample as Struct).member('Value') as Value }],
    ['strvalue', { parameters: ['sample'], call: (sample) => labelOf('__value__', sample as Struct) }],
    [
      'sortByLabel',
      { parameters: ['string', 'list'], call: (name, list) => sortByLabel(name as string, list as Value[]) },
    ],
    [
      'args',
      {
        parameters: [],
        rest: 'any',
        call: (...values) => new Map(values.map((value, i) => [`arg${i}`, value])),
      },
    ],
    [
      'reReplaceAll',
      {
        parameters: ['string', 'string', 'string'],
        call: (...args) => regexReplaceAll(...(args as [string, string, string])),
      },
    ],
    [
      'match',
      { parameters: ['string', 'string'], call: (...args) => regexMatches(...(args as [string, string])) },
    ],
    ['safeHtml', text((value) => value)],
    [
      'title',
      text((value) =>
        value.replace(
          /(^|[^\p{L}\p{N}'_])(\p{L})/gu,
          (_, before: string, letter: string) => before + letter.toUpperCase(),
        ),
      ),
    ],
    ['toUpper', text((value) => value.toUpperCase())],
    ['toLower', text((value) => value.toLowerCase())],
    ['graphLink', text((expression) => `/graph?g0.expr=${escapeQuery(expression)}&g0.tab=0`)],
    ['tableLink', text(tableLink)],
    ['stripPort', text((value) => splitHostPort(value)?.host ?? value)],
    ['stripDomain', text(stripDomain)],
    ['humanize', number(humanize)],
    ['humanize1024', number(humanize1024)],
    ['humanizeDuration', number(humanizeDuration)],
    ['humanizePercentage', number(humanizePercentage)],
    ['humanizeTimestamp', number(humanizeTimestamp)],
    ['toTime', number(toTime)],
    ['toDuration', number(durationStruct)],
    ['now', constant(() => context.atMs / 1000)],
    ['pathPrefix', constant(() => pathOf(context.externalUrl))],
    ['externalURL', constant(() => context.externalUrl)],
    ['parseDuration', text(parseSeconds)],
    ['urlQueryEscape', text(escapeQuery)],
  ]);
}

/** Prometheus's link to the table of an expression; also what an alert's generatorURL ends with. */
export function tableLink(expression: string): string {
  return `/graph?g0.expr=${escapeQuery(expression)}&g0.tab=1`;
}

function sampleStruct(labels: Labels, value: number): Struct {
  return new Struct('template.sample', { Labels: new StringMap(labels.pairs), Value: value });
}

function runQuery(context: AlertFunctionContext, expression: string): Value {
  try {
    return context.query(expression).map((sample) => sampleStruct(sample.labels, sample.value));
  } catch (error) {
    throw new TemplateValueError((error as Error).message);
  }
}

function first(list: readonly Value[]): Value {
  if (list.length === 0) throw new TemplateValueError('first() called on vector with no elements');
  return list[0]!;
}

function labelOf(name: string, sample: Value): string {
  const labels = sample instanceof Struct ? sample.member('Labels') : undefined;
  return labels instanceof StringMap ? (labels.get(name) ?? '') : '';
}

function sortByLabel(name: string, list: readonly Value[]): Value {
  return [...list].sort((a, b) => {
    const [left, right] = [labelOf(name, a), labelOf(name, b)];
    return left < right ? -1 : left > right ? 1 : 0;
  });
}

function parseSeconds(value: string): number {
  const ms = parseDuration(value);
  if (ms === undefined) throw new TemplateValueError(`not a valid duration string: ${JSON.stringify(value)}`);
  return ms / 1000;
}

function splitHostPort(value: string): { host: string; port: string } | undefined {
  const bracketed = /^\[([^[\]]*)\]:([^:[\]]*)$/.exec(value);
  if (bracketed) return { host: bracketed[1]!, port: bracketed[2]! };
  const plain = /^([^:[\]]*):([^:[\]]*)$/.exec(value);
  return plain ? { host: plain[1]!, port: plain[2]! } : undefined;
}

function stripDomain(value: string): string {
  const split = splitHostPort(value);
  const host = split?.host ?? value;
  if (isIP(host) !== 0) return value;
  const short = host.split('.')[0]!;
  return split?.port ? `${short}:${split.port}` : short;
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname.replace(/\/$/, '') : '';
}
