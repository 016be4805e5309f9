// The helper inside a target's network namespace, a program of its own: opens sockets there and hands them to
// Firedrill (see protocol.ts), and reports which TCP ports have a listener. It ends with Firedrill,
// because the channel between them closes then.

import type { SendHandle } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect, createServer, isIPv6 } from 'node:net';
import { localPortRange } from './local-ports.ts';
import type { DoorOrder, HelperMessage } from './protocol.ts';

const portsIntervalMs = 50;
const localPorts = localPortRange();
const firedrill = process.ppid;

process.on('disconnect', () => process.exit(0));
process.on('message', (message) => openDoor(message as DoorOrder));

let reported: string | undefined;
reportPorts();
setInterval(() => {
  endWithFiredrill();
  reportPorts();
}, portsIntervalMs);

/** The event `disconnect` is lost when Firedrill is killed while this program is loaded, or while sockets are handed over. */
function endWithFiredrill(): void {
  if (!process.connected || process.ppid !== firedrill) process.exit(0);
}

function openDoor({ id, open, address, port, from }: DoorOrder): void {
  const fail = (error: NodeJS.ErrnoException) => say({ id, error: error.code ?? error.message });
  if (open === 'udp') {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    socket.once('error', fail);
    // Our own copy has to go, or the two of us would share what arrives.
    socket.bind(port, address, () => say({ id }, socket, () => socket.close()));
  } else if (open === 'listen') {
    const server = createServer();
    server.once('error', fail);
    server.listen(port, address, () => say({ id }, server, () => server.close()));
  } else {
    const socket = connect({ host: address, port, allowHalfOpen: true, ...from });
    // Nothing may be read here: what the other side says first is not for us.
    socket.pause();
    socket.once('error', fail);
    socket.once('connect', () => say({ id }, socket));
  }
}

function say(message: HelperMessage, socket?: SendHandle, then?: () => void): void {
  process.send?.(message, socket, {}, () => then?.());
}

function reportPorts(): void {
  const listening = ['/proc/self/net/tcp', '/proc/self/net/tcp6'].flatMap(listeningPorts);
  const report = [...new Set(listening)].sort((a, b) => a - b);
  const text = report.join();
  if (text === reported) return;
  reported = text;
  say({ listening: report, localPorts });
}

/** Lines of /proc/net/tcp: number, local address:port in hexadecimal, remote, state; 0A is LISTEN. */
function listeningPorts(file: string): number[] {
  try {
    return readFileSync(file, 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A')
      .map((fields) => Number.parseInt(fields[1]!.split(':')[1]!, 16));
  } catch {
    // A kernel without IPv6 has no tcp6.
    return [];
  }
}
