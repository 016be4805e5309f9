const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EAI_AGAIN: 'the host name cannot be resolved now',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'no route to the host',
  EISDIR: 'it is a folder',
  ENETUNREACH: 'no route to the network',
  ENOENT: 'no such file or folder',
  ENOSPC: 'no space left on the device',
  ENOTFOUND: 'host not found',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_SOCKET: 'the connection was closed before the answer was complete',
};

/** Why a system call or a connection failed, in words; the message of the error where we have none. */
export function systemReason(error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const { code, message } = first as NodeJS.ErrnoException;
  return (code !== undefined && reasons[code]) || message || String(first);
}
