// A switch on a network device, as commands of tc(8):
//
//     root htb ─┬─ whatever carries no priority of ours goes straight through
//               └─ class 1 ── netem or tbf
//
// The packets of the target get the class as their priority from the packet filter. Without its table, which ends with
// Firedrill, nothing goes into the class any more, though the switch may still be there.

import type { Bandwidth, Delay, Impairment, NetworkChaosSpec, Share } from './spec.ts';

/** The class, for `meta priority set` of nft(8) and as a parent of tc(8). */
export function classOf(handle: string): string {
  return `${handle}1`;
}

/** Undefined when no queueing discipline does it. */
export function disciplineOf(spec: NetworkChaosSpec, mtu: number): string[] | undefined {
  if (spec.action === 'bandwidth') return tbf(spec.bandwidth, mtu);
  return 'impairment' in spec ? netem(spec.impairment) : undefined;
}

/** Commands that put the switch at the root of a device; the last of them makes the fault possible. */
export function switchCommands(device: string, handle: string, discipline: readonly string[]): string[][] {
  const on = ['dev', device];
  return [
    // Given no default class, htb lets packets of no class through at once.
    ['tc', 'qdisc', 'add', ...on, 'root', 'handle', handle, 'htb', 'default', '0'],
    // The class itself is faster than any device. Its quantum, which it never waits for, keeps the kernel from warning.
    [
      'tc',
      'class',
      'add',
      ...on,
      'parent',
      handle,
      'classid',
      classOf(handle),
      'htb',
      'rate',
      '100gbit',
      'quantum',
      '60000',
    ],
    ['tc', 'qdisc', 'add', ...on, 'parent', classOf(handle), ...discipline],
  ];
}

/** Packets under way; netem's own limit of 1000 would turn a long delay of a fast line into loss. */
const packetsMax = 100_000;

/** tc-netem(8). */
function netem({ delay, loss, duplicate, corrupt, bytesPerSecond }: Impairment): string[] {
  return [
    'netem',
    'limit',
    String(packetsMax),
    ...(delay ? delayArguments(delay) : []),
    ...shareArguments('loss', loss),
    ...shareArguments('duplicate', duplicate),
    ...shareArguments('corrupt', corrupt),
    ...(delay?.reorder ? shareArguments('reorder', delay.reorder) : []),
    ...(delay?.reorder && delay.reorder.gap > 0 ? ['gap', String(delay.reorder.gap)] : []),
    // In tc's units, bps are bytes a second.
    ...(bytesPerSecond === undefined ? [] : ['rate', `${Math.max(1, Math.round(bytesPerSecond))}bps`]),
  ];
}

function delayArguments({ latencyMs, jitterMs, correlation }: Delay): string[] {
  const microseconds = (ms: number) => `${Math.round(ms * 1000)}us`;
  if (jitterMs === 0) return ['delay', microseconds(latencyMs)];
  return ['delay', microseconds(latencyMs), microseconds(jitterMs), `${correlation}%`];
}

function shareArguments(name: string, share: Share | undefined): string[] {
  if (!share) return [];
  return [name, `${share.percent}%`, ...(share.correlation > 0 ? [`${share.correlation}%`] : [])];
}

/** What may wait when the file does not say: a quarter of a second, and at least some packets. */
const waitingMs = 250;
const waitingPacketsMin = 10;
/** Bytes that the kernel puts before and behind a packet on an Ethernet. */
const frameBytes = 32;

/** tc-tbf(8). A bucket, and a queue, that cannot hold one packet would let none pass. */
function tbf({ bytesPerSecond, burstBytes, limitBytes, peak }: Bandwidth, mtu: number): string[] {
  const rate = Math.max(1, Math.round(bytesPerSecond));
  const packet = mtu + frameBytes;
  const burst = Math.max(burstBytes ?? Math.round(rate / 100), packet);
  const limit = Math.max(
    limitBytes ?? Math.max((rate * waitingMs) / 1000, waitingPacketsMin * packet),
    packet,
  );
  return [
    'tbf',
    'rate',
    `${rate}bps`,
    'burst',
    String(burst),
    'limit',
    String(Math.round(limit)),
    ...(peak
      ? ['peakrate', `${peak.bytesPerSecond}bps`, 'minburst', String(Math.max(peak.burstBytes, packet))]
      : []),
  ];
}
