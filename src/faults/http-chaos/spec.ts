// HTTPChaos in Chaos Mesh's fields. Which requests and responses: `port`, `path`, `method`, `code` and headers, all of
// which must match. What happens to them: abort, or any of delay, replace and patch.

import { z } from 'zod';
import { complain, list, port, text } from '../../base/scalars.ts';
import { delay } from '../chaos-mesh/fields.ts';

const methods = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT'] as const;

const statusCode = z.int().min(100).max(599);
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'not the name of a header');
const headerValue = z.string().regex(/^[^\r\n\0]*$/, 'a header has no line breaks');
const headers = z.record(headerName, headerValue);
const queries = z.record(z.string(), z.string());

const base64Expected = 'base64, as in bm90aGluZw==';

/** Go's []byte: base64 in the file, bytes here. */
const bytes = z
  .string()
  .transform((written, context) => {
    if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(written))
      return new Uint8Array(Buffer.from(written, 'base64'));
    complain(context, 'FD105', 'not base64', { expected: base64Expected });
    return z.NEVER;
  })
  .meta({ expected: base64Expected });

/** A merge patch (RFC 7396) for a JSON body. */
const jsonPatch = z
  .strictObject({ type: z.literal('JSON'), value: z.string() })
  .superRefine(({ value }, context) => {
    try {
      JSON.parse(value);
    } catch {
      complain(context, 'FD105', 'not JSON', { path: ['value'], expected: 'JSON, such as {"foo": "bar"}' });
    }
  });

const replaceSchema = z.strictObject({
  path: text.optional(),
  method: z.string().optional(),
  code: statusCode.optional(),
  body: bytes.optional(),
  queries: queries.optional(),
  headers: headers.optional(),
});

/** Names and values that are added: `[["Set-Cookie", "a=b"]]`. */
const patchSchema = z.strictObject({
  body: jsonPatch.optional(),
  queries: list(z.tuple([z.string(), z.string()])).optional(),
  headers: list(z.tuple([headerName, headerValue])).optional(),
});

/** Files here, or a secret of a cluster in Chaos Mesh's words, which only a cluster can give. */
const tlsSchema = z
  .strictObject({
    certFile: text.optional().describe("PEM file of the server's certificate, with those that vouch for it."),
    keyFile: text.optional().describe('PEM file of its private key.'),
    caFile: text.optional().describe('PEM file of who must have issued the certificate of the target.'),
    secretName: text.optional(),
    secretNamespace: text.optional(),
    certName: text.optional(),
    keyName: text.optional(),
    caName: text.optional(),
  })
  .transform((tls, context): HttpChaosTls => {
    const { certFile, keyFile, caFile, secretName, secretNamespace, certName, keyName, caName } = tls;
    const inCluster = [secretName, secretNamespace, certName, keyName, caName].some(
      (each) => each !== undefined,
    );
    if (!inCluster && certFile && keyFile) return { certFile, keyFile, caFile };
    const inFiles = [certFile, keyFile, caFile].some((each) => each !== undefined);
    if (!inFiles && secretName && secretNamespace && certName && keyName)
      return { secretName, secretNamespace };
    const message =
      inFiles && inCluster ? 'files and a secret at once' : 'the certificate and its key are not said';
    complain(context, inFiles && inCluster ? 'FD105' : 'FD107', message, {
      expected: 'certFile and keyFile; on a cluster secretName, secretNamespace, certName and keyName',
    });
    return z.NEVER;
  });

const fields = z.strictObject({
  target: z.enum(['Request', 'Response']),
  /** The port that the target listens on, or, with `direction: to`, that it calls. */
  port,
  direction: z
    .enum(['from', 'to'])
    .optional()
    .describe('from: requests that the target receives (the default). to: requests that it sends.'),
  openConnections: z
    .enum(['end', 'keep'])
    .optional()
    .describe('Those of before: ended when they are quiet (the default), or left as they are.'),
  /** `*` stands for any characters, `?` for one. */
  path: text.optional(),
  method: z.string().optional(),
  code: statusCode.optional(),
  request_headers: headers.optional(),
  response_headers: headers.optional(),
  abort: z.boolean().optional(),
  delay: delay.optional(),
  replace: replaceSchema.optional(),
  patch: patchSchema.optional(),
  tls: tlsSchema.optional(),
});

type HttpChaosTls =
  | { readonly certFile: string; readonly keyFile: string; readonly caFile: string | undefined }
  | { readonly secretName: string; readonly secretNamespace: string };

export interface HttpChaosSpec {
  readonly target: 'Request' | 'Response';
  readonly port: number;
  /** `from`: requests that the target receives. `to`: those that it sends. */
  readonly direction: 'from' | 'to';
  /** Connections of before stay, and go past the fault. */
  readonly keepsOpen: boolean;
  readonly match: {
    /** A pattern: `*` stands for any characters, `?` for one. */
    readonly path: string | undefined;
    readonly method: string | undefined;
    /** Only for responses. */
    readonly code: number | undefined;
    readonly requestHeaders: Readonly<Record<string, string>>;
    readonly responseHeaders: Readonly<Record<string, string>>;
  };
  /** The connection ends without an answer. */
  readonly abort: boolean;
  readonly delayMs: number;
  readonly replace: z.output<typeof replaceSchema>;
  readonly patch: z.output<typeof patchSchema>;
  readonly tls: HttpChaosTls | undefined;
}

/** Parts of an answer that a request does not have, and the other way about. */
const onlyOfResponses = [['code'], ['response_headers'], ['replace', 'code']] as const;
const onlyOfRequests = [
  ['replace', 'path'],
  ['replace', 'method'],
  ['replace', 'queries'],
  ['patch', 'queries'],
] as const;

export const httpChaosSchema = fields
  .superRefine((spec, context) => {
    const { target, method } = spec;
    if (target === 'Request' && method !== undefined && !isMethod(method))
      complain(context, 'FD105', `${JSON.stringify(method)} is no method`, {
        path: ['method'],
        expected: `one of ${methods.join(', ')}`,
      });
    const misplaced = target === 'Request' ? onlyOfResponses : onlyOfRequests;
    for (const path of misplaced) {
      const [head, key] = path;
      const holder = spec[head];
      const value = key === undefined ? holder : (holder as Record<string, unknown> | undefined)?.[key];
      if (value === undefined) continue;
      const other = target === 'Request' ? 'Response' : 'Request';
      complain(context, 'FD105', `not of a ${target.toLowerCase()}`, {
        path: [...path],
        expected: `target: ${other}`,
      });
    }
    if (!spec.abort && !spec.delay && !spec.replace && !spec.patch)
      complain(context, 'FD107', 'nothing happens to what it selects', {
        expected: 'one of abort: true, delay, replace, patch',
      });
  })
  .transform(
    (spec): HttpChaosSpec => ({
      target: spec.target,
      port: spec.port,
      direction: spec.direction ?? 'from',
      keepsOpen: spec.openConnections === 'keep',
      match: {
        path: spec.path,
        method: spec.method,
        code: spec.code,
        requestHeaders: spec.request_headers ?? {},
        responseHeaders: spec.response_headers ?? {},
      },
      abort: spec.abort ?? false,
      delayMs: spec.delay ?? 0,
      replace: spec.replace ?? {},
      patch: spec.patch ?? {},
      tls: spec.tls,
    }),
  );

function isMethod(method: string): boolean {
  return (methods as readonly string[]).includes(method);
}
