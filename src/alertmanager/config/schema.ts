// The shape of alertmanager.yml, field by field. What holds between parts of the file (receivers that routes name,
// settings that `global` stands in for) is checked in references.ts.
// https://prometheus.io/docs/alertmanager/latest/configuration/

import { z } from 'zod';
import type { ErrorCode } from '../../base/catalogue.ts';
import { parseDuration } from '../../base/duration.ts';
import type { IssueDetails } from '../../base/schema-issues.ts';
import { parsePrometheusDuration } from '../../rules/prometheus-duration.ts';
import { scalarText, textOf } from '../../rules/scalar-text.ts';
import { AlertMatcher, MatcherSyntaxError } from '../matcher/matcher.ts';
import { isLabelName, type MatcherMode, parseMatchers } from '../matcher/parse.ts';
import { isLocation } from '../timeinterval/interval.ts';
import {
  parseClock,
  parseDaysOfMonth,
  parseMonths,
  parseWeekdays,
  parseYears,
} from '../timeinterval/parse.ts';
import { httpConfigSchema, tlsConfigSchema } from './http-config.ts';
import { globalKeys, type IntegrationSettings, integrations } from './integrations.ts';

function complain(
  context: z.RefinementCtx,
  code: ErrorCode,
  message: string,
  { path = [], ...details }: IssueDetails & { path?: PropertyKey[] } = {},
): void {
  context.addIssue({ code: 'custom', path, message, params: { code, ...details } });
}

const anything = z.unknown().optional();

const duration = scalarText.superRefine((value, context) => {
  const text = textOf(value);
  if (text !== '' && parsePrometheusDuration(text) === undefined)
    complain(context, 'FD112', `${JSON.stringify(text)} is not a duration`, {
      expected: 'a duration such as 30s or 1h30m',
    });
});

/** Of group_interval and repeat_interval: zero would mean without end. */
const positiveDuration = duration.superRefine((value, context) => {
  if (parsePrometheusDuration(textOf(value)) === 0)
    complain(context, 'FD112', 'cannot be zero', { expected: 'a duration such as 5m' });
});

/** Go's durations, which allow fractions: the timeouts of integrations. */
const goDuration = scalarText.superRefine((value, context) => {
  const text = textOf(value);
  const ms = text === '' ? 0 : parseDuration(text);
  if (ms === undefined || ms < 0)
    complain(context, 'FD112', `${JSON.stringify(text)} is not a duration`, {
      expected: 'a duration such as 10s',
    });
});

const httpUrl = scalarText.superRefine((value, context) => {
  const text = textOf(value);
  if (text === '' || text === '<secret>' || text.includes('{{')) return;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === 'http:' || url.protocol === 'https:') && url.host !== '') return;
  complain(context, 'FD105', 'is not an address', { expected: 'http:// or https:// with a host' });
});

const matchersIn = (mode: MatcherMode) => {
  const text = z.string().superRefine((value, context) => {
    try {
      parseMatchers(value, mode);
    } catch (error) {
      if (!(error instanceof MatcherSyntaxError)) throw error;
      complain(context, 'FD401', error.message, { offset: error.start, length: error.end - error.start });
    }
  });
  return z.array(text).nullish();
};

const plainLabelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

const matchMap = z.record(z.string(), scalarText).superRefine(plainNames).nullish();
const matchRegexMap = z
  .record(z.string(), scalarText)
  .superRefine(plainNames)
  .superRefine((map, context) => {
    for (const [name, value] of Object.entries(map)) {
      if (value === null) {
        complain(context, 'FD401', 'has no regular expression', { path: [name] });
        continue;
      }
      try {
        new AlertMatcher(name, '=~', textOf(value));
      } catch (error) {
        if (!(error instanceof MatcherSyntaxError)) throw error;
        complain(context, 'FD401', error.message, { path: [name] });
      }
    }
  })
  .nullish();

function plainNames(map: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
  for (const name of Object.keys(map)) {
    if (!plainLabelName.test(name))
      complain(context, 'FD401', `${JSON.stringify(name)} is not a label name here`, {
        path: [name],
        expected: 'letters, digits and _; `matchers` takes any name',
      });
  }
}

const groupByIn = (mode: MatcherMode) =>
  z.array(scalarText).superRefine((labels, context) => {
    const names = labels.map(textOf);
    names.forEach((name, i) => {
      if (name !== '...' && !isLabelName(name, mode)) notALabelName(context, i);
      if (name === '...' && names.some((other) => other !== '...'))
        complain(context, 'FD403', '... groups by all labels and cannot stand beside others', { path: [i] });
      if (name !== '...' && names.indexOf(name) < i)
        complain(context, 'FD111', `${name} is there twice`, { path: [i] });
    });
  });

const labelNamesIn = (mode: MatcherMode) =>
  z.array(scalarText).superRefine((labels, context) => {
    labels.forEach((label, i) => {
      if (!isLabelName(textOf(label), mode)) notALabelName(context, i);
    });
  });

function notALabelName(context: z.RefinementCtx, index: number): void {
  complain(context, 'FD105', 'is not a label name', { path: [index] });
}

const names = z.array(z.string()).nullish();

export interface RawRoute {
  readonly receiver?: unknown;
  readonly group_by?: readonly unknown[] | null | undefined;
  readonly match?: Readonly<Record<string, unknown>> | null | undefined;
  readonly match_re?: Readonly<Record<string, unknown>> | null | undefined;
  readonly matchers?: readonly string[] | null | undefined;
  readonly mute_time_intervals?: readonly string[] | null | undefined;
  readonly active_time_intervals?: readonly string[] | null | undefined;
  readonly continue?: boolean | null | undefined;
  readonly routes?: readonly RawRoute[] | null | undefined;
  readonly group_wait?: unknown;
  readonly group_interval?: unknown;
  readonly repeat_interval?: unknown;
  readonly labels?: Readonly<Record<string, unknown>> | null | undefined;
}

const routeIn = (mode: MatcherMode): z.ZodType<RawRoute> => {
  const matchers = matchersIn(mode);
  const groupBy = groupByIn(mode);
  const shape = {
    receiver: scalarText.optional(),
    group_by: groupBy.nullish(),
    match: matchMap,
    match_re: matchRegexMap,
    matchers,
    mute_time_intervals: names,
    active_time_intervals: names,
    continue: z.boolean().nullish(),
    group_wait: duration.optional(),
    group_interval: positiveDuration.optional(),
    repeat_interval: positiveDuration.optional(),
    labels: z.record(z.string(), scalarText).nullish(),
  };
  const route: z.ZodType<RawRoute> = z.lazy(() =>
    z.strictObject({ ...shape, routes: z.array(route).nullish() }),
  );
  return route;
};

const inhibitRuleIn = (mode: MatcherMode) => {
  const matchers = matchersIn(mode);
  return z.strictObject({
    name: scalarText.optional(),
    source_match: matchMap,
    source_match_re: matchRegexMap,
    source_matchers: matchers,
    target_match: matchMap,
    target_match_re: matchRegexMap,
    target_matchers: matchers,
    equal: labelNamesIn(mode).nullish(),
  });
};

export type RawInhibitRule = z.output<ReturnType<typeof inhibitRuleIn>>;

const parsedBy = (parse: (text: string) => unknown) =>
  z
    .array(
      scalarText.superRefine((value, context) => {
        const result = parse(textOf(value));
        if (typeof result === 'string') complain(context, 'FD405', result);
      }),
    )
    .nullish();

const clock = scalarText.superRefine((value, context) => {
  const result = parseClock(textOf(value));
  if (typeof result === 'string') complain(context, 'FD405', result);
});

const timeInterval = z.strictObject({
  times: z
    .array(
      z.strictObject({ start_time: clock, end_time: clock }).superRefine((range, context) => {
        const [start, end] = [parseClock(textOf(range.start_time)), parseClock(textOf(range.end_time))];
        if (typeof start === 'number' && typeof end === 'number' && start >= end)
          complain(context, 'FD405', 'the end is not behind the start');
      }),
    )
    .nullish(),
  weekdays: parsedBy(parseWeekdays),
  days_of_month: parsedBy(parseDaysOfMonth),
  months: parsedBy(parseMonths),
  years: parsedBy(parseYears),
  location: scalarText
    .superRefine((value, context) => {
      const name = textOf(value);
      if (name !== '' && !isLocation(name))
        complain(context, 'FD405', `${JSON.stringify(name)} is not a time zone`, {
          expected: 'an IANA name such as Europe/Berlin',
        });
    })
    .optional(),
});

export type RawTimeInterval = z.output<typeof timeInterval>;

const namedIntervals = z
  .array(
    z.strictObject({
      name: requiredText('the name of the interval'),
      time_intervals: z.array(timeInterval).nullish(),
    }),
  )
  .nullish();

function requiredText(what: string) {
  return scalarText.superRefine((value, context) => {
    if (textOf(value) === '') complain(context, 'FD107', 'is empty', { expected: what });
  });
}

const urlNames = new Set(['api_url', 'app_url', 'webhook_url']);
const urlTypes = new Set(['webhook', 'pagerduty', 'incidentio']);

/** A setting's own check, where its value decides whether Alertmanager starts. */
function settingSchema(settings: IntegrationSettings, key: string): z.ZodType {
  if (key === 'http_config') return httpConfigSchema.nullish();
  if (key === 'tls_config') return tlsConfigSchema.nullish();
  if (key === 'timeout') return goDuration.optional();
  if (key === 'max_alerts') return z.int().min(0).nullish();
  if (settings.type !== 'sns' && (urlNames.has(key) || (key === 'url' && urlTypes.has(settings.type))))
    return httpUrl.optional();
  return anything;
}

function integrationSchema(settings: IntegrationSettings): z.ZodType {
  const shape = settings.keys.map((key) => [key, settingSchema(settings, key)] as const);
  return z.strictObject({ send_resolved: z.boolean().nullish(), ...Object.fromEntries(shape) }).nullable();
}

const receiver = z.strictObject({
  name: requiredText('the name of the receiver'),
  labels: z.record(z.string(), scalarText).nullish(),
  ...Object.fromEntries(
    integrations.map((settings) => [
      `${settings.type}_configs`,
      z.array(integrationSchema(settings)).nullish(),
    ]),
  ),
});

const hostAndPort = scalarText.superRefine((value, context) => {
  const text = textOf(value);
  if (text !== '' && !/^(?:\[[^\]]*\]|[^:]*):[^:]+$/.test(text))
    complain(context, 'FD105', 'is not host:port', { expected: 'an address such as mail.example.org:587' });
});

const globalChecks: Readonly<Record<string, z.ZodType>> = {
  resolve_timeout: duration.optional(),
  http_config: httpConfigSchema.nullish(),
  smtp_tls_config: tlsConfigSchema.nullish(),
  smtp_smarthost: hostAndPort.optional(),
  smtp_require_tls: z.boolean().nullish(),
};

const globalSchema = z.strictObject(
  Object.fromEntries(
    globalKeys.map((key) => [
      key,
      globalChecks[key] ?? (key.endsWith('_url') ? httpUrl.optional() : anything),
    ]),
  ),
);

const configSchemaIn = (mode: MatcherMode) =>
  z.strictObject({
    global: globalSchema.nullish(),
    route: routeIn(mode),
    inhibit_rules: z.array(inhibitRuleIn(mode)).nullish(),
    receivers: z.array(receiver).nullish(),
    templates: z.array(z.string()).nullish(),
    mute_time_intervals: namedIntervals,
    time_intervals: namedIntervals,
    tracing: anything,
    event_recorder: anything,
  });

export type RawConfig = z.output<ReturnType<typeof configSchemaIn>>;

/** The schema of a whole file whose matchers are read in each mode. */
export const configSchemas: Readonly<Record<MatcherMode, ReturnType<typeof configSchemaIn>>> = {
  fallback: configSchemaIn('fallback'),
  'utf8-strict': configSchemaIn('utf8-strict'),
  classic: configSchemaIn('classic'),
};
