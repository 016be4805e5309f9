// The settings of one integration with its defaults behind them, read as what they are: texts, switches, durations,
// lists.

import { parseDuration } from '../../base/duration.ts';
import { type Line, NotificationFailure } from './notifier.ts';

type Values = Readonly<Record<string, unknown>>;

export class Settings {
  readonly #values: Values;

  constructor(values: Values) {
    this.#values = values;
  }

  /** Settings that are there stand before the defaults, also when they are empty. */
  withDefaults(defaults: Values): Settings {
    return new Settings({ ...defaults, ...this.#values });
  }

  has(key: string): boolean {
    const value = this.#values[key];
    return value !== undefined && value !== null && value !== '';
  }

  /** As written; of settings whose type is open. */
  raw(key: string): unknown {
    return this.#values[key];
  }

  text(key: string): string {
    return asText(this.#values[key]);
  }

  flag(key: string, otherwise = false): boolean {
    return this.has(key) ? /^(?:true|yes|on|y)$/i.test(this.text(key)) : otherwise;
  }

  /** Milliseconds; 0 when it is not there. */
  durationMs(key: string): number {
    return parseDuration(this.text(key)) ?? 0;
  }

  number(key: string): number {
    return Number(this.text(key)) || 0;
  }

  list(key: string): Settings[] {
    const value = this.#values[key];
    return Array.isArray(value) ? value.map((item) => new Settings((item ?? {}) as Values)) : [];
  }

  texts(key: string): string[] {
    const value = this.#values[key];
    return Array.isArray(value) ? value.map(asText) : [];
  }

  map(key: string): Settings | undefined {
    const value = this.#values[key];
    return typeof value === 'object' && value !== null ? new Settings(value as Values) : undefined;
  }

  /** The pairs of a mapping of texts, in the order of their keys. */
  pairs(key: string): [string, string][] {
    const value = this.#values[key];
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value)
      .map(([name, text]): [string, string] => [name, asText(text)])
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** The setting, or without it what the file named by `KEY_file` holds. */
  async secret(key: string, line: Pick<Line, 'readSecret'>): Promise<string> {
    if (this.has(key)) return this.text(key);
    return this.has(`${key}_file`) ? (await line.readSecret(this.text(`${key}_file`))).trim() : '';
  }

  async secretUrl(key: string, line: Pick<Line, 'readSecret'>): Promise<URL> {
    return addressOf(await this.secret(key, line), key);
  }

  /** An address that ends with a slash, for paths to be added. */
  base(key: string): URL {
    const url = addressOf(this.text(key), key);
    if (!url.pathname.endsWith('/')) url.pathname += '/';
    return url;
  }

  url(key: string): URL {
    return addressOf(this.text(key), key);
  }
}

/** What Alertmanager's API shows of a secret; a drill that read its configuration there sends nothing to it. */
const hidden = '<secret>';

/** An address that may be a secret, so that no message shows it. */
export function addressOf(text: string, key: string): URL {
  if (text === hidden) return new URL('http://secret.invalid/');
  if (!URL.canParse(text)) throw new NotificationFailure(`${key} is not an address`, false);
  return new URL(text);
}

function asText(value: unknown): string {
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value);
}
