// What holds between the parts of alertmanager.yml: routes name receivers and time intervals that exist, the root
// takes everything, receivers have what they need from themselves or from `global`. Works on the raw value, also of
// a file that has other mistakes, so that all of them come at once.

import type { ErrorCode } from '../../base/catalogue.ts';
import { type Diagnostic, nearest } from '../../base/diagnostics.ts';
import type { YamlDocument, YamlPath } from '../../base/yaml.ts';
import { textOf } from '../../rules/scalar-text.ts';
import { globalExclusive, type IntegrationSettings, integrations } from './integrations.ts';

type RawRecord = Readonly<Record<string, unknown>>;

const record = (value: unknown): RawRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as RawRecord) : {};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export function checkReferences(document: YamlDocument): Diagnostic[] {
  return new Checker(document).check();
}

class Checker {
  readonly #document: YamlDocument;
  readonly #config: RawRecord;
  readonly #found: Diagnostic[] = [];

  constructor(document: YamlDocument) {
    this.#document = document;
    this.#config = record(document.value);
  }

  check(): Diagnostic[] {
    const receivers = this.#names('receivers', 'receiver');
    const intervals = [
      ...this.#names('mute_time_intervals', 'time interval'),
      ...this.#names('time_intervals', 'time interval', this.#nameList('mute_time_intervals')),
    ];
    this.#global();
    list(this.#config.receivers).forEach((receiver, i) => {
      this.#receiver(record(receiver), ['receivers', i]);
    });
    if (this.#config.route !== undefined && this.#config.route !== null) {
      this.#root(record(this.#config.route));
      this.#route(record(this.#config.route), ['route'], receivers, intervals);
    }
    return this.#found;
  }

  #add(code: ErrorCode, path: YamlPath, message: string, expected?: string): void {
    const at = this.#document.placeOf(path);
    this.#found.push({ code, severity: 'error', message, at, ...(expected ? { expected } : {}) });
  }

  #nameList(key: string): string[] {
    return list(this.#config[key]).map((entry) => textOf(record(entry).name));
  }

  /** The names of a list's entries, each there once; `before` are names of another list of the same kind. */
  #names(key: string, what: string, before: readonly string[] = []): string[] {
    const seen = new Set(before);
    this.#nameList(key).forEach((name, i) => {
      if (name === '') return;
      if (seen.has(name))
        this.#add('FD111', [key, i, 'name'], `the ${what} ${JSON.stringify(name)} is there twice`);
      seen.add(name);
    });
    return [...seen];
  }

  #root(root: RawRecord): void {
    const matchers = ['match', 'match_re', 'matchers'].filter((key) => isSet(root[key]));
    for (const key of matchers) this.#add('FD402', ['route', key], 'the root route has matchers');
    if (root.continue === true) this.#add('FD402', ['route', 'continue'], 'the root route has continue');
    for (const key of ['mute_time_intervals', 'active_time_intervals']) {
      if (isSet(root[key])) this.#add('FD402', ['route', key], `the root route has ${key}`);
    }
    if (textOf(root.receiver) === '')
      this.#add(
        'FD402',
        ['route'],
        'the root route names no receiver',
        'receiver: the one for what no other route takes',
      );
  }

  #route(route: RawRecord, path: YamlPath, receivers: readonly string[], intervals: readonly string[]): void {
    const receiver = textOf(route.receiver);
    if (receiver !== '' && !receivers.includes(receiver))
      this.#undefinedName('receiver', receiver, [...path, 'receiver'], receivers);
    for (const key of ['mute_time_intervals', 'active_time_intervals']) {
      list(route[key]).forEach((name, i) => {
        if (!intervals.includes(textOf(name)))
          this.#undefinedName('time interval', textOf(name), [...path, key, i], intervals);
      });
    }
    list(route.routes).forEach((child, i) => {
      this.#route(record(child), [...path, 'routes', i], receivers, intervals);
    });
  }

  #undefinedName(what: string, name: string, path: YamlPath, known: readonly string[]): void {
    const suggestion = nearest(name, known);
    const expected = suggestion ?? (known.length > 0 ? `one of ${known.join(', ')}` : undefined);
    this.#add('FD110', path, `the ${what} ${JSON.stringify(name)} is not defined`, expected);
  }

  #global(): void {
    const global = record(this.#config.global);
    for (const keys of globalExclusive) this.#exclusive(global, ['global'], keys);
    // A Slack app may be reached at an address of its own; any other address beside its token is a contradiction.
    const token = ['slack_app_token', 'slack_app_token_file'].find((key) => isSet(global[key]));
    const url = ['slack_api_url', 'slack_api_url_file'].find((key) => isSet(global[key]));
    const appUrl = textOf(global.slack_app_url) || 'https://slack.com/api/chat.postMessage';
    if (token && url && textOf(global.slack_api_url) !== appUrl)
      this.#add('FD403', ['global', url], `${token} and ${url} exclude each other`);
  }

  #receiver(receiver: RawRecord, path: YamlPath): void {
    for (const settings of integrations) {
      const key = `${settings.type}_configs`;
      list(receiver[key]).forEach((config, i) => {
        this.#integration(settings, record(config), [...path, key, i]);
      });
    }
  }

  #integration(settings: IntegrationSettings, config: RawRecord, path: YamlPath): void {
    for (const keys of settings.exclusive) this.#exclusive(config, path, keys);
    const global = record(this.#config.global);
    for (const { keys, globals = [] } of settings.needs) {
      if (keys.some((key) => isSet(settingAt(config, key))) || globals.some((key) => isSet(global[key])))
        continue;
      const inGlobal = globals.length > 0 ? `, or in global one of ${globals.join(', ')}` : '';
      const what = keys.length > 1 ? `one of ${keys.join(', ')}` : keys[0]!;
      this.#add('FD404', path, `${settings.type}: ${what} is not set`, `${what}${inGlobal}`);
    }
  }

  #exclusive(config: RawRecord, path: YamlPath, keys: readonly string[]): void {
    const set = keys.filter((key) => isSet(config[key]));
    if (set.length > 1) this.#add('FD403', [...path, set[1]!], `${set.join(' and ')} exclude each other`);
  }
}

function settingAt(config: RawRecord, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => record(value)[key], config);
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return false;
  if (typeof value === 'object') return Object.keys(value).length > 0;
  return true;
}
