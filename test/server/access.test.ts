import { request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { startApp, stopApps } from './support.ts';

afterEach(stopApps);

test('OPTIONS and HEAD are answered without a body, and allow no other page anything', async () => {
  const { url } = await startApp();
  const options = await fetch(`${url}/api/v1/query`, { method: 'OPTIONS' });
  expect([options.status, await options.text()]).toEqual([204, '']);
  expect(options.headers.get('access-control-allow-origin')).toBeNull();
  const preflight = await fetch(`${url}/api/v1/query`, {
    method: 'OPTIONS',
    headers: { origin: 'http://elsewhere.example.test' },
  });
  expect(preflight.status).toBe(403);
  const head = await fetch(`${url}/api/v1/query?query=1`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
  expect((await fetch(`${url}/-/healthy`, { method: 'DELETE' })).status).toBe(405);
});

/** Status of a GET with these headers, Host among them. */
function statusWith(address: string, headers: Record<string, string>): Promise<number> {
  const [host, port] = address.split(':') as [string, string];
  return new Promise((resolve, reject) => {
    request({ host, port, path: '/api/v1/labels', headers }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    })
      .once('error', reject)
      .end();
  });
}

test('a server beyond loopback needs a token', async () => {
  await expect(startApp({ host: '0.0.0.0' })).rejects.toThrow('no token is required');
});

test('a token is required of every request', async () => {
  const { address } = await startApp({ token: 'right-token' });
  expect(await statusWith(address, {})).toBe(401);
  expect(await statusWith(address, { authorization: 'Bearer wrong' })).toBe(401);
  expect(await statusWith(address, { authorization: 'Bearer right-token' })).toBe(200);
});

test('web pages that reach loopback by another name, or from another origin, are refused', async () => {
  const { address } = await startApp();
  expect(await statusWith(address, { host: address })).toBe(200);
  expect(await statusWith(address, { host: 'localhost:9090' })).toBe(200);
  expect(await statusWith(address, { host: 'rebound.example.test' })).toBe(403);
  expect(await statusWith(address, { host: address, origin: 'http://example.test' })).toBe(403);
  expect(await statusWith(address, { host: address, origin: `http://${address}` })).toBe(200);
});

test('a port that is taken is told', async () => {
  const { address } = await startApp();
  const port = Number(address.split(':')[1]);
  await expect(startApp({ port })).rejects.toThrow(`127.0.0.1:${port} cannot be listened on`);
});
