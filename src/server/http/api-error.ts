// What the API says when it cannot answer: a kind of error, which fixes the HTTP status, and a text. Kinds, statuses
// and texts are those of Prometheus's HTTP API.
// https://prometheus.io/docs/prometheus/latest/querying/api/#format-overview

const statusOf = {
  bad_data: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  not_acceptable: 406,
  execution: 422,
  /** Nobody hears it: the client has gone. */
  canceled: 499,
  internal: 500,
  timeout: 503,
  unavailable: 503,
} as const;

export type ApiErrorType = keyof typeof statusOf;

export class ApiError extends Error {
  readonly type: ApiErrorType;

  constructor(type: ApiErrorType, message: string) {
    super(message);
    this.name = 'ApiError';
    this.type = type;
  }

  get status(): number {
    return statusOf[this.type];
  }
}

export function invalidParameter(name: string, reason: string): ApiError {
  return new ApiError('bad_data', `invalid parameter "${name}": ${reason}`);
}

/** An answer that is not one of the API's: an upload refused with its own status, as the protocol defines it. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'HttpError';
    this.status = status;
  }
}
