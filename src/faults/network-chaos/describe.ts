// A fault in words, for the plan and the dry run.

import { humanDuration } from '../../base/duration.ts';
import { formatRate } from './rate.ts';
import type { Delay, Impairment, NetworkChaosSpec, Share } from './spec.ts';

/** `delays packets sent by 300ms ± 50ms for 10s`. */
export function describeFault(spec: NetworkChaosSpec, durationMs: number | undefined): string {
  const during = durationMs === undefined ? '' : ` for ${humanDuration(durationMs)}`;
  return `${doingTo(spec, packetsOf(spec))}${during}`;
}

function doingTo(spec: NetworkChaosSpec, packets: string): string {
  switch (spec.action) {
    case 'partition':
    case 'blackhole':
      return `drops all ${packets}`;
    case 'reset':
      return `answers all ${packets} over TCP with a reset`;
    case 'reject':
      return `answers all ${packets} with ${spec.answer}`;
    case 'bandwidth':
      return `limits ${packets} to ${formatRate(spec.bandwidth.bytesPerSecond)}`;
    default:
      return impairments(spec.impairment)
        .map((each) => each.replace('%', packets))
        .join(', ');
  }
}

function impairments({ delay, loss, duplicate, corrupt, bytesPerSecond }: Impairment): string[] {
  return [
    ...(delay ? [describeDelay(delay)] : []),
    ...(loss ? [`loses ${percent(loss)} of %`] : []),
    ...(duplicate ? [`doubles ${percent(duplicate)} of %`] : []),
    ...(corrupt ? [`damages ${percent(corrupt)} of %`] : []),
    ...(bytesPerSecond === undefined ? [] : [`lets % leave at ${formatRate(bytesPerSecond)}`]),
  ];
}

function describeDelay({ latencyMs, jitterMs, reorder }: Delay): string {
  const jitter = jitterMs > 0 ? `, give or take ${humanDuration(jitterMs)}` : '';
  const overtaking = reorder ? `, but for ${percent(reorder)} that overtake` : '';
  return `delays % by ${humanDuration(latencyMs)}${jitter}${overtaking}`;
}

function percent({ percent: share }: Share): string {
  return `${share} percent`;
}

/** `packets sent to 10.0.0.0/8 on port 22`. */
function packetsOf(spec: NetworkChaosSpec): string {
  const { direction, target, externalTargets, ports, device } = spec;
  const ways = { to: 'packets sent', from: 'packets received', both: 'packets sent and received' };
  const others = [
    ...externalTargets.map(({ host, port }) => (port === undefined ? host : `${host} port ${port}`)),
    ...(target ? ['the targets chosen in `target`'] : []),
  ];
  const link = { to: 'to', from: 'from', both: 'between it and' }[direction];
  return [
    ways[direction],
    ...(others.length > 0 ? [`${link} ${others.join(', ')}`] : []),
    ...(ports.length > 0 ? [`of ports ${ports.join(', ')}`] : []),
    ...(device === undefined ? [] : [`through ${device}`]),
  ].join(' ');
}
