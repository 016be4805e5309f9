import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firedrill, firedrillBin, type Workplace, workplace } from '../support/firedrill.ts';

let place: Workplace;
beforeEach(() => {
  place = workplace();
});
afterEach(() => place.remove());

describe('firedrill proxy', () => {
  it('begins with the proxies of a file, and ends when asked to, also after a client that broke off', async () => {
    const upstream = createServer((socket) => {
      socket.on('error', () => {});
      const more = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(2 ** 16)));
      };
      socket.on('drain', more);
      more();
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const { port } = upstream.address() as AddressInfo;
    const config = join(place.folder, 'proxies.json');
    writeFileSync(
      config,
      JSON.stringify([{ name: 'db', listen: 'localhost:0', upstream: `127.0.0.1:${port}` }]),
    );
    const args = ['proxy', '--port', '0', '--config', config, '--seed', '7', '--proxy-metrics'];
    const running = execa(process.execPath, [firedrillBin, ...args], { env: place.env, reject: false });
    try {
      let said = '';
      running.stderr!.on('data', (text) => {
        said += text;
      });
      while (!said.includes('seed 7')) await once(running.stderr!, 'data');
      expect(said).toContain(`1 proxies of ${config}`);
      const url = /http:\S+(?=,)/.exec(said)![0];
      const proxy = (await (await fetch(`${url}/proxies/db`)).json()) as { listen: string };
      for (let i = 0; i < 5; i++) {
        const client = connect({ port: Number(proxy.listen.split(':')[1]), host: '127.0.0.1' });
        await once(client, 'data');
        client.resetAndDestroy();
      }
      expect(await (await fetch(`${url}/metrics`)).text()).toContain('toxiproxy_proxy_sent_bytes_total{');
      running.kill('SIGTERM');
      expect((await running).exitCode).toBe(0);
    } finally {
      running.kill('SIGKILL');
      upstream.close();
    }
  });

  it.each([
    [['--port', 'http'], 'FD105'],
    [['--seed', '-1'], 'FD105'],
    [['--toxic-ttl', 'soon'], 'FD112'],
    [['--host', '0.0.0.0', '--port', '0'], 'FD902'],
    [['--port', '0', '--config', 'absent.json'], 'FD101'],
    [['--port', '0', '--config', 'broken.json'], 'FD906'],
  ])('with %j ends with %s', async (args, code) => {
    writeFileSync(join(place.folder, 'broken.json'), '[{"name": "db"}]');
    const { exitCode, stderr } = await firedrill(place, ['proxy', ...args]);
    expect(stderr).toContain(code);
    expect(exitCode).toBe(2);
  });
});
