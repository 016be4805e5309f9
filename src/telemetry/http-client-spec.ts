import type { LabelRecord } from '../base/labels.ts';

/** Authentication and TLS of an HTTP client; `*File` forms are read at each use, so that a rotated secret is seen. */
export interface HttpClientSpec {
  readonly basicAuth?: {
    readonly username: string;
    readonly password?: string;
    readonly passwordFile?: string;
  };
  readonly bearerToken?: string;
  readonly bearerTokenFile?: string;
  readonly authorizationType?: string;
  readonly headers?: LabelRecord;
  /** `http://user:password@proxy:3128`; everything goes through it. */
  readonly proxyUrl?: string;
  /** Yes unless it is false. */
  readonly followRedirects?: boolean;
  readonly tls?: {
    readonly caFile?: string;
    readonly certFile?: string;
    readonly keyFile?: string;
    readonly serverName?: string;
    readonly insecureSkipVerify?: boolean;
  };
}
