// A network of the test's own, with a runner in it, servers and clients: nothing of the machine's is touched.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bundled, cleanup, temporaryFolder } from '../leases/support.ts';

/** A program that answers each line of JSON by one. */
export class Talker {
  readonly process: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor([program, ...args]: readonly string[]) {
    this.process = spawn(program!, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    // A test may have killed it.
    this.process.stdin!.on('error', () => {});
    this.#answers = createInterface({ input: this.process.stdout! })[Symbol.asyncIterator]();
    // A server with workers ends them only when it is asked to end.
    cleanup(() => this.kill('SIGTERM'));
  }

  get pid(): number {
    return this.process.pid!;
  }

  // biome-ignore lint/suspicious/noExplicitAny: each order has an answer of its own shape
  async ask(order: object): Promise<any> {
    this.process.stdin!.write(`${JSON.stringify(order)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`the program ended during ${JSON.stringify(order)}`);
    const { result, error } = JSON.parse(value);
    if (error !== undefined) throw new Error(error);
    return result;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exited = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill(signal);
    await exited;
  }
}

const watchdogEntry = fileURLToPath(new URL('../../../src/faults/leases/watchdog-main.ts', import.meta.url));
const runnerFile = fileURLToPath(new URL('./runner.ts', import.meta.url));

/** Sets the network up, then stays: processes come and go in it. */
const keeper = `ip link set lo up
ip address add 10.99.0.1/32 dev lo
mount --bind "$1" /etc/resolv.conf
echo '{"result":true}'
exec sleep 600`;

/** A program of the tests, from its source. */
export function source(file: string): string[] {
  return [process.execPath, '--import', import.meta.resolve('tsx'), file];
}

export class Network {
  readonly folder: string;
  readonly #keeper: Talker;

  private constructor(folder: string, keeper: Talker) {
    this.folder = folder;
    this.#keeper = keeper;
  }

  static async start(): Promise<Network> {
    const folder = temporaryFolder();
    const resolvConf = join(folder, 'resolv.conf');
    writeFileSync(resolvConf, 'nameserver 127.0.0.9\noptions timeout:1 attempts:1\n');
    const inside = ['unshare', '--net', '--mount', '--', 'sh', '-c', keeper, 'sh', resolvConf];
    const network = new Network(folder, new Talker(inside));
    await network.#keeper.ask({});
    return network;
  }

  /** A command that runs inside. */
  inside(...command: string[]): string[] {
    return ['nsenter', '--target', String(this.#keeper.pid), '--net', '--mount', '--', ...command];
  }

  talker(...command: string[]): Talker {
    return new Talker(this.inside(...command));
  }

  /** Another machine, as far as this network knows, which reaches it at 10.98.0.1; a command that runs there. */
  async outside(...command: string[]): Promise<Talker> {
    const keeper = this.talker(
      'unshare',
      '--net',
      '--',
      'sh',
      '-c',
      `echo '{"result":true}'; exec sleep 600`,
    );
    await keeper.ask({});
    const there = ['nsenter', '--target', String(keeper.pid), '--net', '--'];
    const script = `ip link add fd-here type veth peer name fd-there netns ${keeper.pid}
      ip address add 10.98.0.1/24 dev fd-here && ip link set fd-here up
      ${there.join(' ')} sh -c 'ip address add 10.98.0.2/24 dev fd-there && ip link set fd-there up'`;
    const [program, ...args] = this.inside('sh', '-e', '-c', script);
    execFileSync(program!, args);
    return new Talker([...there, ...command]);
  }

  async runner(): Promise<Talker> {
    const options = { state: join(this.folder, 'state'), watchdogCommand: await bundled(watchdogEntry) };
    return this.talker(...source(runnerFile), JSON.stringify(options));
  }

  /** What nft says to a command, such as `list tables`. */
  nft(...command: string[]): string {
    const [program, ...args] = this.inside('nft', ...command);
    return execFileSync(program!, args, { encoding: 'utf8' }).trim();
  }
}

/** Control groups of ours, anywhere. */
export function ownGroups(): string[] {
  const found = readdirSync('/sys/fs/cgroup', { recursive: true, encoding: 'utf8' });
  return found.filter((path) => /(?:^|\/)firedrill_\d+_[0-9a-f]+$/.test(path));
}

/** The group of version 2 of a process. */
export function groupOf(pid: number): string {
  return /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))![1]!;
}

/** Answers `hello URL` on a port of an address, and says when it listens. It never ends a connection by itself. */
export const server = `
const http = require('node:http');
const [port, host] = process.argv.slice(1);
http.createServer({ keepAliveTimeout: 0 }, (request, response) => response.end('hello ' + request.url))
  .listen(Number(port), host, () => console.log(JSON.stringify({ result: true })));
process.stdin.resume();`;

/** Asks for a URL on the one connection that it keeps, and tells the status and body, or the error. */
export const client = `
const http = require('node:http');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const say = (result) => console.log(JSON.stringify({ result }));
  http.get(JSON.parse(line).url, { agent }, (response) => {
    let body = '';
    response.on('data', (bytes) => { body += bytes; });
    response.on('end', () => say({ code: response.statusCode, body }));
  }).on('error', (error) => say({ error: error.code }));
});`;

/** Looks a name up by both resolvers of Node.js, or asks the name server itself by TCP. */
export const resolver = `
const dns = require('node:dns').promises;
const short = (promise) => promise.then((found) => found.address ?? found.join(), (error) => error.code);
const overTcp = (name) => new Promise((resolve) => {
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
  // Header: an id, recursion desired, one question. After the name: its root, type A, class IN.
  const query = [1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1];
  const socket = require('node:net').connect(53, '127.0.0.9', () => socket.write(Buffer.from([0, query.length, ...query])));
  socket.once('data', (bytes) => resolve([...bytes.subarray(-4)].join('.')) ?? socket.destroy());
  socket.once('error', (error) => resolve(error.code));
});
require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
  const { name, tcp } = JSON.parse(line);
  if (tcp) return overTcp(tcp).then((result) => console.log(JSON.stringify({ result })));
  const [lookup, resolve4] = await Promise.all([short(dns.lookup(name, { family: 4 })), short(dns.resolve4(name))]);
  console.log(JSON.stringify({ result: { lookup, resolve4 } }));
});`;

/** Asks the name server for a name, each time in a new socket on one port of its own, and tells the address, `refused` or what went wrong. */
export const fixedPortResolver = `
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { name } = JSON.parse(line);
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
  // Header: an id, recursion desired, one question. After the name: its root, type A, class IN.
  const query = Buffer.from([1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1]);
  const socket = require('node:dgram').createSocket('udp4');
  const finish = (result) => { clearTimeout(timer); socket.close(() => console.log(JSON.stringify({ result }))); };
  const timer = setTimeout(() => finish('no answer'), 3000);
  socket.once('message', (bytes) => finish((bytes[3] & 15) === 0 ? [...bytes.subarray(-4)].join('.') : 'refused'));
  socket.once('error', (error) => finish(error.code));
  socket.bind(40053, '127.0.0.1', () => socket.connect(53, process.argv[1] ?? '127.0.0.9', () => socket.send(query)));
});`;
