import { STATUS_CODES } from 'node:http';
import { fieldOf, hasNoBody, type MessageHead } from './message-reader.ts';

/** What is done to the answers of the requests that match. */
export interface HttpFault {
  /** 0: the upstream answers. Otherwise it does not see the request, and this is the answer. */
  readonly status: number;
  /** Milliseconds before the answer. */
  readonly latency: number;
  /** Set in the answer, in place of fields of the same name. */
  readonly headers: Readonly<Record<string, string>>;
  /** In place of the answer's body. */
  readonly body?: string | undefined;
}

/** A request, and what its answer shall be. */
export interface Exchange {
  readonly method: string;
  readonly fault: HttpFault | undefined;
  /** The upstream does not see the request. */
  readonly answeredHere: boolean;
  /** The connection is closed after an answer of ours. */
  readonly last: boolean;
  waited: boolean;
}

/** The answer that the proxy gives itself. */
export function ownAnswer({ method, fault, last }: Exchange): Buffer {
  const { status, headers, body = '' } = fault!;
  const withBody = !hasNoBody(status);
  const fields = new Map<string, [name: string, value: string]>();
  const set = (name: string, value: string) => fields.set(name.toLowerCase(), [name, value]);
  if (withBody) set('Content-Type', 'text/plain; charset=utf-8');
  if (last) set('Connection', 'close');
  for (const [name, value] of Object.entries(headers)) set(name, value);
  if (withBody) set('Content-Length', String(Buffer.byteLength(body)));
  const head = headBytes(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, [...fields.values()]);
  return withBody && method !== 'HEAD' ? Buffer.concat([head, Buffer.from(body)]) : head;
}

/** The upstream's head with what the fault changes in it. */
export function changedHead(head: MessageHead, fault: HttpFault, replacesBody: boolean): Buffer {
  const { headers, body = '' } = fault;
  const framing = ['content-length', 'transfer-encoding', 'content-encoding', 'trailer'];
  const gone = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  if (replacesBody) for (const name of framing) gone.add(name);
  const fields = [
    ...head.fields.filter(([name]) => !gone.has(name.toLowerCase())),
    ...Object.entries(headers).filter(([name]) => !replacesBody || !framing.includes(name.toLowerCase())),
  ];
  if (replacesBody) fields.push(['Content-Length', String(Buffer.byteLength(body))]);
  return headBytes(head.startLine, fields);
}

/** Whether the client wants no other answer on this connection, or waits for a word before it sends the body. */
export function endsConnection(head: MessageHead): boolean {
  const connection = fieldOf(head, 'connection') ?? '';
  if (fieldOf(head, 'expect') === '100-continue' || connection.includes('close')) return true;
  return head.startLine.endsWith('HTTP/1.0') && !connection.includes('keep-alive');
}

function headBytes(startLine: string, fields: readonly (readonly [string, string])[]): Buffer {
  const lines = fields.map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`${[startLine, ...lines].join('\r\n')}\r\n\r\n`, 'latin1');
}
