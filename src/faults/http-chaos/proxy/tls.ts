// TLS on both sides: the client sees the certificate given, and we are the client of the server behind. HTTP/2 is not
// offered on either side, so that what is said inside can be read.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { connect, createSecureContext, type SecureContext, TLSSocket } from 'node:tls';

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Whom the server's certificate must come from; without it the server is not verified. */
  readonly caFile: string | undefined;
}

export interface TlsSides {
  readonly context: SecureContext;
  readonly ca: Buffer | undefined;
}

/** Throws when a file cannot be read, or is no certificate or key, or when the two do not fit. */
export async function loadTls({ certFile, keyFile, caFile }: TlsFiles): Promise<TlsSides> {
  const [cert, key, ca] = await Promise.all([
    readFile(certFile),
    readFile(keyFile),
    caFile === undefined ? undefined : readFile(caFile),
  ]);
  return { context: createSecureContext({ cert, key }), ca };
}

const handshakeMsMax = 10_000;
const protocols = ['http/1.1'];
/** RFC 8446, section 5.1: the content type of a handshake, the first octet of every TLS connection. */
const handshakeType = 22;

/** Whether the first thing that the client says is a TLS handshake; what it said can still be read. */
export async function beginsTls(client: Socket): Promise<boolean> {
  while (client.readableLength === 0) {
    if (client.readableEnded || client.destroyed) return false;
    await Promise.race([once(client, 'readable'), once(client, 'end'), once(client, 'close')]);
  }
  const [first] = client.read(1) as Buffer;
  client.unshift(Buffer.from([first!]));
  return first === handshakeType;
}

/** Both handshakes, each with the name that the client asked for. */
export async function secure(
  sockets: { readonly client: Socket; readonly server: Socket },
  { context, ca }: TlsSides,
): Promise<{ readonly client: Socket; readonly server: Socket }> {
  const client = new TLSSocket(sockets.client, {
    isServer: true,
    secureContext: context,
    ALPNProtocols: protocols,
  });
  const signal = AbortSignal.timeout(handshakeMsMax);
  client.on('error', () => {});
  await once(client, 'secure', { signal });
  const servername = (client as TLSSocket & { servername?: string | false }).servername;
  const server = connect({
    socket: sockets.server,
    ALPNProtocols: protocols,
    rejectUnauthorized: ca !== undefined,
    ...(ca ? { ca } : {}),
    ...(servername ? { servername } : {}),
  });
  server.on('error', () => {});
  await once(server, 'secureConnect', { signal });
  return { client, server };
}
