// Real programs for tests: started on free loopback ports, ended by their pid when the test is over.

import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface Program {
  readonly pid: number;
  /** What it wrote so far, for failure messages. */
  output(): string;
  stop(): Promise<void>;
}

/** Starts a program and waits until `readyUrl` answers with a 2xx. */
export async function startProgram(
  command: readonly string[],
  readyUrl: string,
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Program> {
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (text = (text + chunk).slice(-20_000)));
  const program: Program = { pid: child.pid!, output: () => text, stop: () => stopChild(child) };
  try {
    await waitForHttp(readyUrl, () => child.exitCode !== null);
  } catch (error) {
    await program.stop();
    throw new Error(`${command.join(' ')}: ${(error as Error).message}\n${text}`);
  }
  return program;
}

async function waitForHttp(url: string, ended: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    if (ended()) throw new Error('ended before it was ready');
    const ok = await fetch(url, { signal: AbortSignal.timeout(1000) }).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} did not answer within 20 s`);
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const forced = setTimeout(() => child.kill('SIGKILL'), 3000);
  await gone;
  clearTimeout(forced);
}
