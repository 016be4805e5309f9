// States of slots as runs: how long, and of which state.

import type { ByteReader, ByteWriter } from './byte-stream.ts';

export function encodeStates(writer: ByteWriter, states: Uint8Array): void {
  for (let i = 0; i < states.length; ) {
    const state = states[i]!;
    let end = i + 1;
    while (end < states.length && states[end] === state) end++;
    writer.varint((end - i) * 4 + state);
    i = end;
  }
}

/** Reads as many states as `into` has places. */
export function decodeStates(reader: ByteReader, into: Uint8Array): void {
  for (let i = 0; i < into.length; ) {
    const run = reader.varint();
    const end = i + Math.floor(run / 4);
    into.fill(run % 4, i, end);
    i = end;
  }
}
