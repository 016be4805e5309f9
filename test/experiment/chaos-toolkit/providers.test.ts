import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { steadyClock } from '../../../src/base/clock.ts';
import { callHttp } from '../../../src/experiment/chaos-toolkit/providers/http.ts';
import { callProcess } from '../../../src/experiment/chaos-toolkit/providers/process.ts';
import {
  outputBytesMax,
  type ProviderContext,
} from '../../../src/experiment/chaos-toolkit/providers/provider.ts';
import {
  callPython,
  checkPython,
  pythonCommand,
} from '../../../src/experiment/chaos-toolkit/providers/python.ts';
import { variablesOf } from '../../../src/experiment/chaos-toolkit/substitution.ts';
import type { ProcessId } from '../../../src/faults/targets/target.ts';
import { describeWith } from '../../support/requires.ts';

const folder = mkdtempSync(join(tmpdir(), 'firedrill-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const configuration = { count: 3, yes: true, name: 'shop' };
const secrets = { web: { token: 'abc' } };

function context(more: Partial<ProviderContext> = {}): ProviderContext {
  return {
    clock: steadyClock,
    env: process.env,
    folder,
    configuration,
    secrets,
    variables: variablesOf(configuration, secrets),
    pythonCommand,
    stop: new AbortController().signal,
    onProcess: async () => async () => {},
    ...more,
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the process provider', () => {
  test('answers with status, output and errors, its arguments substituted', async () => {
    const script = 'echo "$0 $1 $2"; echo wrong >&2; exit 3';
    const list = {
      type: 'process',
      path: 'sh',
      arguments: ['-c', script, '${count}', null, '${yes}', 'x ${name}'],
    } as const;
    expect(await callProcess(list, context())).toEqual({
      status: 3,
      stdout: '3 True x shop\n',
      stderr: 'wrong\n',
    });
    const mapping = { type: 'process', path: 'echo', arguments: { '-n': '', '--who': '${name}' } } as const;
    expect((await callProcess(mapping, context())).stdout).toBe('--who shop');
    const line = { type: 'process', path: 'echo', arguments: '${token} | tr a-c A-C' } as const;
    expect((await callProcess(line, context())).stdout).toBe('ABC\n');
  });

  test('says a signal as Python does, and keeps a bounded part of much output', async () => {
    const killed = { type: 'process', path: 'sh', arguments: ['-c', 'kill -9 $$'] } as const;
    expect((await callProcess(killed, context({ configuration: {}, secrets: {} }))).status).toBe(-9);
    const much = {
      type: 'process',
      path: 'head',
      arguments: ['-c', 3 * outputBytesMax, '/dev/zero'],
    } as const;
    const { status, stdout } = await callProcess(much, context());
    expect([status, stdout.length]).toEqual([0, outputBytesMax]);
  });

  test('ends a whole group of processes when time is over or the run stops', async () => {
    const stop = new AbortController();
    const pids: number[] = [];
    const onProcess = async ({ pid }: ProcessId) => {
      pids.push(pid);
      return async () => {};
    };
    const sleeper = { type: 'process', path: 'sh', arguments: ['-c', 'sleep 300 & sleep 300'] } as const;
    const late = callProcess({ ...sleeper, timeout: 1 }, context({ onProcess }));
    await expect(late).rejects.toThrow('process activity took too long to complete');
    const stopped = callProcess(sleeper, context({ stop: stop.signal, onProcess }));
    setTimeout(() => stop.abort(), 500);
    await expect(stopped).rejects.toThrow('the run was stopped');
    expect(pids).toHaveLength(2);
    await expect.poll(() => pids.filter((pid) => isAlive(-pid)), { timeout: 10_000 }).toEqual([]);
  });

  test('does not wait for what a program leaves running', async () => {
    const script = 'sleep 300 & echo $!';
    const { stdout } = await callProcess(
      { type: 'process', path: 'sh', arguments: ['-c', script] },
      context(),
    );
    const left = Number(stdout);
    expect(isAlive(left)).toBe(true);
    process.kill(left, 'SIGKILL');
  });

  test('fails when there is no such program', async () => {
    const call = callProcess({ type: 'process', path: 'no-such-program' }, context());
    await expect(call).rejects.toThrow('no-such-program cannot be found');
  });
});

describe('the http provider', () => {
  const asked: {
    method: string;
    url: string;
    type: string | undefined;
    auth: string | undefined;
    body: string;
  }[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    const { method = '', url = '', headers } = request;
    let body = '';
    for await (const chunk of request) body += chunk;
    asked.push({ method, url, type: headers['content-type'], auth: headers.authorization, body });
    if (url === '/slow') return;
    if (url === '/away') response.writeHead(302, { Location: '/json' }).end();
    else if (url === '/json')
      response.writeHead(200, { 'Content-Type': 'application/json', 'X-Own': 'a' }).end('{"a":1}');
    else if (url === '/much') response.end(Buffer.alloc(2 * outputBytesMax));
    else response.writeHead(503).end('not now');
  });
  let base = '';
  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test('follows redirects, parses JSON and keeps the names of headers', async () => {
    const headers = { Authorization: 'Bearer ${token}' };
    const answer = await callHttp({ type: 'http', url: `${base}/away`, headers }, context());
    expect(answer).toMatchObject({ status: 200, body: { a: 1 }, headers: { 'X-Own': 'a' } });
    expect(asked.at(0)).toMatchObject({ url: '/away', auth: 'Bearer abc' });
  });

  test('answers with a bad status, too', async () => {
    const answer = await callHttp({ type: 'http', url: `${base}/\${name}` }, context());
    expect(answer).toMatchObject({ status: 503, body: 'not now' });
    expect(asked.at(-1)?.url).toBe('/shop');
  });

  test('sends arguments as a query, a form, JSON or text', async () => {
    const send = (more: object) => callHttp({ type: 'http', url: `${base}/x?q=1`, ...more }, context());
    await send({ arguments: { n: '${count}', list: ['a', 'b'], none: null } });
    expect(asked.at(-1)?.url).toBe('/x?q=1&n=3&list=a&list=b');
    await send({ method: 'post', arguments: { n: '${count}', s: 'a b' } });
    expect(asked.at(-1)).toMatchObject({
      method: 'POST',
      type: 'application/x-www-form-urlencoded',
      body: 'n=3&s=a+b',
    });
    const headers = { 'Content-Type': 'application/json' };
    await send({ method: 'PUT', headers, arguments: { n: '${count}' } });
    expect(asked.at(-1)).toMatchObject({ method: 'PUT', type: 'application/json', body: '{"n":3}' });
    await send({ method: 'POST', arguments: 'text of ${name}' });
    expect(asked.at(-1)?.body).toBe('text of shop');
  });

  test('fails without an answer: nobody there, too slow, too much, stopped', async () => {
    const call = (url: string, more: object = {}, around: Partial<ProviderContext> = {}) =>
      callHttp({ type: 'http', url, ...more }, context(around));
    await expect(call('http://127.0.0.1:1/', { max_retries: 2 })).rejects.toThrow(
      /failed to connect to .*ECONNREFUSED/,
    );
    await expect(call(`${base}/slow`, { timeout: 1 })).rejects.toThrow('activity took too long to complete');
    await expect(call(`${base}/much`)).rejects.toThrow('more than');
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 300);
    await expect(call(`${base}/slow`, {}, { stop: stop.signal })).rejects.toThrow('the run was stopped');
    await expect(call('${name}')).rejects.toThrow('shop is no address');
  });
});

describeWith(['python3'], 'the python provider', () => {
  const own = join(folder, 'own_probes.py');
  beforeAll(() =>
    writeFileSync(
      own,
      `def look(wanted, configuration=None, secrets=None):
    print("noise on standard output")
    return {"wanted": wanted, "configuration": configuration, "secrets": secrets}

def fail():
    raise ValueError("not today")
`,
    ),
  );

  test('calls a function with its arguments, the configuration and its secrets', async () => {
    const look = {
      type: 'python',
      module: 'own_probes',
      func: 'look',
      arguments: { wanted: '${count}' },
    } as const;
    expect(await callPython({ ...look, secrets: ['web'] }, context())).toEqual({
      wanted: 3,
      configuration,
      secrets: { token: 'abc' },
    });
    expect(await callPython(look, context())).toMatchObject({ secrets: null });
  });

  test('fails with what the function raises', async () => {
    const call = callPython({ type: 'python', module: 'own_probes', func: 'fail' }, context());
    await expect(call).rejects.toThrow('ValueError: not today');
  });

  test('knows beforehand which functions cannot be called', async () => {
    const own = { module: 'own_probes', func: 'look' };
    const problems = await checkPython(
      [
        { ...own, arguments: { wanted: 1 } },
        own,
        { ...own, arguments: { wanted: 1, more: 2 } },
        { module: 'own_probes', func: 'none' },
        { module: 'no_such_module', func: 'x' },
      ],
      context(),
    );
    expect(problems).toEqual([
      undefined,
      expect.stringContaining("missing a required argument: 'wanted'"),
      expect.stringContaining("unexpected keyword argument 'more'"),
      'LookupError: module own_probes has no function none',
      "ModuleNotFoundError: No module named 'no_such_module'",
    ]);
  });
});
