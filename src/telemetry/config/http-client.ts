// How a client of ours proves who it is and whom it trusts: the fields of Prometheus's HTTP configuration.

import { resolve } from 'node:path';
import { z } from 'zod';
import { complain, text } from '../../base/scalars.ts';
import type { HttpClientSpec } from '../http-client-spec.ts';

/** Spread into the objects that have them; `oneCredential` checks that they do not contradict each other. */
export const httpClientFields = {
  basic_auth: z
    .strictObject({
      username: z.string().describe('User name.'),
      password: z.string().optional().describe('Password; never written anywhere.'),
      password_file: text.optional().describe('File that holds the password, read at each use.'),
    })
    .optional()
    .describe('HTTP basic authentication.'),
  authorization: z
    .strictObject({
      type: text.optional().describe('Scheme of the Authorization header; Bearer when not given.'),
      credentials: text.optional().describe('What follows the scheme; never written anywhere.'),
      credentials_file: text.optional().describe('File that holds the credentials, read at each use.'),
    })
    .optional()
    .describe('Authorization header.'),
  bearer_token: text.optional().describe('Short for authorization with credentials.'),
  bearer_token_file: text.optional().describe('Short for authorization with credentials_file.'),
  tls_config: z
    .strictObject({
      ca_file: text.optional().describe('Certificates of the authorities to trust.'),
      cert_file: text.optional().describe('Certificate of the client.'),
      key_file: text.optional().describe('Private key of the client.'),
      server_name: text.optional().describe('Name that the server must prove, when it is not the host.'),
      insecure_skip_verify: z.boolean().optional().describe('Trust any certificate.'),
    })
    .optional()
    .describe('TLS of the client.'),
  headers: z
    .record(z.string(), z.string())
    .optional()
    .describe(
      'Further request headers, such as X-Scope-OrgID; never written anywhere where they look secret.',
    ),
};

export type HttpClientFields = z.output<z.ZodObject<typeof httpClientFields>>;

export function oneCredential(fields: HttpClientFields, context: z.core.$RefinementCtx): void {
  const { basic_auth: basic, authorization, bearer_token: token, bearer_token_file: tokenFile } = fields;
  const given = Object.entries({
    basic_auth: basic,
    authorization,
    bearer_token: token,
    bearer_token_file: tokenFile,
  }).filter(([, value]) => value !== undefined);
  const [, second] = given;
  if (second)
    complain(context, 'FD105', 'a second way to authenticate', {
      path: [second[0]],
      expected: `only ${given[0]![0]}`,
    });
  if (basic?.password !== undefined && basic.password_file !== undefined)
    complain(context, 'FD105', 'a second password', {
      path: ['basic_auth', 'password_file'],
      expected: 'only password',
    });
  if (
    authorization &&
    (authorization.credentials === undefined) === (authorization.credentials_file === undefined)
  )
    complain(context, 'FD107', 'without its credentials, or with two of them', {
      path: ['authorization'],
      expected: 'one of credentials, credentials_file',
    });
  const tls = fields.tls_config;
  if (tls && (tls.cert_file === undefined) !== (tls.key_file === undefined))
    complain(context, 'FD107', 'a certificate needs its key', {
      path: ['tls_config'],
      expected: 'cert_file and key_file',
    });
}

/** Paths of files are relative to the experiment's folder. */
export function resolveHttpClient(fields: HttpClientFields, folder: string): HttpClientSpec {
  const { basic_auth: basic, authorization, tls_config: tls, headers } = fields;
  const token = fields.bearer_token ?? authorization?.credentials;
  const tokenFile = fields.bearer_token_file ?? authorization?.credentials_file;
  const file = (path: string) => resolve(folder, path);
  return {
    ...(basic && {
      basicAuth: {
        username: basic.username,
        ...(basic.password !== undefined && { password: basic.password }),
        ...(basic.password_file !== undefined && { passwordFile: file(basic.password_file) }),
      },
    }),
    ...(token !== undefined && { bearerToken: token }),
    ...(tokenFile !== undefined && { bearerTokenFile: file(tokenFile) }),
    ...(authorization?.type !== undefined && { authorizationType: authorization.type }),
    ...(headers && { headers }),
    ...(tls && {
      tls: {
        ...(tls.ca_file !== undefined && { caFile: file(tls.ca_file) }),
        ...(tls.cert_file !== undefined && { certFile: file(tls.cert_file) }),
        ...(tls.key_file !== undefined && { keyFile: file(tls.key_file) }),
        ...(tls.server_name !== undefined && { serverName: tls.server_name }),
        ...(tls.insecure_skip_verify !== undefined && { insecureSkipVerify: tls.insecure_skip_verify }),
      },
    }),
  };
}
