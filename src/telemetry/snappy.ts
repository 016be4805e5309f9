// Snappy's block format, as remote write sends it: a length, then literals and copies of what was written before.
// https://github.com/google/snappy/blob/main/format_description.txt

/** The bytes are no valid block. */
export class SnappyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SnappyError';
  }
}

/** Below it, a loop moves bytes faster than a call does. */
const shortMax = 32;

/** Throws a SnappyError; writes nowhere but into the length that the block declares. */
export function decodeSnappy(block: Buffer, bytesMax: number): Buffer {
  const { length, next } = readLength(block);
  if (length > bytesMax) throw new SnappyError(`the block holds ${length} bytes, more than ${bytesMax}`);
  // A copy of two bytes yields at most 64: whoever declares more lies, and gets no memory for it.
  if (length > block.length * 64)
    throw new SnappyError('the block is too short for the length that it declares');
  const output = Buffer.allocUnsafe(length);
  let at = next;
  let written = 0;
  while (at < block.length) {
    const tag = block[at++]!;
    const kind = tag & 3;
    if (kind === 0) {
      let size = (tag >>> 2) + 1;
      if (size > 60) {
        const bytes = size - 60;
        if (at + bytes > block.length) throw cut();
        size = block.readUIntLE(at, bytes) + 1;
        at += bytes;
      }
      if (at + size > block.length) throw cut();
      if (written + size > length) throw tooLong();
      if (size > shortMax) block.copy(output, written, at, at + size);
      else for (let i = 0; i < size; i++) output[written + i] = block[at + i]!;
      at += size;
      written += size;
      continue;
    }
    const bytes = kind === 1 ? 1 : kind === 2 ? 2 : 4;
    if (at + bytes > block.length) throw cut();
    const size = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const low = bytes === 4 ? block.readUInt32LE(at) : block[at]! + (bytes === 2 ? block[at + 1]! << 8 : 0);
    const offset = low + (kind === 1 ? (tag >>> 5) << 8 : 0);
    at += bytes;
    if (offset === 0 || offset > written) throw new SnappyError('a copy reaches before the beginning');
    if (written + size > length) throw tooLong();
    // What is copied may overlap what is written, which then repeats: byte by byte.
    if (offset >= size && size > shortMax)
      output.copyWithin(written, written - offset, written - offset + size);
    else for (let i = 0; i < size; i++) output[written + i] = output[written + i - offset]!;
    written += size;
  }
  if (written !== length) throw new SnappyError(`the block holds ${written} bytes and declares ${length}`);
  return output;
}

function readLength(block: Buffer): { length: number; next: number } {
  let length = 0;
  for (let at = 0; at < 5 && at < block.length; at++) {
    const byte = block[at]!;
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return { length, next: at + 1 };
  }
  throw new SnappyError('the block has no length');
}

function cut(): SnappyError {
  return new SnappyError('the block ends too early');
}

function tooLong(): SnappyError {
  return new SnappyError('the block holds more than it declares');
}
