import type { Protocol, ToxicType } from '../toxic.ts';
import { bandwidth } from './bandwidth.ts';
import { duplicate } from './duplicate.ts';
import { http } from './http.ts';
import { latency } from './latency.ts';
import { limitData } from './limit-data.ts';
import { loss } from './loss.ts';
import { noop } from './noop.ts';
import { resetPeer } from './reset-peer.ts';
import { slicer } from './slicer.ts';
import { slowClose } from './slow-close.ts';
import { timeout } from './timeout.ts';

const types: readonly ToxicType[] = [
  ...[bandwidth, duplicate, http, latency, limitData, loss],
  ...[noop, resetPeer, slicer, slowClose, timeout],
];

/** The type of this name, when it can act on this protocol. */
export function toxicTypeOf(name: string, protocol: Protocol): ToxicType | undefined {
  return types.find((type) => type.name === name && actsOn(type, protocol));
}

function actsOn(type: ToxicType, protocol: Protocol): boolean {
  return protocol === 'udp' ? type.datagrams !== undefined : !!(type.stage ?? type.stages);
}
