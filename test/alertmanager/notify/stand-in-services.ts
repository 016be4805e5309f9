// What stands in for the internet: an HTTP proxy behind which every host is one server with a certificate of a test's
// own authority. It answers as the services do and keeps what it was sent.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';

export interface Received {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Authority {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** A certificate for these hosts, and the authority that it is trusted by. */
export function createAuthority(folder: string, hosts: readonly string[]): Authority {
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  };
  const subject = (name: string): string[] => ['-subj', `/CN=${name}`];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...newKey, '-days', '2', ...subject('test'), '-keyout', 'ca.key', '-out', 'ca.pem');
  openssl('req', ...newKey, ...subject(hosts[0]!), '-keyout', 'leaf.key', '-out', 'leaf.csr');
  writeFileSync(at('leaf.ext'), `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(',')}\n`);
  const sign = ['x509', '-req', '-in', 'leaf.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
  openssl(...sign, '-days', '2', '-extfile', 'leaf.ext', '-out', 'leaf.pem');
  return { caFile: at('ca.pem'), certFile: at('leaf.pem'), keyFile: at('leaf.key') };
}

export class StandInServices {
  readonly received: Received[] = [];
  readonly #proxy: Server;
  readonly #tls: Server;
  readonly #sockets = new Set<Socket>();

  constructor({ certFile, keyFile }: Authority) {
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#handle(request, response);
    };
    this.#tls = createTlsServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, handle);
    this.#proxy = createServer(handle);
    this.#proxy.on('connect', (request, client: Socket) => this.#tunnel(request.url ?? '', client));
  }

  async start(): Promise<void> {
    for (const server of [this.#tls, this.#proxy])
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }

  get proxyUrl(): string {
    return `http://127.0.0.1:${(this.#proxy.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    for (const server of [this.#tls, this.#proxy]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  /** Whatever host is asked for: TLS where it is 443, else in the clear. */
  #tunnel(target: string, client: Socket): void {
    const server = target.endsWith(':443') ? this.#tls : this.#proxy;
    const upstream = connect((server.address() as AddressInfo).port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.#sockets.delete(socket));
    }
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
    const { status, body, type } = answerOf(url);
    response.writeHead(status, { 'content-type': type });
    response.end(status === 204 ? undefined : body);
    this.received.push({
      method: request.method ?? '',
      host: url.host,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers as Record<string, string>,
      body: Buffer.concat(chunks).toString('utf8'),
    });
  }
}

function answerOf({ host, pathname }: URL): { status: number; body: string; type: string } {
  const json = (status: number, body: unknown) => ({
    status,
    body: JSON.stringify(body),
    type: 'application/json',
  });
  if (pathname.endsWith('/gettoken')) return json(200, { errcode: 0, access_token: 'fresh-token' });
  if (pathname.endsWith('/message/send')) return json(200, { errcode: 0, errmsg: 'ok' });
  if (pathname.endsWith('/sendMessage'))
    return json(200, { ok: true, result: { message_id: 7, date: 0, chat: { id: 1, type: 'group' } } });
  if (host.startsWith('sns.'))
    return {
      status: 200,
      body: '<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>',
      type: 'text/xml',
    };
  if (host.startsWith('discord')) return { status: 204, body: '', type: 'text/plain' };
  if (host.startsWith('events.pagerduty') || host.startsWith('api.opsgenie'))
    return json(202, { status: 'success' });
  return { status: 200, body: 'ok', type: 'text/plain' };
}
