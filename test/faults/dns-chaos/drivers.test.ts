import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { describeWith, root } from '../../support/requires.ts';
import type { StandInOptions } from './stand-in.ts';
import {
  anything,
  declare,
  nodeLookup,
  onCleanup,
  pythonLookup,
  StandIn,
  startServer,
  type users,
} from './support.ts';

const hosts = { '*.example.test': '127.0.0.1', 'db.internal': '127.0.0.9' };

async function prepared(
  user: keyof typeof users,
  driver: StandInOptions['driver'],
  more: Partial<StandInOptions> = {},
) {
  const upstream = await startServer({ 'elsewhere.test': '127.1.2.3' });
  const standIn = new StandIn(user, {
    driver,
    spec: { action: 'error', patterns: ['*.example.test'] },
    declared: declare({ hosts, connects: [] }),
    upstreams: [upstream.endpoint],
    machine: anything,
    ...more,
  });
  expect(await standIn.ask('probe')).toEqual({ usable: true });
  await standIn.ask('prepare');
  return standIn;
}

const talkScript = `
import socket, sys
try:
    peer = socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)
    peer.sendall(b'x' * 100000)
    peer.shutdown(socket.SHUT_WR)
    back = 0
    while chunk := peer.recv(65536):
        back += len(chunk)
    print(back, 'bytes back')
except OSError as error:
    print(type(error).__name__)`;

/** Speaks first, as many servers do. */
const greetScript = `
import socket, sys
server = socket.create_server(('127.0.0.1', int(sys.argv[1])))
while True:
    peer, _ = server.accept()
    peer.sendall(b'hello from inside')
    peer.close()`;

async function greeting(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  for await (const bytes of socket) text += bytes;
  return text;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** What every driver owes, for Node.js and, where it reaches them, other programs. */
function owes(user: keyof typeof users, driver: StandInOptions['driver'], otherPrograms: boolean): void {
  it('refuses matching names while the fault is on, and nothing else', async () => {
    const standIn = await prepared(user, driver);
    const ask = async (name: string) => standIn.run(...nodeLookup(name));
    await standIn.ask('start', [process.execPath, '-e', 'setInterval(() => {}, 1000)']);
    expect(await ask('a.example.test')).toBe('lookup=127.0.0.1 resolve4=127.0.0.1');
    await standIn.ask('inject');
    expect(await standIn.ask('missing')).toBeNull();
    expect(await standIn.ask('hits')).toBe(0);
    expect(await ask('a.example.test')).toBe('lookup=EAI_AGAIN resolve4=ESERVFAIL');
    const hits = await standIn.ask('hits');
    expect(hits).toBeGreaterThanOrEqual(2);
    expect(await ask('db.internal')).toBe('lookup=127.0.0.9 resolve4=127.0.0.9');
    expect(await ask('elsewhere.test')).toBe('lookup=127.1.2.3 resolve4=127.1.2.3');
    expect(await ask('127.0.0.8')).toContain('lookup=127.0.0.8');
    expect(await ask('localhost')).toMatch(/lookup=(127.0.0.1|::1)/);
    expect(await standIn.ask('hits')).toBe(hits);
    await standIn.ask('undo');
    expect(await standIn.ask('verifyUndone')).toEqual({
      undone: true,
      evidence:
        'a query for firedrill-check.example.test was answered NOERROR 127.0.0.1 as without the fault',
    });
    expect(await ask('a.example.test')).toBe('lookup=127.0.0.1 resolve4=127.0.0.1');
    expect(await standIn.ask('hits')).toBe(hits);
  });

  it('gives wrong addresses, of networks that nobody has', async () => {
    const spec = { action: 'random', patterns: ['*.example.test'] } as const;
    const standIn = await prepared(user, driver, { spec });
    await standIn.ask('inject');
    const wrong = /lookup=(198\.1[89]|2001:db8).* resolve4=198\.1[89]\./;
    expect(await standIn.run(...nodeLookup('a.example.test'))).toMatch(wrong);
    await standIn.ask('undo');
    expect(await standIn.run(...nodeLookup('a.example.test'))).toContain('lookup=127.0.0.1');
  });

  if (!otherPrograms) return;

  it('reaches programs that are not Node.js', async () => {
    const standIn = await prepared(user, driver);
    const ask = async () => [
      await standIn.run(...pythonLookup('a.example.test')),
      await standIn.run('getent', 'ahostsv4', 'a.example.test'),
    ];
    expect(await ask()).toEqual(['127.0.0.1', expect.stringContaining('127.0.0.1')]);
    await standIn.ask('inject');
    expect(await ask()).toEqual(['EAI_AGAIN', '']);
    await standIn.ask('undo');
    expect(await ask()).toEqual(['127.0.0.1', expect.stringContaining('127.0.0.1')]);
  });
}

describeWith([root, 'unshare', '/usr/bin/python3'], 'in a mount namespace', () => {
  owes('root', 'mount-namespace', true);

  it('changes what the target sees, and not the machine', async () => {
    const before = readFileSync('/etc/resolv.conf', 'utf8');
    const standIn = await prepared('root', 'mount-namespace');
    const seen = await standIn.run('cat', '/etc/resolv.conf', '/etc/nsswitch.conf');
    expect(seen).toMatch(/^nameserver 127\.\d+\.\d+\.\d+\n/);
    expect(seen).toContain('hosts: files dns');
    expect(readFileSync('/etc/resolv.conf', 'utf8')).toBe(before);
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain('resolv.conf');
  });

  it.each(['nobody', 'root'] as const)('finds out that it has no right: %s', async (user) => {
    const standIn = new StandIn(user, {
      driver: 'mount-namespace',
      spec: { action: 'error', patterns: [] },
      declared: declare(),
      upstreams: [],
      machine: { ...anything, canMount: user === 'nobody' },
    });
    expect(await standIn.ask('probe')).toMatchObject({
      usable: false,
      remedy: expect.stringContaining('root'),
    });
  });

  it('notices a process of the target that is elsewhere', async () => {
    const standIn = await prepared('root', 'mount-namespace');
    const machine = `--mount=/proc/${standIn.process.pid}/ns/mnt`;
    const pid = await standIn.ask('start', ['nsenter', machine, 'sleep', '60']);
    await standIn.ask('inject');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await standIn.ask('missing')).toBe(`pid ${pid} has no mount namespace of its own`);
  });
});

describeWith([root, 'unshare', 'nsenter', 'ip', 'setpriv', '/usr/bin/python3'], 'in a user namespace', () => {
  describe('as somebody without rights', () => owes('nobody', 'user-namespace', true));
  describe('as root', () => owes('root', 'user-namespace', true));

  it('refuses a target whose needs are not declared', async () => {
    const standIn = new StandIn('nobody', {
      driver: 'user-namespace',
      spec: { action: 'error', patterns: [] },
      declared: declare({ connects: undefined }),
      upstreams: [],
      machine: anything,
    });
    const answer = await standIn.ask('probe');
    expect(answer.usable).toBe(false);
    expect(answer.remedy).toContain('process.connects');
  });

  it('finds out that user namespaces are closed', async () => {
    const standIn = new StandIn('locked', {
      driver: 'user-namespace',
      spec: { action: 'error', patterns: [] },
      declared: declare({ connects: [] }),
      upstreams: [],
      machine: anything,
    });
    const answer = await standIn.ask('probe');
    expect(answer).toMatchObject({ usable: false, reason: expect.stringContaining('unshare failed') });
  });

  it('leads declared connections through, both ways, and no others', async () => {
    const echo = createServer((socket) => socket.pipe(socket));
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    onCleanup(() => void echo.close());
    const outside = (echo.address() as AddressInfo).port;
    const inside = await freePort();
    const standIn = await prepared('nobody', 'user-namespace', {
      declared: declare({
        hosts: { 'peer.internal': '127.0.0.1' },
        connects: [`127.0.0.1:${outside}`, `peer.internal:${outside}`, `localhost:${outside}`],
        listens: [inside],
      }),
    });
    const talk = (host: string, port: number) =>
      standIn.run('/usr/bin/python3', '-c', talkScript, host, String(port));
    expect(await talk('127.0.0.1', outside)).toBe('100000 bytes back');
    expect(await talk('peer.internal', outside)).toBe('100000 bytes back');
    expect(await talk('127.0.0.1', inside)).toBe('ConnectionRefusedError');
    expect(await talk('192.0.2.77', 80)).toMatch(/OSError|refused/i);

    await expect(greeting(inside)).rejects.toThrow('ECONNREFUSED');
    await standIn.ask('start', ['/usr/bin/python3', '-c', greetScript, String(inside)]);
    await expect.poll(() => greeting(inside).catch(() => ''), { timeout: 5000 }).toBe('hello from inside');
  });

  it('refuses to start when a port that the target needs is taken', async () => {
    const holder = createServer();
    holder.listen(0, '127.0.0.1');
    await once(holder, 'listening');
    onCleanup(() => void holder.close());
    const { port } = holder.address() as AddressInfo;
    const declared = declare({ connects: [], listens: [port] });
    await expect(prepared('nobody', 'user-namespace', { declared })).rejects.toThrow(/EADDRINUSE/);
  });

  it('keeps the user, the folder and the pid of the target', async () => {
    const standIn = await prepared('nobody', 'user-namespace', {
      declared: declare({ connects: [], folder: '/usr/share' }),
    });
    expect(await standIn.run('sh', '-c', 'id -u; pwd; grep CapEff /proc/self/status')).toBe(
      '65534\n/usr/share\nCapEff:\t0000000000000000',
    );
    const pid = await standIn.ask('start', ['sleep', '60']);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toBe('sleep\x0060\0');
  });
});

describeWith([root, 'unshare', 'setpriv'], 'through a preload of Node.js', () => {
  describe('as root', () => owes('root', 'node-preload', false));
  describe('without rights and user namespaces', () => owes('locked', 'node-preload', false));
});
