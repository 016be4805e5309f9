// Reads alertmanager.yml: the whole file is checked, and all its mistakes come back together.

import { byPlace, type Diagnostic } from '../../base/diagnostics.ts';
import { parseDuration } from '../../base/duration.ts';
import { checkYaml, type Parsed, parseYaml, type YamlDocument, type YamlPath } from '../../base/yaml.ts';
import { sourceTextOf, textOf, textRecordOf } from '../../rules/scalar-text.ts';
import { type AlertMatcher, matchersOfMap, sortMatchers } from '../matcher/matcher.ts';
import { type MatcherMode, parseMatchers } from '../matcher/parse.ts';
import type { InclusiveRange, TimeInterval } from '../timeinterval/interval.ts';
import {
  parseClock,
  parseDaysOfMonth,
  parseMonths,
  parseWeekdays,
  parseYears,
} from '../timeinterval/parse.ts';
import { integrations } from './integrations.ts';
import type { AlertmanagerConfig, InhibitRule, ReceiverConfig, RouteConfig } from './model.ts';
import { checkReferences } from './references.ts';
import { IntegrationReader } from './resolve-integration.ts';
import {
  configSchemas,
  type RawConfig,
  type RawInhibitRule,
  type RawRoute,
  type RawTimeInterval,
} from './schema.ts';
import { secretsOf } from './secrets.ts';

const resolveTimeoutDefaultMs = 5 * 60_000;

export function readAlertmanagerConfig(
  file: string,
  text: string,
  mode: MatcherMode = 'fallback',
): Parsed<AlertmanagerConfig> {
  const parsed = parseYaml(file, text);
  if (!parsed.ok) return parsed;
  const document = parsed.value;
  const checked = checkYaml(document, configSchemas[mode]);
  const diagnostics = [...(checked.ok ? [] : checked.diagnostics), ...checkReferences(document)];
  if (!checked.ok || diagnostics.length > 0) return { ok: false, diagnostics: diagnostics.sort(byPlace) };
  return { ok: true, value: new Builder(document, checked.value, mode).build() };
}

class Builder {
  readonly #document: YamlDocument;
  readonly #raw: RawConfig;
  readonly #mode: MatcherMode;
  readonly #warnings: Diagnostic[] = [];

  constructor(document: YamlDocument, raw: RawConfig, mode: MatcherMode) {
    this.#document = document;
    this.#raw = raw;
    this.#mode = mode;
  }

  build(): AlertmanagerConfig {
    const raw = this.#raw;
    const receivers = (raw.receivers ?? []).map((receiver, i) => this.#receiver(receiver, ['receivers', i]));
    return {
      file: this.#document.file,
      resolveTimeoutMs: milliseconds(raw.global?.resolve_timeout) ?? resolveTimeoutDefaultMs,
      route: this.#route(raw.route, ['route']),
      receivers,
      inhibitRules: (raw.inhibit_rules ?? []).map((rule, i) => this.#inhibitRule(rule, ['inhibit_rules', i])),
      timeIntervals: this.#timeIntervals(),
      templates: raw.templates ?? [],
      warnings: this.#warnings,
      secrets: secretsOf(raw),
    };
  }

  #route(raw: RawRoute, path: YamlPath): RouteConfig {
    const groupBy = raw.group_by?.map((name, i) =>
      sourceTextOf(this.#document, name, [...path, 'group_by', i]),
    );
    const receiver = sourceTextOf(this.#document, raw.receiver, [...path, 'receiver']);
    return {
      receiver: receiver === '' ? undefined : receiver,
      matchers: this.#matchers(path, raw, ['match', 'match_re', 'matchers']),
      continue: raw.continue ?? false,
      groupBy: groupBy?.[0] === '...' ? '...' : groupBy,
      groupWaitMs: milliseconds(raw.group_wait),
      groupIntervalMs: milliseconds(raw.group_interval),
      repeatIntervalMs: milliseconds(raw.repeat_interval),
      muteTimeIntervals: raw.mute_time_intervals ?? [],
      activeTimeIntervals: raw.active_time_intervals ?? [],
      labels: textRecordOf(this.#document, raw.labels, [...path, 'labels']),
      routes: (raw.routes ?? []).map((route, i) => this.#route(route, [...path, 'routes', i])),
    };
  }

  /** The three ways to write matchers, all of which must match. */
  #matchers(
    path: YamlPath,
    raw: object,
    [match, matchRe, matchers]: readonly [string, string, string],
  ): AlertMatcher[] {
    const fields = raw as Readonly<Record<string, unknown>>;
    const map = (key: string): Record<string, string> =>
      textRecordOf(this.#document, fields[key] as Record<string, unknown> | null | undefined, [...path, key]);
    return sortMatchers([
      ...matchersOfMap(map(match), '='),
      ...matchersOfMap(map(matchRe), '=~'),
      ...((fields[matchers] ?? []) as readonly string[]).flatMap((text) => parseMatchers(text, this.#mode)),
    ]);
  }

  #inhibitRule(raw: RawInhibitRule, path: YamlPath): InhibitRule {
    return {
      name: textOf(raw.name),
      sourceMatchers: this.#matchers(path, raw, ['source_match', 'source_match_re', 'source_matchers']),
      targetMatchers: this.#matchers(path, raw, ['target_match', 'target_match_re', 'target_matchers']),
      equal: (raw.equal ?? []).map((name, i) => sourceTextOf(this.#document, name, [...path, 'equal', i])),
    };
  }

  #timeIntervals(): Map<string, TimeInterval[]> {
    const named = [...(this.#raw.mute_time_intervals ?? []), ...(this.#raw.time_intervals ?? [])];
    return new Map(
      named.map(({ name, time_intervals }) => [textOf(name), (time_intervals ?? []).map(timeInterval)]),
    );
  }

  #receiver(raw: Readonly<Record<string, unknown>>, path: YamlPath): ReceiverConfig {
    const name = sourceTextOf(this.#document, raw.name, [...path, 'name']);
    const reader = new IntegrationReader(this.#document, this.#raw.global ?? {}, this.#warnings);
    return {
      name,
      integrations: integrations.flatMap((integration) => {
        const key = `${integration.type}_configs`;
        const entries = (raw[key] ?? []) as readonly (Readonly<Record<string, unknown>> | null)[];
        return entries.map((entry, index) => reader.read(integration, entry, index, [...path, key, index]));
      }),
    };
  }
}

function milliseconds(value: unknown): number | undefined {
  const text = textOf(value);
  return text === '' ? undefined : parseDuration(text);
}

function timeInterval(raw: RawTimeInterval): TimeInterval {
  const ranges = (
    values: readonly unknown[] | null | undefined,
    parse: (text: string) => InclusiveRange | string,
  ) => values?.map((value) => parsedRange(parse(textOf(value))));
  const weekdays = ranges(raw.weekdays, parseWeekdays);
  const daysOfMonth = ranges(raw.days_of_month, parseDaysOfMonth);
  const months = ranges(raw.months, parseMonths);
  const years = ranges(raw.years, parseYears);
  const location = textOf(raw.location);
  return {
    ...(raw.times && {
      times: raw.times.map(({ start_time, end_time }) => ({
        startMinute: Number(parseClock(textOf(start_time))),
        endMinute: Number(parseClock(textOf(end_time))),
      })),
    }),
    ...(weekdays && { weekdays }),
    ...(daysOfMonth && { daysOfMonth }),
    ...(months && { months }),
    ...(years && { years }),
    ...(location !== '' && { location }),
  };
}

function parsedRange(range: InclusiveRange | string): InclusiveRange {
  if (typeof range === 'string') throw new Error(`the schema let a range pass: ${range}`);
  return range;
}
