// AWS Signature Version 4 of one request.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

import { createHash, createHmac } from 'node:crypto';

interface SignedRequest {
  readonly method: string;
  readonly url: URL;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface SigningKey {
  readonly service: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

const algorithm = 'AWS4-HMAC-SHA256';

/** The headers that sign the request: x-amz-date and authorization. `atMs` is Unix milliseconds. */
export function signRequest(request: SignedRequest, key: SigningKey, atMs: number): Record<string, string> {
  const stamp = new Date(atMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const day = stamp.slice(0, 8);
  const headers = { ...request.headers, host: request.url.host, 'x-amz-date': stamp };
  const names = Object.keys(headers).sort();
  const scope = `${day}/${key.region}/${key.service}/aws4_request`;
  const canonical = [
    request.method,
    request.url.pathname,
    canonicalQuery(request.url),
    ...names.map((name) => `${name}:${headers[name as keyof typeof headers]!.trim()}`),
    '',
    names.join(';'),
    sha256(request.body),
  ].join('\n');
  const signingKey = [day, key.region, key.service, 'aws4_request'].reduce<Buffer | string>(
    hmac,
    `AWS4${key.secretKey}`,
  );
  const signature = hmac(signingKey, [algorithm, stamp, scope, sha256(canonical)].join('\n')).toString('hex');
  return {
    'x-amz-date': stamp,
    authorization: `${algorithm} Credential=${key.accessKey}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}

function canonicalQuery(url: URL): string {
  const encode = (text: string): string =>
    encodeURIComponent(text).replace(
      /[!'()*]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  return [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
