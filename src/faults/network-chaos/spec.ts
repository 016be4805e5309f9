// NetworkChaos in Chaos Mesh's fields. What a proxy cannot do is refused here, where the mistake has a place in the
// file: it sees a stream of bytes, not packets, and knows one peer on each side.

import { z } from 'zod';
import { parseDuration } from '../../base/duration.ts';
import type { Direction } from '../targets/target.ts';
import { parseRate } from './rate.ts';

export type NetworkChaosSpec =
  | {
      readonly action: 'delay';
      readonly direction: Direction;
      readonly latencyMs: number;
      readonly jitterMs: number;
    }
  | { readonly action: 'bandwidth'; readonly direction: Direction; readonly bytesPerSecond: number }
  | { readonly action: 'partition'; readonly direction: Direction };

const needsPackets =
  'a TCP proxy passes bytes on, not packets: this takes tc netem or nftables on the process';

/** Fields that other ways of making the fault have, and why this one does not. */
const beyondAProxy = {
  loss: needsPackets,
  duplicate: needsPackets,
  corrupt: needsPackets,
  rate: 'the action `rate` is that of tc netem; `bandwidth` limits the speed here',
  target: 'a proxy has one upstream, which is the other side',
  externalTargets: 'a proxy has one upstream, which is the other side',
  device: 'a proxy has no network device',
  targetDevice: 'a proxy has no network device',
} as const;

const durationMs = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 0) return ms;
  const params = { code: 'FD112', expected: 'a duration such as 300ms' };
  context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is not a duration`, params });
  return z.NEVER;
});

const bytesPerSecond = z.string().transform((text, context) => {
  const rate = parseRate(text);
  if (rate !== undefined) return rate;
  const params = { code: 'FD661', expected: 'a rate such as 1mbps (bytes) or 8mbit (bits)' };
  context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is not a rate`, params });
  return z.NEVER;
});

/** Chaos Mesh writes correlations as strings that hold a number, in percent. */
const correlation = z.union([z.string(), z.number()]).superRefine((value, context) => {
  if (Number.parseFloat(String(value)) === 0) return;
  const params = { code: 'FD660', expected: '"0"' };
  context.addIssue({
    code: 'custom',
    message: 'jitter that depends on the packet before needs tc netem',
    params,
  });
});

const refused = (reason: string) =>
  z
    .unknown()
    .superRefine((value, context) => {
      if (value !== undefined)
        context.addIssue({ code: 'custom', message: reason, params: { code: 'FD660' } });
    })
    .optional();

const delay = z.strictObject({
  latency: durationMs,
  jitter: durationMs.default(0),
  correlation: correlation.optional(),
  reorder: refused(needsPackets),
});

const bandwidth = z.strictObject({
  rate: bytesPerSecond,
  // Chaos Mesh asks for both. They say how tbf queues and drops packets; here the sender is made to wait.
  limit: z.int().positive().optional(),
  buffer: z.int().positive().optional(),
  peakrate: refused('a second, faster bucket needs tc tbf'),
  minburst: refused('a second, faster bucket needs tc tbf'),
});

const fields = z.strictObject({
  action: z.enum(['delay', 'bandwidth', 'partition', 'netem', 'loss', 'duplicate', 'corrupt']),
  direction: z.enum(['to', 'from', 'both']).default('to'),
  delay: delay.optional(),
  bandwidth: bandwidth.optional(),
  loss: refused(beyondAProxy.loss),
  duplicate: refused(beyondAProxy.duplicate),
  corrupt: refused(beyondAProxy.corrupt),
  rate: refused(beyondAProxy.rate),
  target: refused(beyondAProxy.target),
  externalTargets: refused(beyondAProxy.externalTargets),
  device: refused(beyondAProxy.device),
  targetDevice: refused(beyondAProxy.targetDevice),
});

export const networkChaosSchema = fields.transform((spec, context): NetworkChaosSpec => {
  const { action, direction } = spec;
  const issue = (path: string, message: string, code: string) => {
    context.addIssue({ code: 'custom', path: [path], message, params: { code } });
    return z.NEVER;
  };
  for (const other of ['delay', 'bandwidth'] as const) {
    if (spec[other] && action !== other) {
      issue(other, `action ${action} does not use it; write a fault of its own`, 'FD105');
    }
  }
  switch (action) {
    case 'delay':
      if (!spec.delay) return issue('delay', 'action delay needs it', 'FD107');
      return { action, direction, latencyMs: spec.delay.latency, jitterMs: spec.delay.jitter };
    case 'bandwidth':
      if (!spec.bandwidth) return issue('bandwidth', 'action bandwidth needs it', 'FD107');
      return { action, direction, bytesPerSecond: spec.bandwidth.rate };
    case 'partition':
      return { action, direction };
    default:
      return issue('action', `${action}: ${needsPackets}`, 'FD660');
  }
});
