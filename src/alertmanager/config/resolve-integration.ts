// One entry of a receiver's `*_configs` as its notifier uses it: what `global` stands in for is filled in, and scalars
// are the text of the file.

import type { Diagnostic } from '../../base/diagnostics.ts';
import type { YamlDocument, YamlPath } from '../../base/yaml.ts';
import { sourceTextOf } from '../../rules/scalar-text.ts';
import { type HttpConfig, httpClientOf, unusedOf } from './http-config.ts';
import type { IntegrationSettings } from './integrations.ts';
import type { IntegrationConfig } from './model.ts';

type RawRecord = Readonly<Record<string, unknown>>;

export class IntegrationReader {
  readonly #document: YamlDocument;
  readonly #global: RawRecord;
  readonly #warnings: Diagnostic[];

  /** What a notification would be sent without is added to `warnings`. */
  constructor(document: YamlDocument, global: RawRecord, warnings: Diagnostic[]) {
    this.#document = document;
    this.#global = global;
    this.#warnings = warnings;
  }

  read(
    integration: IntegrationSettings,
    entry: RawRecord | null,
    index: number,
    path: YamlPath,
  ): IntegrationConfig {
    const { type, sendResolved, untyped = [] } = integration;
    const raw = entry ?? {};
    const settings: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(raw))
      settings[key] = untyped.includes(key) ? value : this.#texts(value, [...path, key]);
    for (const group of integration.fallbacks ?? []) this.#fallBack(settings, group);
    const own = raw.http_config as HttpConfig | null | undefined;
    const http = own ?? (this.#global.http_config as HttpConfig | null | undefined) ?? undefined;
    this.#warnUnused(own ?? undefined, [...path, 'http_config']);
    return {
      type,
      index,
      sendResolved: (raw.send_resolved as boolean | null | undefined) ?? sendResolved,
      settings,
      http: httpClientOf(http),
    };
  }

  #fallBack(settings: Record<string, unknown>, group: Readonly<Record<string, string>>): void {
    const isSet = (value: unknown): boolean => value !== undefined && value !== null && value !== '';
    if (Object.keys(group).some((key) => isSet(settings[key]))) return;
    for (const [key, globalKey] of Object.entries(group)) {
      const value = this.#global[globalKey];
      if (isSet(value)) settings[key] = this.#texts(value, ['global', globalKey]);
    }
  }

  #texts(value: unknown, path: YamlPath): unknown {
    if (Array.isArray(value)) return value.map((item, i) => this.#texts(item, [...path, i]));
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key, this.#texts(inner, [...path, key])]),
      );
    return value === null || value === undefined ? '' : sourceTextOf(this.#document, value, path);
  }

  #warnUnused(http: HttpConfig | undefined, path: YamlPath): void {
    for (const key of unusedOf(http)) {
      this.#warnings.push({
        code: 'FD406',
        severity: 'warning',
        message: `requests are sent without what ${key.join('.')} asks for`,
        at: this.#document.placeOfKey([...path, ...key]),
      });
    }
  }
}
