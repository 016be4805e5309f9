// Name servers and runners for the tests of DNSChaos.

import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type DecodedPacket, decode, encode, type Packet, RECURSION_AVAILABLE } from 'dns-packet';
import { afterEach } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { LabelRecord } from '../../../src/base/labels.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { openAnyPort } from '../../../src/faults/dns-chaos/doors.ts';
import type { Endpoint } from '../../../src/faults/dns-chaos/forward.ts';
import type { CommandTarget } from '../../../src/faults/dns-chaos/route.ts';
import { DnsServer } from '../../../src/faults/dns-chaos/server.ts';
import { MessageReader, withLength } from '../../../src/faults/dns-chaos/tcp-framing.ts';
import type { StandInOptions } from './stand-in.ts';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export function onCleanup(cleanup: () => Promise<void> | void): void {
  cleanups.push(cleanup);
}

/** A name server of ours on a loopback port, ended with the test. */
export async function startServer(
  hosts: LabelRecord,
  upstreams: readonly Endpoint[] = [],
): Promise<{ server: DnsServer; endpoint: Endpoint }> {
  const { udp, tcp, address, port } = await openAnyPort();
  const server = new DnsServer({
    hosts,
    upstreams,
    upstreamTimeoutMs: 500,
    random: seededRandom(7),
    clock: systemClock,
  });
  server.serve(udp, tcp);
  onCleanup(() => server.close());
  return { server, endpoint: { address, port } };
}

export const anything = { uid: 0, canMount: true, canUserNamespace: true, stressNg: undefined };

export function declare(more: Partial<CommandTarget> = {}): CommandTarget {
  return {
    type: 'command',
    command: [process.execPath, 'app.js'],
    env: {},
    folder: '/',
    ready: undefined,
    restart: false,
    restartDelayMs: 0,
    connects: undefined,
    listens: [],
    hosts: {},
    ...more,
  };
}

/** Put before a command: somebody without rights, with all of them, or without the right to make a namespace. */
export const users = {
  root: [],
  nobody: ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--inh-caps=-all'],
  locked: [
    ...['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--inh-caps=-all'],
    ...['unshare', '--user', '--map-current-user', '--keep-caps', 'sh', '-c'],
    'echo 0 >/proc/sys/user/max_user_namespaces; exec setpriv --ambient-caps=-all --inh-caps=-all "$@"',
    '--',
  ],
} as const;

export class StandIn {
  readonly process: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor(user: keyof typeof users, options: StandInOptions) {
    const script = fileURLToPath(new URL('./stand-in.ts', import.meta.url));
    const command = [
      process.execPath,
      '--import',
      import.meta.resolve('tsx'),
      script,
      JSON.stringify(options),
    ];
    const [program, ...args] = [...users[user], ...command];
    // Whoever it runs as must be able to write its own temporary files; killed, it leaves them to us.
    const folder = mkdtempSync(join(tmpdir(), 'firedrill-stand-in-'));
    chmodSync(folder, 0o777);
    onCleanup(() => rmSync(folder, { recursive: true, force: true }));
    const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder };
    this.process = spawn(program!, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    // A test may have killed it.
    this.process.stdin!.on('error', () => {});
    this.#answers = createInterface({ input: this.process.stdout! })[Symbol.asyncIterator]();
    onCleanup(async () => {
      if (this.process.exitCode !== null || this.process.signalCode !== null) return;
      const exited = new Promise((resolve) => this.process.once('exit', resolve));
      await this.ask('close').catch(() => this.process.kill('SIGKILL'));
      this.process.stdin!.end();
      await exited;
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: each order has an answer of its own shape
  async ask(what: string, command: readonly string[] = []): Promise<any> {
    this.process.stdin!.write(`${JSON.stringify({ do: what, command })}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`the stand-in ended during ${what}`);
    const { result, error } = JSON.parse(value);
    if (error !== undefined) throw new Error(error);
    return result;
  }

  /** What a command prints that is started like the target. */
  async run(...command: string[]): Promise<string> {
    return (await this.ask('run', command)).output;
  }
}

/** A name server that answers as the test says, over UDP and TCP. */
export async function startScriptedServer(
  reply: (query: DecodedPacket, transport: 'udp' | 'tcp') => Packet,
): Promise<Endpoint> {
  const { udp, tcp, address, port } = await openAnyPort();
  const encoded = (raw: Buffer, transport: 'udp' | 'tcp') => {
    const query = decode(raw);
    const answer = reply(query, transport);
    // A resolver takes an empty answer without RECURSION_AVAILABLE for a referral to nowhere.
    const flags = RECURSION_AVAILABLE | (answer.flags ?? 0);
    return encode({ type: 'response', id: query.id!, questions: query.questions!, ...answer, flags });
  };
  udp.on('message', (raw, from) => udp.send(encoded(raw, 'udp'), from.port, from.address));
  tcp.on('connection', (socket) => {
    const reader = new MessageReader();
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      for (const raw of reader.read(bytes)) socket.write(withLength(encoded(raw, 'tcp')));
    });
  });
  onCleanup(() => {
    udp.close();
    tcp.close();
  });
  return { address, port };
}

/** A Node.js program that prints what each name gives, by both resolvers: `lookup=… resolve4=…`. */
export function nodeLookup(name: string): string[] {
  const script = `
    const dns = require('node:dns').promises;
    const short = (promise) => promise.then((found) => found.address ?? found.join(), (error) => error.code);
    Promise.all([short(dns.lookup('${name}')), short(dns.resolve4('${name}'))])
      .then(([lookup, resolve4]) => console.log('lookup=' + lookup + ' resolve4=' + resolve4));`;
  return [process.execPath, '-e', script];
}

/** The same by another language's use of the C library. */
export function pythonLookup(name: string): string[] {
  const script = `
import socket
try:
    print(socket.getaddrinfo('${name}', 80, socket.AF_INET, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)[0][4][0])
except socket.gaierror as error:
    print({socket.EAI_AGAIN: 'EAI_AGAIN', socket.EAI_NONAME: 'EAI_NONAME', socket.EAI_NODATA: 'EAI_NODATA'}.get(error.errno, error.errno))`;
  return ['/usr/bin/python3', '-c', script];
}

/** Processes that live in this namespace (as `/proc/PID/ns/net` names it). */
export function processesIn(kind: 'mnt' | 'net', namespace: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => namespaceOf(pid, kind) === namespace);
}

export function namespaceOf(pid: number, kind: 'mnt' | 'net'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return undefined;
  }
}
