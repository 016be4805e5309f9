// The small values that configuration files share: durations, sizes, labels, addresses. Each says in words what
// belongs there (`expected`), for errors and for the help that an editor shows.

import { z } from 'zod';
import type { ErrorCode } from './catalogue.ts';
import { parseDuration } from './duration.ts';

/**
 * Adds an issue of ours, with its code and what would be right. It says nothing of a mapping that has unknown keys: what
 * seems to be missing or contradictory there is most likely the key that was mistyped.
 */
export function complain(
  context: z.core.$RefinementCtx,
  code: ErrorCode,
  message: string,
  more: {
    readonly expected?: string;
    readonly path?: (string | number)[];
    readonly offset?: number;
    readonly length?: number;
  } = {},
): void {
  if (context.issues.some((issue) => issue.code === 'unrecognized_keys')) return;
  const { path, ...details } = more;
  context.addIssue({ code: 'custom', message, params: { code, ...details }, ...(path ? { path } : {}) });
}

const durationMsMax = 366 * 86_400_000;
const durationExpected = 'a duration such as 500ms, 30s, 5m or 1h30m';

/** A duration above zero, in milliseconds. */
export const duration = z
  .string()
  .transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== undefined && ms > 0 && ms <= durationMsMax) return ms;
    const message =
      ms === undefined
        ? `${JSON.stringify(text)} is no duration`
        : ms <= 0
          ? `${JSON.stringify(text)} is not above zero`
          : `${JSON.stringify(text)} is more than a year`;
    complain(context, 'FD112', message, { expected: durationExpected });
    return z.NEVER;
  })
  .meta({ expected: durationExpected });

const labelName = z.string().refine((text) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(text), {
  error: 'not a label name',
  params: { expected: 'a label name: letters, digits and `_`, not a digit first' },
});

/** Prometheus labels: names to values. */
export const labels = z.record(labelName, z.string());

/** Text that is not empty. */
export const text = z.string().min(1);

/** host:port of an address, or undefined; an IPv6 host stands in brackets. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) return undefined;
  return { host: match[1] ?? match[2]!, port };
}

const addressExpected = 'host:port, such as 127.0.0.1:8080';

function addressAbove(portMin: 0 | 1) {
  return z
    .string()
    .refine((address) => (splitAddress(address)?.port ?? -1) >= portMin, {
      error: (issue) => `${JSON.stringify(issue.input)} is no address`,
      params: { expected: addressExpected },
    })
    .meta({ expected: addressExpected });
}

/** host:port of something that exists. */
export const address = addressAbove(1);
/** host:port to listen on; port 0 takes any free one. */
export const listenAddress = addressAbove(0);

export const port = z.int().min(1).max(65_535);

const urlExpected = 'an http:// or https:// address';

export const httpUrl = z
  .string()
  .refine((value) => httpUrlOf(value) !== undefined, {
    error: (issue) => `${JSON.stringify(issue.input)} is no HTTP address`,
    params: { expected: urlExpected },
  })
  .meta({ expected: urlExpected });

/** The address as an object, or undefined when it is none of HTTP. */
export function httpUrlOf(value: string): URL | undefined {
  if (!URL.canParse(value)) return undefined;
  const url = new URL(value);
  return /^https?:$/.test(url.protocol) && url.hostname !== '' ? url : undefined;
}

const sizeExpected = 'a size such as 512KB, 10MB or 1GB';
const sizeUnits: Record<string, number> = { '': 1, B: 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** Bytes, with Prometheus's units: powers of 1024. */
export const size = z
  .string()
  .transform((value, context) => {
    const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*(?:(B|[KMG])(?:i?B)?)?$/.exec(value) ?? [];
    const bytes = Math.floor(Number(amount) * sizeUnits[unit ?? '']!);
    if (bytes > 0) return bytes;
    complain(context, 'FD105', `${JSON.stringify(value)} is no size`, { expected: sizeExpected });
    return z.NEVER;
  })
  .meta({ expected: sizeExpected });

/** A list with a limit. */
export function list<T extends z.ZodType>(entry: T, max = 100) {
  return z.array(entry).max(max);
}
