// Asks a target that we started whether it is ready, until it says so.

import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { ReadyCheck } from '../declaration.ts';
import { parseHostPort } from '../host-port.ts';

const answerMsMax = 1000;

/** undefined when it is ready, else why not. */
export async function askReady(check: ReadyCheck): Promise<string | undefined> {
  if (check.http !== undefined) return await askHttp(check.http);
  if (check.tcp !== undefined) return await askTcp(check.tcp);
  return undefined;
}

/** Any answer below 400 is ready. */
function askHttp(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const request = send(url, {
      agent: false,
      timeout: answerMsMax,
      // The question is whether it answers, not who it is.
      rejectUnauthorized: false,
    });
    request.once('response', (response) => {
      const status = response.statusCode ?? 0;
      resolve(status < 400 ? undefined : `${url} answers with ${status}`);
      request.destroy();
    });
    request.once('timeout', () => request.destroy(new Error(`no answer within ${answerMsMax} ms`)));
    request.on('error', (error) => resolve(`${url}: ${error.message || 'connection failed'}`));
    request.end();
  });
}

function askTcp(address: string): Promise<string | undefined> {
  const { host, port } = parseHostPort(address);
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: answerMsMax });
    socket.once('connect', () => {
      resolve(undefined);
      socket.destroy();
    });
    socket.once('timeout', () => socket.destroy(new Error(`no connection within ${answerMsMax} ms`)));
    socket.on('error', (error) => resolve(`${address}: ${error.message || 'connection failed'}`));
  });
}

/** The loopback port that a ready check asks; undefined when it asks elsewhere. */
export function readyPort(check: ReadyCheck | undefined): number | undefined {
  const { host, port } = addressOf(check) ?? {};
  return host !== undefined && /^(localhost|127\..*|::1|\[::1\])$/.test(host) ? port : undefined;
}

function addressOf(check: ReadyCheck | undefined): { host: string; port: number } | undefined {
  if (check?.tcp !== undefined) return parseHostPort(check.tcp);
  if (check?.http === undefined || !URL.canParse(check.http)) return undefined;
  const { hostname, port, protocol } = new URL(check.http);
  return { host: hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80) };
}
