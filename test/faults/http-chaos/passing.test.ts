import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/base/random.ts';
import { ask, everything, onCleanup, spec, startEcho, startProxy, startServer } from './support.ts';

/** Messages as they may stand on the wire: odd case and spacing, chunks with extensions and trailers, empty lines. */
const requests = Buffer.from(
  [
    'GET /a?b=c HTTP/1.1\r\nhOST:  x \r\nX-Empty:\r\n\r\n',
    '\r\nPOST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n5;why=not\r\nhello\r\n0\r\nTrailer-One: 1\r\n\r\n',
    'PUT /c HTTP/1.1\r\nHost: x\r\ncontent-length: 3\r\n\r\nab\0',
    'GET http://other.test/d HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n',
    'GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  ].join(''),
  'latin1',
);

const answers = [
  'HTTP/1.1 200 \r\ncontent-LENGTH: 2\r\nX-Octets: \xff\xfe\r\n\r\nhi',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;q\r\nabc\r\n00\r\nT: 1\r\n\r\n',
  'HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n',
  'HTTP/1.0 304 Not Modified\r\nContent-Length: 100\r\n\r\n',
  'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end',
].map((text) => Buffer.from(text, 'latin1'));

/** Answers each request when its last octet is there; ends after the last. */
async function startScripted(got: Buffer[]): Promise<number> {
  const ends = [
    ...requests
      .toString('latin1')
      .matchAll(/x \r\nX-Empty:\r\n\r\n|1\r\n\r\n|ab\0|Keep-Alive\r\n\r\n|close\r\n\r\n/g),
  ];
  const lengths = ends.map((match) => match.index + match[0].length);
  return startServer((socket) => {
    let count = 0;
    socket.on('data', (bytes) => {
      got.push(bytes);
      const bytesGot = got.reduce((sum, each) => sum + each.length, 0);
      while (count < answers.length && bytesGot >= lengths[count]!) socket.write(answers[count++]!);
      if (count === answers.length) socket.end();
    });
  });
}

describe('what no fault matches', () => {
  it.each([1, 2, 3, 4])('passes byte for byte both ways, however it is cut (%i)', async (seed) => {
    const got: Buffer[] = [];
    const { proxy, port } = await startProxy(await startScripted(got));
    const rule = proxy.add(spec({ path: '/elsewhere', abort: true }));
    const client = connect(port, '127.0.0.1');
    onCleanup(() => client.destroy());
    const said = everything(client);
    const random = seededRandom(seed);
    for (let at = 0; at < requests.length; ) {
      const bytes = 1 + Math.floor(random() * (seed === 1 ? 1 : 60));
      client.write(requests.subarray(at, at + bytes));
      at += bytes;
      if (seed > 2) await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await said).toString('latin1')).toBe(Buffer.concat(answers).toString('latin1'));
    expect(Buffer.concat(got).toString('latin1')).toBe(requests.toString('latin1'));
    expect(rule.hits).toBe(0);
  });

  it('streams: the first bytes of an answer come before the last are written', async () => {
    let finish = () => {};
    const { port } = await startProxy(
      await startServer((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst');
        finish = () => socket.end('later');
      }),
    );
    const client = connect(port, '127.0.0.1');
    onCleanup(() => client.destroy());
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const [first] = (await once(client, 'data')) as [Buffer];
    expect(first.toString()).toMatch(/first$/);
    finish();
    expect((await everything(client)).toString()).toBe('later');
  });

  it('lets a server answer before it has the whole request', async () => {
    const { port } = await startProxy(
      await startServer((socket) => {
        socket.once('data', () =>
          socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'),
        );
      }),
    );
    const client = connect(port, '127.0.0.1');
    client.on('error', () => {});
    onCleanup(() => client.destroy());
    client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nsome');
    expect((await everything(client)).toString()).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('slows a fast server down to a slow client', async () => {
    const total = 64 * 2 ** 20;
    let written = 0;
    const { port } = await startProxy(
      await startServer((socket) => {
        socket.once('data', async () => {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
          const piece = Buffer.alloc(2 ** 16);
          while (written < total && !socket.destroyed) {
            written += piece.length;
            if (!socket.write(piece)) await new Promise((resolve) => socket.once('drain', resolve));
          }
        });
      }),
    );
    const client = connect(port, '127.0.0.1');
    onCleanup(() => client.destroy());
    client.pause();
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    let before = -1;
    // It comes to a stop while nobody reads.
    await expect
      .poll(
        () => {
          const stands = written === before && written > 0;
          before = written;
          return stands;
        },
        { interval: 200, timeout: 10_000 },
      )
      .toBe(true);
    expect(written).toBeLessThan(total / 2);
    let got = 0;
    client.on('data', (bytes) => {
      got += bytes.length;
    });
    client.resume();
    await expect.poll(() => got, { timeout: 20_000 }).toBeGreaterThan(total);
  });

  it('ends the connection to the server when the client leaves while it waits', async () => {
    let left = false;
    const { port } = await startProxy(
      await startServer((socket) => {
        socket.resume();
        socket.on('end', () => {
          left = true;
          socket.end();
        });
      }),
    );
    const client = connect(port, '127.0.0.1');
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(client, 'connect');
    client.end();
    await expect.poll(() => left).toBe(true);
  });

  it('refuses, as near as it can, when nobody listens behind', async () => {
    const { port } = await startProxy(1);
    await expect(ask(port, '/')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('what is not HTTP/1', () => {
  async function exchange(toServer: Buffer | undefined, fromServer: Buffer | undefined) {
    const got: Buffer[] = [];
    const { proxy, port } = await startProxy(
      await startServer((socket: Socket) => {
        if (fromServer && !toServer) socket.write(fromServer);
        socket.on('data', (bytes) => {
          got.push(bytes);
          if (toServer && fromServer && Buffer.concat(got).length >= toServer.length) socket.end(fromServer);
        });
        socket.on('end', () => socket.end());
      }),
    );
    proxy.add(spec({ abort: true, target: 'Request' }));
    onCleanup(() => expect(proxy.unread).toBe(1));
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    onCleanup(() => client.destroy());
    const said: Buffer[] = [];
    client.on('data', (bytes) => said.push(bytes));
    if (toServer) client.write(toServer);
    else {
      await once(client, 'data');
      client.write('thanks');
      client.end();
    }
    await once(client, 'end');
    return { got: Buffer.concat(got), said: Buffer.concat(said) };
  }

  it('passes HTTP/2 unread', async () => {
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    expect(await exchange(preface, settings)).toEqual({ got: preface, said: settings });
  });

  it('passes TLS unread when no certificate was given', async () => {
    const hello = Buffer.from([22, 3, 1, 0, 4, 1, 0, 0, 0]);
    const alert = Buffer.from([21, 3, 3, 0, 2, 2, 40]);
    expect(await exchange(hello, alert)).toEqual({ got: hello, said: alert });
  });

  it('passes what a server says first', async () => {
    const banner = Buffer.from('220 ready\r\n');
    expect(await exchange(undefined, banner)).toEqual({ got: Buffer.from('thanks'), said: banner });
  });

  it('passes requests whose length is said in two ways, as they are', async () => {
    const request = Buffer.from(
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    );
    const answer = Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
    expect(await exchange(request, answer)).toEqual({ got: request, said: answer });
  });
});

describe('an upgrade', () => {
  it('passes everything after it unread, for as long as it lasts', async () => {
    const frames = Buffer.from([0x81, 5, 71, 69, 84, 32, 47]);
    const { proxy, port } = await startProxy(
      await startServer((socket) => {
        socket.once('data', () => {
          socket.write(
            'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
          );
          socket.pipe(socket);
        });
      }),
    );
    const rule = proxy.add(spec({ path: '/data', abort: true }));
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    onCleanup(() => client.destroy());
    client.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const [head] = (await once(client, 'data')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1\.1 101 /);
    for (let round = 0; round < 3; round++) {
      client.write(frames);
      const [echoed] = (await once(client, 'data')) as [Buffer];
      expect(echoed).toEqual(frames);
    }
    expect(rule.hits).toBe(0);
    expect(proxy.unread).toBe(0);
  });
});

describe('the end of a fault', () => {
  it('ends quiet connections at once, and busy ones after their answer', async () => {
    let answer: (() => void) | undefined;
    const { proxy, port } = await startProxy(
      await startServer((socket) => {
        socket.on('data', (bytes) => {
          const say = () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
          if (bytes.includes('/slow')) answer = say;
          else say();
        });
        socket.on('end', () => socket.end());
      }),
    );
    const quiet = connect(port, '127.0.0.1');
    const busy = connect(port, '127.0.0.1');
    onCleanup(() => [quiet.destroy(), busy.destroy()]);
    quiet.write('GET /fast HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(quiet, 'data');
    busy.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
    await expect.poll(() => answer).toBeDefined();
    const drained = proxy.drain(20, 5000);
    const said = everything(busy);
    await once(quiet.resume(), 'end');
    answer?.();
    expect((await said).toString()).toMatch(/Connection: close\r\n\r\nok$/);
    expect(await drained).toBe(0);
  });

  it('says how many were still busy', async () => {
    const { proxy, port } = await startProxy(await startServer((socket) => void socket.resume()));
    const client = connect(port, '127.0.0.1');
    client.on('error', () => {});
    client.write('GET /never HTTP/1.1\r\nHost: x\r\n\r\n');
    await expect.poll(() => proxy.openConnections).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await proxy.drain(10, 50)).toBe(1);
  });

  it('lets what is held back go on', async () => {
    const { proxy, port } = await startProxy(await startEcho());
    const rule = proxy.add(spec({ delay: '1h' }));
    const answer = ask(port, '/');
    await expect.poll(() => proxy.openConnections).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    proxy.remove(rule);
    expect(await answer).toMatchObject({ code: 200 });
  });
});
