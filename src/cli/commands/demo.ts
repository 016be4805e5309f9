// Three acts of one story: a DNS outage makes a service leak memory; the fixed service holds; an alert that can never
// fire stays silent. Each act is an ordinary experiment in examples/dns-outage.

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../base/catalogue.ts';
import type { Verdict } from '../../experiment/verdict.ts';
import { renderActs } from '../../report/terminal/acts.ts';
import { drill, readFile, userStop } from '../drill.ts';
import { showDiagnostics } from '../failure.ts';
import { print, printJson, terminalOptions } from '../surroundings.ts';
import { notifyOf } from './run.ts';

export interface DemoOptions {
  readonly output: 'text' | 'json';
  readonly notify: string;
  readonly runs: string;
}

const acts = [
  { name: 'leaky', resilience: 'fail', detection: 'pass' },
  { name: 'fixed', resilience: 'pass', detection: 'pass' },
  { name: 'mute', resilience: 'fail', detection: 'fail' },
] as const;

export async function demo(options: DemoOptions): Promise<number> {
  const notify = notifyOf(options.notify);
  const sets = await portSets();
  const stop = userStop();
  const played: { name: string; verdict: Verdict; asTold: boolean }[] = [];
  for (const [index, act] of acts.entries()) {
    if (stop.stop.aborted) break;
    process.stderr.write(`act ${index + 1} of ${acts.length}: ${act.name}\n`);
    const file = fileURLToPath(new URL(`../examples/dns-outage/${act.name}.yaml`, import.meta.url));
    const { verdict, failure } = await drill(await readFile(file, { sets }), {
      notify,
      projection: true,
      runs: options.runs,
      trial: 1,
      userStop: stop,
    });
    if (failure) showDiagnostics(failure.diagnostics);
    const asTold = verdict.resilience === act.resilience && verdict.detection === act.detection;
    played.push({ name: `${index + 1} ${act.name}`, verdict, asTold });
    if (failure) break;
  }
  if (options.output === 'json') printJson({ acts: played.map(({ verdict }) => verdict) });
  else print(renderActs(played, terminalOptions()));
  if (stop.stop.aborted) return exitCodes.stopped;
  return played.length === acts.length && played.every(({ asTold }) => asTold)
    ? exitCodes.pass
    : exitCodes.fail;
}

const usualPort = 8080;

/** The example listens on port 8080; where that is taken, what puts it on a free one. */
async function portSets(): Promise<string[]> {
  if ((await portOf(usualPort)) === usualPort) return [];
  const port = await portOf(0);
  process.stderr.write(`port ${usualPort} is taken, so the demo's service listens on port ${port}\n`);
  return [
    `spec.target.process.env.PORT="${port}"`,
    `spec.target.process.ready.http=http://127.0.0.1:${port}/healthz`,
    `spec.telemetry.scrape[0].targets[0]=127.0.0.1:${port}`,
  ];
}

/** A loopback port that could be opened just now; undefined when it could not. */
async function portOf(wanted: number): Promise<number | undefined> {
  const server = createServer();
  try {
    await once(server.listen(wanted, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  } catch {
    return undefined;
  } finally {
    server.close();
  }
}
