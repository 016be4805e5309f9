// What the API says when it cannot do what it is asked: texts and statuses are those of toxiproxy, since client
// libraries match them.

export class ProxyApiError extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.name = 'ProxyApiError';
    this.status = status;
  }
}

export const badBody = (reason: string) => new ProxyApiError(`bad request body: ${reason}`, 400);
export const missingField = (name: string) => new ProxyApiError(`missing required field: ${name}`, 400);
export const proxyNotFound = () => new ProxyApiError('proxy not found', 404);
export const proxyExists = () => new ProxyApiError('proxy already exists', 409);
export const invalidStream = () =>
  new ProxyApiError('stream was invalid, can be either upstream or downstream', 400);
export const invalidToxicType = () => new ProxyApiError('invalid toxic type', 400);
export const toxicExists = () => new ProxyApiError('toxic already exists', 409);
export const toxicNotFound = () => new ProxyApiError('toxic not found', 404);
