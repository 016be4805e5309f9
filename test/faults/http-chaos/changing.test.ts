import http from 'node:http';
import { connect } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bodyBytesMax, mergePatch } from '../../../src/faults/http-chaos/proxy/change.ts';
import { ask, everything, onCleanup, spec, startEcho, startProxy, startServer } from './support.ts';

/** What the server got, and the answer, of a request under one fault. */
async function under(
  fields: Parameters<typeof spec>[0],
  path: string,
  options: Parameters<typeof ask>[2] = {},
) {
  const { proxy, port } = await startProxy(await startEcho());
  const rule = proxy.add(spec(fields));
  const answer = await ask(port, path, options);
  return {
    rule,
    answer,
    got: answer.body.startsWith('{"method')
      ? JSON.parse(Buffer.from(answer.body, 'latin1').toString())
      : undefined,
  };
}

function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

describe('a request', () => {
  const target = 'Request' as const;

  it('gets another path, and keeps its query', async () => {
    const { got, rule } = await under({ target, replace: { path: '/other' } }, '/a/b?x=1');
    expect(got.url).toBe('/other?x=1');
    expect(rule.hits).toBe(1);
  });

  it('gets another method', async () => {
    const { got } = await under({ target, replace: { method: 'DELETE' } }, '/');
    expect(got.method).toBe('DELETE');
  });

  it('gets other values of its queries, in their place', async () => {
    const replace = { queries: { foo: 'un known', added: '&' } };
    const { got } = await under({ target, replace }, '/?a=%20&foo=bar&foo=baz&z');
    expect(got.url).toBe('/?a=%20&foo=un+known&z&added=%26');
  });

  it('gets more queries', async () => {
    const queries: [string, string][] = [
      ['foo', 'bar'],
      ['foo', 'unknown'],
    ];
    expect((await under({ target, patch: { queries } }, '/?foo=1')).got.url).toBe(
      '/?foo=1&foo=bar&foo=unknown',
    );
    expect((await under({ target, patch: { queries } }, '/x')).got.url).toBe('/x?foo=bar&foo=unknown');
  });

  it('gets other headers, and more of them', async () => {
    const replace = { headers: { 'X-Old': 'new', 'X-Added': 'ä' } };
    const patch = { headers: [['X-Old', 'second'] as [string, string]] };
    const { got } = await under({ target, replace, patch }, '/', { headers: { 'x-old': 'old' } });
    expect(valuesOf(got.headers, 'x-old')).toEqual(['new', 'second']);
    expect(Buffer.from(valuesOf(got.headers, 'x-added')[0]!, 'latin1').toString()).toBe('ä');
  });

  it.each(['length', 'chunks'])('gets another body, whether its own came by %s', async (by) => {
    const headers = by === 'length' ? { 'Content-Length': '3' } : { 'Transfer-Encoding': 'chunked' };
    const replace = { body: Buffer.from('longer than before').toString('base64') };
    const { got } = await under({ target, replace }, '/', { method: 'POST', headers, body: 'old' });
    expect(got.body).toBe('longer than before');
    expect(valuesOf(got.headers, 'content-length')).toEqual(['18']);
    expect(valuesOf(got.headers, 'transfer-encoding')).toEqual([]);
  });

  it('gets a patched body', async () => {
    const patch = { body: { type: 'JSON' as const, value: '{"b":null,"c":[1]}' } };
    const { got } = await under({ target, patch }, '/', { method: 'POST', body: '{"a":1,"b":2}' });
    expect(JSON.parse(got.body)).toEqual({ a: 1, c: [1] });
  });

  it('gets a patched body also when its client waits to be asked for it', async () => {
    const patch = { body: { type: 'JSON' as const, value: '{"b":2}' } };
    const { proxy, port } = await startProxy(await startEcho());
    proxy.add(spec({ target, patch }));
    const client = connect(port, '127.0.0.1');
    onCleanup(() => client.destroy());
    client.write(
      'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 7\r\nConnection: close\r\n\r\n',
    );
    client.once('data', () => client.write('{"a":1}'));
    const said = (await everything(client)).toString();
    expect(said).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
    expect(said).toContain(String.raw`{\"a\":1,\"b\":2}`);
  });

  it('is aborted before it reaches the server', async () => {
    let got = 0;
    const { proxy, port } = await startProxy(
      await startServer((socket) => {
        socket.on('data', () => {
          got++;
        });
      }),
    );
    const rule = proxy.add(spec({ target, abort: true }));
    await expect(ask(port, '/')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect([got, rule.hits]).toEqual([0, 1]);
  });

  it('comes late', async () => {
    const before = performance.now();
    const { answer, rule } = await under({ target, delay: '300ms' }, '/');
    expect(performance.now() - before).toBeGreaterThanOrEqual(299);
    expect([answer.code, rule.hits]).toEqual([200, 1]);
  });
});

describe('a response', () => {
  it('gets another code, with its reason', async () => {
    const { answer, rule } = await under({ replace: { code: 503 } }, '/');
    expect(answer).toMatchObject({ code: 503, reason: 'Service Unavailable' });
    expect(JSON.parse(answer.body).url).toBe('/');
    expect(rule.hits).toBe(1);
  });

  it('gets other headers, and more of them', async () => {
    const { answer } = await under(
      {
        replace: { headers: { 'x-kind': 'other' } },
        patch: {
          headers: [
            ['Set-Cookie', 'a=b'],
            ['Set-Cookie', 'c=d'],
          ],
        },
      },
      '/',
    );
    expect(answer.headers).toMatchObject({ 'x-kind': 'other', 'set-cookie': ['a=b', 'c=d'] });
  });

  it('gets another body', async () => {
    const { answer } = await under({ replace: { body: 'bm90aGluZw==' } }, '/');
    expect(answer).toMatchObject({ body: 'nothing', headers: { 'content-length': '7' } });
  });

  it('gets a patched body, as in the example of Chaos Mesh', async () => {
    const value = '{"status":"Failed","reason":"hacked by Chaos Mesh"}';
    const { answer } = await under({ patch: { body: { type: 'JSON', value } }, path: '*' }, '/');
    expect(JSON.parse(answer.body)).toMatchObject({
      method: 'GET',
      status: 'Failed',
      reason: 'hacked by Chaos Mesh',
    });
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)('gets a patched body that is packed by %s', async (encoding, pack) => {
    const server = http.createServer((_, response) => {
      response.setHeader('Content-Encoding', encoding);
      response.end(pack('{"a":1}'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onCleanup(() => server.close());
    const { proxy, port } = await startProxy((server.address() as { port: number }).port);
    proxy.add(spec({ patch: { body: { type: 'JSON', value: '{"b":2}' } } }));
    const answer = await ask(port, '/');
    expect(answer.body).toBe('{"a":1,"b":2}');
    expect(answer.headers['content-encoding']).toBeUndefined();
  });

  it('is aborted', async () => {
    const { proxy, port } = await startProxy(await startEcho());
    const rule = proxy.add(spec({ abort: true }));
    await expect(ask(port, '/')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(rule.hits).toBe(1);
  });

  it('comes late', async () => {
    const before = performance.now();
    const { answer } = await under({ delay: '300ms' }, '/');
    expect(performance.now() - before).toBeGreaterThanOrEqual(299);
    expect(answer.code).toBe(200);
  });

  it.each([
    ['that has a body gets a code without one', 204, 'GET', ''],
    ['to HEAD has none after a change either', 500, 'HEAD', ''],
  ] as const)('%s, and the connection goes on', async (_, code, method, body) => {
    const { proxy, port } = await startProxy(await startEcho());
    proxy.add(spec({ replace: { code }, path: '/x' }));
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    onCleanup(() => agent.destroy());
    expect(await ask(port, '/x', { agent, method })).toMatchObject({ code, body });
    expect(await ask(port, '/y', { agent })).toMatchObject({ code: 200 });
    expect(proxy.openConnections).toBe(1);
  });

  it('without a body that gets a code with one says that it is empty', async () => {
    const { proxy, port } = await startProxy(
      await startServer((socket) => {
        socket.on('data', () => socket.write('HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n'));
      }),
    );
    proxy.add(spec({ replace: { code: 500 } }));
    expect(await ask(port, '/')).toMatchObject({ code: 500, body: '', headers: { 'content-length': '0' } });
  });

  it.each([
    ['no JSON', 'plain text'],
    ['too large', `"${'x'.repeat(bodyBytesMax)}"`],
  ])('whose body is %s passes as it is, and is no hit', async (_, body) => {
    const { proxy, port } = await startProxy(
      await startServer((socket) => {
        socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${body}`));
      }),
    );
    const rule = proxy.add(spec({ patch: { body: { type: 'JSON', value: '{}' } } }));
    const answer = await ask(port, '/');
    expect(answer.body.length).toBe(body.length);
    expect(answer.body === body).toBe(true);
    expect([rule.hits, rule.unpatched]).toEqual([0, 1]);
  });
});

describe('a fault acts only on what it names', () => {
  const replace = { code: 418 };

  it.each([
    [{ path: '/api/*' }, '/api/x/y?q', {}, true],
    [{ path: '/api/*' }, '/apis', {}, false],
    [{ path: '/a?c' }, '/abc', {}, true],
    [{ path: '/a?c' }, '/ac', {}, false],
    [{ path: '/abc' }, '/abc?q=1', {}, true],
    [{ path: '/abc' }, '/ABC', {}, false],
    [{ method: 'GET' }, '/', {}, true],
    [{ method: 'GET' }, '/', { method: 'POST' }, false],
    [{ code: 200 }, '/', {}, true],
    [{ code: 404 }, '/', {}, false],
    [{ request_headers: { 'x-user': 'eve' } }, '/', { headers: { 'X-User': 'eve' } }, true],
    [{ request_headers: { 'x-user': 'eve' } }, '/', { headers: { 'X-User': 'Eve' } }, false],
    [{ response_headers: { 'X-KIND': 'echo' } }, '/', {}, true],
    [{ response_headers: { 'X-Kind': 'other' } }, '/', {}, false],
    [{ path: '/a', method: 'PUT', code: 200 }, '/a', { method: 'PUT' }, true],
    [{ path: '/a', method: 'PUT', code: 200 }, '/a', {}, false],
  ])('%j on %s with %j: %s', async (match, path, options, isHit) => {
    const { answer, rule } = await under({ ...match, replace }, path, options);
    expect(answer.code).toBe(isHit ? 418 : 200);
    expect(rule.hits).toBe(isHit ? 1 : 0);
  });

  it('and several act one after the other', async () => {
    const { proxy, port } = await startProxy(await startEcho());
    const one = proxy.add(spec({ target: 'Request', replace: { path: '/changed' } }));
    proxy.add(spec({ path: '/asked', patch: { headers: [['X-A', '1']] } }));
    const three = proxy.add(spec({ replace: { code: 500 } }));
    const answer = await ask(port, '/asked');
    expect(answer).toMatchObject({ code: 500, headers: { 'x-a': '1' } });
    expect(JSON.parse(answer.body).url).toBe('/changed');
    proxy.remove(three);
    expect((await ask(port, '/asked')).code).toBe(200);
    proxy.remove(one);
    expect(JSON.parse((await ask(port, '/asked')).body).url).toBe('/asked');
  });
});

describe('a merge patch', () => {
  // RFC 7396, appendix A.
  it.each([
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['{"a":"b"}', '{"a":null}', '{}'],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['["a","b"]', '["c","d"]', '["c","d"]'],
    ['{"a":"b"}', '["c"]', '["c"]'],
    ['{"a":"foo"}', 'null', 'null'],
    ['{"a":"foo"}', '"bar"', '"bar"'],
    ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
    ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ])('%s with %s is %s', (target, patch, result) => {
    expect(JSON.stringify(mergePatch(JSON.parse(target), JSON.parse(patch)))).toBe(result);
  });
});
