// The values of a configuration that must never be written anywhere.

import { globalSecrets, integrations } from './integrations.ts';
import type { RawConfig } from './schema.ts';

type RawRecord = Readonly<Record<string, unknown>>;

const secretNames = new Set([
  'password',
  'credentials',
  'bearer_token',
  'client_secret',
  'client_certificate_key',
  'secret_key',
  'key',
  'secrets',
]);

export function secretsOf(config: RawConfig): string[] {
  const secrets = new Set<string>();
  const global = (config.global ?? {}) as RawRecord;
  for (const key of globalSecrets) addValue(global[key], secrets);
  addNested(global.http_config, secrets);
  addNested(global.smtp_tls_config, secrets);
  for (const receiver of (config.receivers ?? []) as RawRecord[]) {
    for (const settings of integrations) {
      for (const entry of (receiver[`${settings.type}_configs`] ?? []) as (RawRecord | null)[]) {
        for (const key of settings.secrets) addValue(entry?.[key], secrets);
        for (const key of ['http_config', 'tls_config', 'sigv4']) addNested(entry?.[key], secrets);
      }
    }
  }
  return [...secrets];
}

function addValue(value: unknown, secrets: Set<string>): void {
  if (typeof value !== 'string' || value === '') return;
  if (!URL.canParse(value)) {
    secrets.add(value);
    return;
  }
  // The token of a webhook stands in its path, its query or before its host; an address without these tells nothing.
  const url = new URL(value);
  const part = `${url.pathname}${url.search}${url.hash}`;
  if (part !== '/') secrets.add(part);
  if (url.password !== '') secrets.add(decodeURIComponent(url.password));
}

function addNested(value: unknown, secrets: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (!secretNames.has(key)) addNested(inner, secrets);
    else for (const secret of Array.isArray(inner) ? inner : [inner]) addValue(secret, secrets);
  }
}
