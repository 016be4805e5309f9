import { z } from 'zod';
import { RequestStage } from '../http/request-stage.ts';
import { ResponseStage } from '../http/response-stage.ts';
import type { StagePair, ToxicPlace, ToxicType } from '../toxic.ts';
import { milliseconds, share } from './attributes.ts';

const bodyBytesMax = 2 ** 20;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

const schema = z.object({
  method: z.string().default(''),
  path: z.string().default(''),
  probability: share(),
  status: z
    .int()
    .refine((status) => status === 0 || (status >= 200 && status <= 599), {
      error: 'must be between 200 and 599',
    })
    .default(0),
  latency: milliseconds(),
  headers: z
    .record(
      z.string().regex(token, { error: 'not the name of a header field' }),
      z.string().regex(/^[^\r\n\0]*$/, { error: 'a header field has no line breaks' }),
    )
    .default({}),
  body: z.string().max(bodyBytesMax).optional(),
});

/**
 * Faults of the requests of an HTTP/1.x connection that match `method` and `path` (`*` stands for any characters), each
 * by itself with the probability. Its stream has no meaning. Connections that speak something else pass untouched.
 */
export const http: ToxicType<z.infer<typeof schema>> = {
  name: 'http',
  schema,
  stages: faultPair,
};

function faultPair(attributes: z.infer<typeof schema>, { clock, random }: ToxicPlace): StagePair {
  const { method, probability } = attributes;
  const path = pathPattern(attributes.path);
  const choose = (requested: string, requestedPath: string) => {
    const matches = (method === '' || method.toUpperCase() === requested) && path.test(requestedPath);
    return matches && random() < probability ? attributes : undefined;
  };
  let responses: ResponseStage;
  return {
    downstream(next) {
      responses = new ResponseStage(clock, next);
      return responses;
    },
    upstream: (next) =>
      new RequestStage(
        {
          choose,
          begun: (exchange) => responses.begin(exchange),
          complete: (exchange) => responses.answer(exchange),
        },
        next,
      ),
  };
}

function pathPattern(path: string): RegExp {
  if (path === '') return /^/;
  const parts = path.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
