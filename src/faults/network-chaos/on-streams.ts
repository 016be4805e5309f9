// What a fault comes to where connections go through a proxy of ours: it sees streams of bytes, not packets.

import { humanDuration } from '../../base/duration.ts';
import type { Direction, Disturbance } from '../targets/target.ts';
import { formatRate } from './rate.ts';
import type { Impairment, NetworkChaosSpec } from './spec.ts';

/** Why a stream cannot have it; undefined when it can. */
export function whyNotOnStreams(spec: NetworkChaosSpec): string | undefined {
  switch (spec.action) {
    case 'partition':
    case 'blackhole':
    case 'reset':
      return undefined;
    case 'reject':
      return spec.answer === 'port-unreachable'
        ? undefined
        : `it can refuse a connection, but not with an ICMP error: no ${spec.answer}`;
    case 'bandwidth':
      return spec.bandwidth.peak ? 'it makes senders wait and drops nothing: no peakrate' : undefined;
    default:
      return whyNotImpaired(spec.impairment);
  }
}

function whyNotImpaired({ delay, loss, duplicate, corrupt }: Impairment): string | undefined {
  if (duplicate) return 'TCP drops what comes twice, so that a stream has no duplicate';
  if (corrupt) return 'TCP drops what was damaged and sends it again, so that a stream has no corrupt';
  if (delay?.reorder) return 'a stream keeps its order: no reorder';
  if ((delay && delay.correlation > 0) || (loss && loss.correlation > 0))
    return 'it draws each delay and each loss by itself: no correlation';
  return undefined;
}

/** The fault as disturbances of the connections, in the order in which they act. */
export function disturbancesOf(spec: NetworkChaosSpec, direction: Direction): Disturbance[] {
  switch (spec.action) {
    case 'partition':
    case 'blackhole':
      return [{ type: 'partition', direction }];
    // A connection that was accepted can only be broken; the client sees ECONNRESET in place of ECONNREFUSED.
    case 'reset':
    case 'reject':
      return [{ type: 'reset' }];
    case 'bandwidth':
      // How a bucket queues and drops packets means nothing here: the sender is made to wait.
      return [{ type: 'bandwidth', direction, bytesPerSecond: spec.bandwidth.bytesPerSecond }];
    default: {
      const { delay, loss, bytesPerSecond } = spec.impairment;
      return [
        ...(delay
          ? [{ type: 'delay', direction, latencyMs: delay.latencyMs, jitterMs: delay.jitterMs } as const]
          : []),
        ...(loss ? [{ type: 'loss', direction, share: loss.percent / 100 } as const] : []),
        ...(bytesPerSecond === undefined ? [] : [{ type: 'bandwidth', direction, bytesPerSecond } as const]),
      ];
    }
  }
}

/** `delays answers by 300ms for 10s`, with what one hit is. */
export function describeOnStreams(
  disturbances: readonly Disturbance[],
  names: Readonly<Record<Direction, string>>,
  durationMs: number | undefined,
): { readonly what: string; readonly hits: string } {
  const described = disturbances.map((each) => describe(each, names));
  const during = durationMs === undefined ? '' : ` for ${humanDuration(durationMs)}`;
  const [first, ...others] = described;
  return {
    what: `${described.map(({ what }) => what).join(', ')}${during}`,
    hits: first && others.length === 0 ? first.hits : 'bytes affected',
  };
}

function describe(
  disturbance: Disturbance,
  names: Readonly<Record<Direction, string>>,
): { readonly what: string; readonly hits: string } {
  if (disturbance.type === 'reset')
    return {
      what: 'resets connections, open ones at once and new ones as they come',
      hits: 'connections reset',
    };
  const bytes = names[disturbance.direction];
  switch (disturbance.type) {
    case 'delay': {
      const { latencyMs, jitterMs } = disturbance;
      const jitter = jitterMs > 0 ? `, give or take ${humanDuration(jitterMs)}` : '';
      return { what: `delays ${bytes} by ${humanDuration(latencyMs)}${jitter}`, hits: 'bytes delayed' };
    }
    case 'loss': {
      const share = Number((disturbance.share * 100).toPrecision(4));
      return {
        what: `lets ${share} percent of the segments of ${bytes} come late, as when TCP sends them again`,
        hits: 'bytes that came late',
      };
    }
    case 'bandwidth':
      return {
        what: `limits ${bytes} to ${formatRate(disturbance.bytesPerSecond)} in all`,
        hits: 'bytes through the limit',
      };
    case 'partition':
      return { what: `holds back all ${bytes}`, hits: 'connections held' };
  }
}

/** What passed through several disturbances is one hit. */
export function hitsOf(disturbances: readonly { hits(): number }[]): number {
  return Math.max(0, ...disturbances.map((each) => each.hits()));
}
