// nginx, redis and PostgreSQL as Debian has them, each in a network namespace and a folder of the test's own.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

interface Answer {
  /** What the server said; its error, or `no answer` when it said nothing in time. */
  readonly said: string;
  readonly tookMs: number;
}

export interface Server {
  readonly pid: number;
  readonly folder: string;
  /** A request of a client of its own, which waits so long; PostgreSQL is asked in SQL. */
  ask(what?: string, patienceS?: number): Promise<Answer>;
  stop(): Promise<void>;
}

export interface ServerKind {
  readonly name: 'nginx' | 'redis' | 'postgresql';
  start(): Promise<Server>;
  /** What it answers when it is well. */
  readonly well: string;
}

const patienceSMax = 10;
const nobody = 65_534;
const port = '7777';

export const nginx: ServerKind = {
  name: 'nginx',
  well: 'fine',
  start: () =>
    startServer(
      (folder) => {
        const conf = join(folder, 'nginx.conf');
        writeFileSync(
          conf,
          `daemon off; user root; pid ${folder}/nginx.pid; error_log ${folder}/error.log; worker_processes 2;
           events {}
           http { access_log off; client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b;
             fastcgi_temp_path ${folder}/c; uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
             server { listen ${port}; location / { return 200 'fine'; } } }`,
        );
        return ['nginx', '-c', conf];
      },
      () => ['curl', '-s', `http://127.0.0.1:${port}/`],
      'fine',
    ),
};

export const redis: ServerKind = {
  name: 'redis',
  well: 'PONG',
  start: () =>
    startServer(
      (folder) => ['redis-server', '--port', port, '--dir', folder, '--appendonly', 'yes', '--save', ''],
      (what = 'PING') => ['redis-cli', '-p', port, ...what.split(' ')],
      'PONG',
    ),
};

export const postgresql: ServerKind = {
  name: 'postgresql',
  well: '1',
  start: () =>
    startServer(
      (folder) => {
        const data = join(folder, 'data');
        const programs = postgresqlPrograms();
        const initdb = ['-D', data, '-U', 'drill', '--auth', 'trust', '--no-sync'];
        execFileSync('setpriv', [...asNobody, join(programs, 'initdb'), ...initdb], { stdio: 'ignore' });
        const settings = ['-k', folder, '-p', port, '-c', 'max_wal_size=64MB', '-c', 'autovacuum=off'];
        return ['setpriv', ...asNobody, join(programs, 'postgres'), '-D', data, ...settings];
      },
      (what = 'select 1') => [
        'psql',
        '-h',
        '127.0.0.1',
        '-p',
        port,
        '-U',
        'drill',
        '-d',
        'postgres',
        '-XAtqc',
        what,
      ],
      '1',
    ),
};

/** PostgreSQL does not run as root. */
const asNobody = ['--reuid', `${nobody}`, '--regid', `${nobody}`, '--clear-groups', '--'];

/** Where the newest version that is installed has its programs, which are not in the PATH. */
function postgresqlPrograms(): string {
  const versions = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
  return join('/usr/lib/postgresql', versions[0]!, 'bin');
}

async function startServer(
  prepare: (folder: string) => readonly string[],
  client: (what?: string) => readonly string[],
  well: string,
): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'firedrill-server-'));
  chmodSync(folder, 0o755);
  const home = join(folder, 'home');
  mkdirSync(home);
  chownSync(home, nobody, nobody);
  const script = 'ip link set lo up && exec "$@"';
  const child = spawn('unshare', ['--net', '--', 'sh', '-c', script, 'sh', ...prepare(home)], {
    stdio: 'ignore',
    cwd: home,
  });
  const server: Server = {
    pid: child.pid!,
    folder: home,
    ask: (what, patienceS = patienceSMax) => ask(child.pid!, client(what), patienceS),
    async stop() {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    const deadline = Date.now() + 15_000;
    while ((await server.ask()).said !== well) {
      if (Date.now() > deadline || child.exitCode !== null) throw new Error('the server is not ready');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function ask(pid: number, command: readonly string[], patienceS: number): Promise<Answer> {
  const begin = performance.now();
  const args = ['--target', `${pid}`, '--net', 'timeout', `${patienceS}`, ...command];
  const { exitCode, stdout, stderr } = await execa('nsenter', args, { reject: false });
  const said = exitCode === 124 ? 'no answer' : stdout || stderr || `exit code ${exitCode}`;
  return { said, tookMs: performance.now() - begin };
}

/** A quick end that each of them understands, and then a sure one. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGINT');
  const forced = setTimeout(() => child.kill('SIGKILL'), 5000);
  await gone;
  clearTimeout(forced);
}
