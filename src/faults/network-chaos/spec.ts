// NetworkChaos in Chaos Mesh's fields, and a few of ours: `ports`, and the actions `reset`, `reject` and `blackhole`.
// What a file says is checked here; what a machine can do with it is up to the drivers.

import { z } from 'zod';
import { complain, list, port, text } from '../../base/scalars.ts';
import { checkModeValue, delay, modes, percentText } from '../chaos-mesh/fields.ts';
import { selectorSchema } from '../chaos-mesh/selector.ts';
import type { PeerSelection } from '../select.ts';
import type { Direction } from '../targets/target.ts';
import { type ExternalTarget, parseExternalTarget } from './external-target.ts';
import { parseRate } from './rate.ts';

/** A chance, and how much each draw is like the one before; both 0 to 100. */
export interface Share {
  readonly percent: number;
  readonly correlation: number;
}

export interface Delay {
  readonly latencyMs: number;
  /** Up or down, drawn evenly. */
  readonly jitterMs: number;
  readonly correlation: number;
  /** These are sent at once; with a gap only every gap-th packet may be. */
  readonly reorder: (Share & { readonly gap: number }) | undefined;
}

/** What tc-netem(8) does to packets. */
export interface Impairment {
  readonly delay?: Delay;
  readonly loss?: Share;
  readonly duplicate?: Share;
  readonly corrupt?: Share;
  /** `rate.rate`: how fast packets leave, one after the other. */
  readonly bytesPerSecond?: number;
}

/** What tc-tbf(8) does: a bucket of tokens. */
export interface Bandwidth {
  readonly bytesPerSecond: number;
  /** Bytes that may wait; what comes beyond is dropped. */
  readonly limitBytes: number | undefined;
  /** Bytes that may pass at once after a silence. */
  readonly burstBytes: number | undefined;
  readonly peak: { readonly bytesPerSecond: number; readonly burstBytes: number } | undefined;
}

/** Which packets of the target. */
export interface Scope {
  readonly direction: Direction;
  readonly target: PeerSelection | undefined;
  readonly externalTargets: readonly ExternalTarget[];
  /** Of either side; all when empty. */
  readonly ports: readonly number[];
  readonly device: string | undefined;
}

type RejectAnswer = (typeof rejectAnswers)[number];

export type NetworkChaosSpec = Scope &
  (
    | {
        readonly action: 'netem' | 'delay' | 'loss' | 'duplicate' | 'corrupt';
        readonly impairment: Impairment;
      }
    | { readonly action: 'bandwidth'; readonly bandwidth: Bandwidth }
    | { readonly action: 'partition' | 'reset' | 'blackhole' }
    | { readonly action: 'reject'; readonly answer: RejectAnswer }
  );

type NetworkAction = NetworkChaosSpec['action'];

const actions = [
  'netem',
  'delay',
  'loss',
  'duplicate',
  'corrupt',
  'partition',
  'bandwidth',
  'reset',
  'reject',
  'blackhole',
] as const;

/** Names of ICMP and ICMPv6 alike, as in nft(8). */
const rejectAnswers = ['port-unreachable', 'host-unreachable', 'no-route', 'admin-prohibited'] as const;

const bytesPerSecond = z.string().transform((written, context) => {
  const rate = parseRate(written);
  if (rate !== undefined) return rate;
  complain(context, 'FD661', `${JSON.stringify(written)} is not a rate`, {
    expected: 'a rate such as 1mbps (bytes) or 8mbit (bits)',
  });
  return z.NEVER;
});

const correlation = percentText.optional();

const delaySchema = z
  .strictObject({
    latency: delay,
    jitter: delay.optional(),
    correlation,
    reorder: z
      .strictObject({ reorder: percentText, correlation, gap: z.int().min(0) })
      .optional()
      .describe('Share of packets that overtake: they are sent at once.'),
  })
  .transform(
    ({ latency, jitter, correlation: like, reorder }): Delay => ({
      latencyMs: latency,
      jitterMs: jitter ?? 0,
      correlation: like ?? 0,
      reorder: reorder && {
        percent: reorder.reorder,
        correlation: reorder.correlation ?? 0,
        gap: reorder.gap,
      },
    }),
  );

const bandwidthSchema = z
  .strictObject({
    rate: bytesPerSecond,
    limit: z.int32().min(1).optional().describe('Bytes that may wait.'),
    buffer: z.int32().min(1).optional().describe('Bytes that may pass at once.'),
    peakrate: z.int().min(0).optional().describe('Bytes a second that a burst may reach.'),
    minburst: z.int32().min(0).optional().describe('Bytes that may pass at once at the peak rate.'),
  })
  .transform(
    ({ rate, limit, buffer, peakrate, minburst }): Bandwidth => ({
      bytesPerSecond: rate,
      limitBytes: limit,
      burstBytes: buffer,
      // A peak below the rate would be the rate; tc refuses it.
      peak:
        peakrate !== undefined && peakrate > rate
          ? { bytesPerSecond: peakrate, burstBytes: minburst ?? 0 }
          : undefined,
    }),
  );

const externalTarget = z.string().transform((written, context) => {
  const parsed = parseExternalTarget(written);
  if (parsed) return parsed;
  complain(context, 'FD105', `${JSON.stringify(written)} is neither an address nor a name`, {
    expected: 'an address, a block such as 10.0.0.0/8 or a host name, each with or without :port',
  });
  return z.NEVER;
});

const peerSelection = z
  .strictObject({
    selector: selectorSchema,
    mode: z.enum(modes),
    value: z.union([z.string(), z.number()]).transform(String).optional(),
  })
  .superRefine(checkModeValue)
  .transform(({ selector, mode, value }): PeerSelection => ({ selector, mode, value }));

const elsewhere = (reason: string) =>
  z
    .unknown()
    .superRefine((value, context) => {
      if (value !== undefined) complain(context, 'FD660', reason);
    })
    .optional();

// IFNAMSIZ with its end: linux/if.h.
const deviceName = text.refine((name) => name.length <= 15 && !/[\s/"]/.test(name), {
  error: 'no name of a network device',
});

const fields = z.strictObject({
  action: z.enum(actions),
  direction: z.enum(['to', 'from', 'both']).default('to'),
  delay: delaySchema.optional(),
  loss: z.strictObject({ loss: percentText, correlation }).optional(),
  duplicate: z.strictObject({ duplicate: percentText, correlation }).optional(),
  corrupt: z.strictObject({ corrupt: percentText, correlation }).optional(),
  rate: z.strictObject({ rate: bytesPerSecond }).optional(),
  bandwidth: bandwidthSchema.optional(),
  reject: z
    .strictObject({ with: z.enum(rejectAnswers) })
    .optional()
    .describe('What the sender is told; port-unreachable when not given.'),
  target: peerSelection
    .optional()
    .describe('Only packets between the target of the fault and these targets.'),
  externalTargets: list(externalTarget).optional().describe('Only packets to or from these addresses.'),
  ports: list(port).optional().describe('Only packets of these ports, of either side.'),
  device: deviceName.optional().describe('Only packets that pass this network device.'),
  targetDevice: elsewhere('here the fault acts at the target only: name its device in `device`'),
  remoteCluster: elsewhere('there is no cluster here'),
});

type Fields = z.output<typeof fields>;

/** Which parts of the file belong to an action. */
const partsOf: Record<NetworkAction, readonly (keyof Fields)[]> = {
  netem: ['delay', 'loss', 'duplicate', 'corrupt', 'rate'],
  delay: ['delay'],
  loss: ['loss'],
  duplicate: ['duplicate'],
  corrupt: ['corrupt'],
  bandwidth: ['bandwidth'],
  partition: [],
  reset: [],
  reject: ['reject'],
  blackhole: [],
};

const allParts = ['delay', 'loss', 'duplicate', 'corrupt', 'rate', 'bandwidth', 'reject'] as const;

export const networkChaosSchema = fields.transform((written, context): NetworkChaosSpec => {
  checkParts(written, context);
  const { action, direction, target, externalTargets = [], ports = [], device } = written;
  const scope: Scope = { direction, target, externalTargets, ports, device };
  switch (action) {
    case 'bandwidth':
      return written.bandwidth ? { ...scope, action, bandwidth: written.bandwidth } : z.NEVER;
    case 'reject':
      return { ...scope, action, answer: written.reject?.with ?? 'port-unreachable' };
    case 'partition':
    case 'reset':
    case 'blackhole':
      return { ...scope, action };
    default:
      return { ...scope, action, impairment: impairmentOf(written) };
  }
});

function checkParts(written: Fields, context: z.core.$RefinementCtx): void {
  const { action } = written;
  const own = partsOf[action];
  for (const part of allParts) {
    if (written[part] !== undefined && !own.includes(part))
      complain(context, 'FD105', `action ${action} does not use it; write a fault of its own`, {
        path: [part],
      });
  }
  if (own.length === 0 || action === 'reject' || own.some((part) => written[part] !== undefined)) return;
  complain(context, 'FD107', `action ${action} needs ${own.length > 1 ? `one of ${own.join(', ')}` : 'it'}`, {
    path: own.length > 1 ? [] : [own[0]!],
  });
}

function impairmentOf({ delay: delays, loss, duplicate, corrupt, rate }: Fields): Impairment {
  const like = (part: { readonly correlation?: number | undefined }) => part.correlation ?? 0;
  return {
    ...(delays && { delay: delays }),
    ...(loss && { loss: { percent: loss.loss, correlation: like(loss) } }),
    ...(duplicate && { duplicate: { percent: duplicate.duplicate, correlation: like(duplicate) } }),
    ...(corrupt && { corrupt: { percent: corrupt.corrupt, correlation: like(corrupt) } }),
    ...(rate && { bytesPerSecond: rate.rate }),
  };
}
