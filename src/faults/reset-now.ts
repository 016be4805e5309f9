import type { Socket } from 'node:net';

/**
 * Breaks a connection at once: its peer gets a TCP reset, and what was still to be sent is dropped.
 *
 * `socket.resetAndDestroy()` waits until all is sent and then ends the stream first, so that the peer may see a clean
 * end. When the peer breaks the connection in between, Node.js 20 asks for a reset of a handle that is shutting down,
 * which fails, never closes it, and lets the process spin at its exit. Its own mark with a plain `destroy` does neither;
 * a version of Node.js that does not know the mark would close the connection.
 */
export function resetNow(socket: Socket): void {
  const shuttingDown = socket.writableEnded && !socket.writableFinished;
  if (!shuttingDown && !socket.connecting)
    (socket as Socket & { resetAndClosing: boolean }).resetAndClosing = true;
  socket.destroy();
}
