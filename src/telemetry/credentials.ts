// Who we are, to the other end of one request: the headers that say so, and the words that must not be shown.

import type { HttpClientSpec } from './http-client-spec.ts';
import { readSecretFile } from './secret-file.ts';

export class Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly #secrets: readonly string[];

  private constructor(headers: Readonly<Record<string, string>>, secrets: readonly string[]) {
    this.headers = headers;
    this.#secrets = secrets.filter((secret) => secret !== '');
  }

  /** Reads the files that are named. User name and password may also stand in the address. */
  static async read(spec: HttpClientSpec, url: URL): Promise<Credentials> {
    const { basicAuth, headers = {} } = spec;
    const custom = Object.values(headers);
    const token = spec.bearerToken ?? (await fileContent(spec.bearerTokenFile));
    if (token !== undefined) {
      const authorization = `${spec.authorizationType ?? 'Bearer'} ${token}`;
      return new Credentials({ ...headers, authorization }, [token, ...custom]);
    }
    const username = basicAuth?.username ?? decodeURIComponent(url.username);
    const password =
      basicAuth?.password ?? (await fileContent(basicAuth?.passwordFile)) ?? decodeURIComponent(url.password);
    if (username === '' && password === '') return new Credentials(headers, custom);
    const encoded = Buffer.from(`${username}:${password}`).toString('base64');
    return new Credentials({ ...headers, authorization: `Basic ${encoded}` }, [password, encoded, ...custom]);
  }

  /** The text with every secret replaced. */
  strike(text: string): string {
    return this.#secrets.reduce((rest, secret) => rest.replaceAll(secret, '<redacted>'), text);
  }
}

async function fileContent(path: string | undefined): Promise<string | undefined> {
  return path === undefined ? undefined : (await readSecretFile(path)).trim();
}
