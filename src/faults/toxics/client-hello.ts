// The name that a TLS client asks for stands in the clear in its first message: RFC 8446, section 4.1.2, and RFC 6066,
// section 3. Nothing is decrypted.

const handshakeRecord = 0x16;
const clientHello = 1;
const serverNameExtension = 0;
const helloBytesMax = 16 * 2 ** 10;

/** Gathers the first bytes of a connection until it is known what they say. */
export class ClientHello {
  #bytes = Buffer.alloc(0);
  #name: string | undefined;

  get serverName(): string | undefined {
    return this.#name;
  }

  /** True when there is nothing more to learn. */
  observe(bytes: Buffer): boolean {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    const message = handshakeOf(this.#bytes);
    if (message === 'more' && this.#bytes.length < helloBytesMax) return false;
    this.#name = message instanceof Buffer ? serverNameOf(message) : undefined;
    this.#bytes = Buffer.alloc(0);
    return true;
  }
}

/** The first handshake message, which may go over several records. */
function handshakeOf(bytes: Buffer): Buffer | 'more' | 'other' {
  if (bytes[0] !== handshakeRecord || (bytes.length > 1 && bytes[1] !== 3)) return 'other';
  const parts: Buffer[] = [];
  for (let at = 0; at + 5 <= bytes.length && bytes[at] === handshakeRecord; ) {
    const length = bytes.readUInt16BE(at + 3);
    parts.push(bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  const message = Buffer.concat(parts);
  if (message.length < 4) return 'more';
  if (message[0] !== clientHello) return 'other';
  const length = message.readUIntBE(1, 3);
  return message.length < 4 + length ? 'more' : message.subarray(4, 4 + length);
}

function serverNameOf(hello: Buffer): string | undefined {
  try {
    let at = 2 + 32;
    at += 1 + hello.readUInt8(at);
    at += 2 + hello.readUInt16BE(at);
    at += 1 + hello.readUInt8(at);
    const end = at + 2 + hello.readUInt16BE(at);
    for (at += 2; at + 4 <= end; at += 4 + hello.readUInt16BE(at + 2)) {
      if (hello.readUInt16BE(at) !== serverNameExtension) continue;
      // The length of the list, the type of the name (0 is a host), and its length.
      const length = hello.readUInt16BE(at + 7);
      return hello.toString('latin1', at + 9, at + 9 + length);
    }
  } catch (error) {
    // A message that says it is longer than it is.
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}
