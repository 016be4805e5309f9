// Load from a program of the team's own (k6, wrk, a script). It runs as long as the drill does; its output goes to
// the run's logs. It carries the run's mark, so that the watchdog ends it with everything else that we started.

import { createWriteStream } from 'node:fs';
import { execa } from 'execa';
import type { TrafficSpec } from '../model.ts';
import type { Traffic } from './http.ts';

export type CommandTrafficSpec = Extract<TrafficSpec, { type: 'command' }>;

export interface CommandTrafficContext {
  readonly folder: string;
  readonly logFile: string;
  /** Environment that marks the process as this run's. */
  readonly env: Readonly<Record<string, string>>;
  /** It ended by itself, which the run reports: load that stops early makes every objective look healthy. */
  onEnd(how: string): void;
}

const killAfterMs = 2000;

export function commandTraffic(spec: CommandTrafficSpec, context: CommandTrafficContext): Traffic {
  const [program, ...args] = spec.command;
  const stopping = new AbortController();
  let running: Promise<unknown> | undefined;
  let kill: () => void = () => {};
  return {
    start: () => {
      const log = createWriteStream(context.logFile, { flags: 'a' });
      const child = execa(program!, args, {
        cwd: context.folder,
        env: context.env,
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'pipe',
        buffer: false,
        reject: false,
        cancelSignal: stopping.signal,
        forceKillAfterDelay: killAfterMs,
      });
      kill = () => void child.kill('SIGKILL');
      child.stdout.pipe(log, { end: false });
      child.stderr.pipe(log, { end: false });
      running = child.then((result) => {
        log.end();
        if (!stopping.signal.aborted) context.onEnd(result.shortMessage ?? `exit code ${result.exitCode}`);
      });
    },
    stop: async (hurry) => {
      stopping.abort();
      hurry.addEventListener('abort', kill, { once: true });
      if (hurry.aborted) kill();
      await running;
    },
  };
}
