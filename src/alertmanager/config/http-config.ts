// `http_config` of Alertmanager: checked whole; of it, what our own client can do is kept.

import { z } from 'zod';
import type { HttpClientSpec } from '../../telemetry/http-client-spec.ts';

const anything = z.unknown().optional();
const text = z.string().nullish();

export const tlsConfigSchema = z.strictObject({
  ca: text,
  cert: text,
  key: text,
  ca_ref: text,
  cert_ref: text,
  key_ref: text,
  ca_file: text,
  cert_file: text,
  key_file: text,
  server_name: text,
  insecure_skip_verify: z.boolean().nullish(),
  min_version: text,
  max_version: text,
});

export const httpConfigSchema = z.strictObject({
  basic_auth: z
    .strictObject({
      username: text,
      username_file: text,
      username_ref: text,
      password: text,
      password_file: text,
      password_ref: text,
    })
    .nullish(),
  authorization: z
    .strictObject({ type: text, credentials: text, credentials_file: text, credentials_ref: text })
    .nullish(),
  oauth2: z.record(z.string(), z.unknown()).nullish(),
  bearer_token: text,
  bearer_token_file: text,
  tls_config: tlsConfigSchema.nullish(),
  follow_redirects: z.boolean().nullish(),
  enable_http2: z.boolean().nullish(),
  proxy_url: text,
  no_proxy: text,
  proxy_from_environment: z.boolean().nullish(),
  proxy_connect_header: anything,
  http_headers: z
    .record(
      z.string(),
      z.strictObject({
        values: z.array(z.string()).nullish(),
        secrets: z.array(z.string()).nullish(),
        files: z.array(z.string()).nullish(),
      }),
    )
    .nullish(),
});

export type HttpConfig = z.output<typeof httpConfigSchema>;

const nonEmpty = (value: string | null | undefined): value is string =>
  value !== undefined && value !== null && value !== '';

export function httpClientOf(config: HttpConfig | undefined): HttpClientSpec {
  if (!config) return {};
  const { basic_auth: basic, authorization, tls_config: tls } = config;
  const token = config.bearer_token ?? authorization?.credentials;
  const tokenFile = config.bearer_token_file ?? authorization?.credentials_file;
  const headers = Object.entries(config.http_headers ?? {}).map(([name, { values, secrets }]) => [
    name,
    [...(values ?? []), ...(secrets ?? [])].join(', '),
  ]);
  return {
    ...(nonEmpty(basic?.username) && {
      basicAuth: {
        username: basic.username,
        ...(nonEmpty(basic.password) && { password: basic.password }),
        ...(nonEmpty(basic.password_file) && { passwordFile: basic.password_file }),
      },
    }),
    ...(nonEmpty(token) && { bearerToken: token }),
    ...(nonEmpty(tokenFile) && { bearerTokenFile: tokenFile }),
    ...(nonEmpty(authorization?.type) && { authorizationType: authorization.type }),
    ...(nonEmpty(config.proxy_url) && { proxyUrl: config.proxy_url }),
    ...(config.follow_redirects === false && { followRedirects: false }),
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) as Record<string, string> }),
    ...(tls && {
      tls: {
        ...(nonEmpty(tls.ca_file) && { caFile: tls.ca_file }),
        ...(nonEmpty(tls.cert_file) && { certFile: tls.cert_file }),
        ...(nonEmpty(tls.key_file) && { keyFile: tls.key_file }),
        ...(nonEmpty(tls.server_name) && { serverName: tls.server_name }),
        ...(tls.insecure_skip_verify === true && { insecureSkipVerify: true }),
      },
    }),
  };
}

/** What is set and not applied by our own client, by path. */
export function unusedOf(config: HttpConfig | undefined): string[][] {
  if (!config) return [];
  const set = (value: unknown): boolean =>
    value !== undefined && value !== null && value !== '' && value !== false;
  const paths = [
    ['oauth2'],
    ['no_proxy'],
    ['proxy_from_environment'],
    ['proxy_connect_header'],
    ...['ca', 'cert', 'key', 'ca_ref', 'cert_ref', 'key_ref'].map((key) => ['tls_config', key]),
    ['authorization', 'credentials_ref'],
    ...['username_file', 'username_ref', 'password_ref'].map((key) => ['basic_auth', key]),
  ];
  const headers = Object.entries(config.http_headers ?? {}).filter(
    ([, { files }]) => (files ?? []).length > 0,
  );
  const settings = config as Readonly<Record<string, unknown>>;
  const valueAt = (path: readonly string[]): unknown =>
    path.reduce<unknown>(
      (value, key) => (value as Record<string, unknown> | null | undefined)?.[key],
      settings,
    );
  return [
    ...paths.filter((path) => set(valueAt(path))),
    ...headers.map(([name]) => ['http_headers', name, 'files']),
  ];
}
