// A helper of ours in another network namespace, and the doors that it opens there. The namespace is a target's, or one
// that the helper holds open, with a loopback device and nothing else: what is needed there goes through its sockets.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket as UdpSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../base/diagnostics.ts';
import { findProgram } from '../find-program.ts';
import { identify } from '../targets/process/proc.ts';
import type { ProcessId } from '../targets/target.ts';
import type { Call, DoorOrder, HelperMessage } from './protocol.ts';

/** How long the helper may take to start; a slow machine needs a second. */
const startTimeoutMs = 10_000;
const stderrBytesMax = 4096;

/**
 * An address besides 127.0.0.1, from TEST-NET-1 (RFC 5737): without one, a resolver that is told to look only for
 * address families that the machine has (AI_ADDRCONFIG) finds none.
 */
const familyAddress = '192.0.2.1';

/** Brings the loopback device up with the addresses given up to `--`, then becomes the command after it. */
const loopbackScript = `ip=$1
shift
"$ip" link set lo up || exit 125
while [ "$1" != -- ]; do
  "$ip" address add "$1" dev lo || exit 125
  shift
done
shift
exec "$@"`;

export interface NamespaceOptions {
  /** Put before the helper's command inside: what mounts files of ours there. */
  readonly prefix: readonly string[];
  /** Addresses, beyond loopback, that the target shall find on its own machine. */
  readonly addresses: readonly string[];
  /** Told in the beginning and at each change. */
  readonly onListening: (ports: readonly number[]) => void;
}

export class Namespace {
  readonly #helper: ChildProcess;
  readonly #waiting = new Map<
    number,
    { resolve: (handle: unknown) => void; reject: (error: Error) => void }
  >();
  readonly #onListening: (ports: readonly number[]) => void;
  #localPorts: readonly [number, number] = [0, 0];
  #nextId = 1;
  #stderr = '';
  #ended = false;

  private constructor(helper: ChildProcess, onListening: (ports: readonly number[]) => void) {
    this.#helper = helper;
    this.#onListening = onListening;
  }

  static async start(options: NamespaceOptions): Promise<Namespace> {
    const ip = await findProgram('ip');
    const unshare = await findProgram('unshare');
    if (!ip || !unshare) {
      throw UserError.of('FD652', `${ip ? 'unshare (util-linux)' : 'ip (iproute2)'} is not installed`);
    }
    const addresses = [familyAddress, ...options.addresses].map(
      (each) => each + (each.includes(':') ? '/128' : '/32'),
    );
    const command = [
      ...[
        '--user',
        '--map-current-user',
        '--keep-caps',
        '--net',
        '--mount',
        '--propagation',
        'private',
        '--',
      ],
      ...['/bin/sh', '-c', loopbackScript, 'sh', ip, ...new Set(addresses), '--'],
      ...options.prefix,
      ...relayCommand(),
    ];
    const helper = spawn(unshare, command, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, NODE_OPTIONS: '' },
      // A session of its own, so that Ctrl-C in a terminal reaches Firedrill only, which then undoes in order.
      detached: true,
    });
    const namespace = new Namespace(helper, options.onListening);
    await namespace.#ready();
    return namespace;
  }

  /**
   * A helper in the network namespace of a process, which is not ours and has its devices. It runs as `group`, by which
   * the packet filter can tell what it sends from what others there do.
   */
  static async enter(pid: number, group?: number): Promise<Namespace> {
    const nsenter = await findProgram('nsenter');
    if (!nsenter) throw UserError.of('FD652', 'nsenter (util-linux) is not installed');
    const as = group === undefined ? [] : ['--setgid', String(group)];
    const helper = spawn(nsenter, ['--target', String(pid), '--net', ...as, '--', ...relayCommand()], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, NODE_OPTIONS: '' },
      detached: true,
    });
    const namespace = new Namespace(helper, () => {});
    await namespace.#ready();
    return namespace;
  }

  get pid(): number {
    return this.#helper.pid!;
  }

  /** For the lease; undefined when it has ended already. */
  get helper(): ProcessId | undefined {
    return identify(this.pid);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The first and the last of the ports that the kernel gives inside to connections that name none. */
  get localPorts(): readonly [number, number] {
    return this.#localPorts;
  }

  bindUdp(address: string, port: number): Promise<UdpSocket> {
    return this.#open({ open: 'udp', address, port }) as Promise<UdpSocket>;
  }

  listen(address: string, port: number): Promise<Server> {
    return this.#open({ open: 'listen', address, port }) as Promise<Server>;
  }

  async connect(address: string, port: number, from: Call['from'] = {}): Promise<Socket> {
    const socket = (await this.#open({ open: 'connect', address, port, from })) as Socket;
    socket.allowHalfOpen = true;
    return socket;
  }

  /** Idempotent. The namespace itself stays until the last process in it has ended. */
  async close(): Promise<void> {
    if (this.#ended) return;
    const exited = new Promise((resolve) => this.#helper.once('exit', resolve));
    if (this.#helper.connected) this.#helper.disconnect();
    else this.#helper.kill('SIGKILL');
    await exited;
  }

  #ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#helper.kill('SIGKILL'), startTimeoutMs);
      this.#helper.stderr!.on('data', (bytes) => {
        this.#stderr = (this.#stderr + bytes).slice(-stderrBytesMax);
      });
      this.#helper.on('message', (message, handle) => {
        clearTimeout(timer);
        resolve();
        this.#onMessage(message as HelperMessage, handle);
      });
      const end = (reason: string) => {
        clearTimeout(timer);
        this.#ended = true;
        const error = UserError.of('FD652', this.#stderr.trim().split('\n').at(-1) || reason);
        reject(error);
        for (const { reject: rejectOrder } of this.#waiting.values()) rejectOrder(error);
        this.#waiting.clear();
      };
      this.#helper.on('error', (error) => end(error.message));
      this.#helper.on('exit', (code, signal) => end(`the helper in the namespace ended (${signal ?? code})`));
    });
  }

  #onMessage(message: HelperMessage, handle: unknown): void {
    if ('listening' in message) {
      this.#localPorts = message.localPorts;
      this.#onListening(message.listening);
      return;
    }
    const order = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (handle) order?.resolve(handle);
    else order?.reject(Object.assign(new Error(message.error ?? lost), { code: message.error }));
  }

  #open(door: Call): Promise<unknown> {
    if (this.#ended) return Promise.reject(new Error('the helper in the namespace has ended'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#helper.send({ id, ...door } satisfies DoorOrder);
    });
  }
}

const lost = 'the socket was lost on its way';

/** The command line of the helper; from source it needs the loader that runs us. */
function relayCommand(): string[] {
  const fromSource = import.meta.url.endsWith('.ts');
  const file = new URL(fromSource ? './relay.ts' : './namespace-relay.js', import.meta.url);
  const loader = fromSource ? ['--import', import.meta.resolve('tsx')] : [];
  return [process.execPath, ...loader, fileURLToPath(file)];
}
