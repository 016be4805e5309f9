// Small drills for the tests of the command line: a service of a few lines, short phases, and a runner that can be
// watched while it runs and looked for after it has ended.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TestContext } from 'vitest';
import { stringify } from 'yaml';
import { readTimeline } from '../../src/experiment/run/timeline-log.ts';
import type { EventOf, EventType, TimelineEvent } from '../../src/experiment/timeline.ts';
import type { Verdict } from '../../src/experiment/verdict.ts';
import { type Finished, firedrillBin, type Workplace, workplace } from '../support/firedrill.ts';
import { freePort, type Program, startProgram } from '../support/processes.ts';
import { endTraces } from './traces.ts';

const serviceFile = resolve('test/e2e/fixtures/service.mjs');

export type OnFinished = TestContext['onTestFinished'];

/** A workplace whose temporary files are in it too; what a failed test left running there is ended with it. */
export function placeFor(onFinished: OnFinished): Workplace {
  const place = workplace();
  const temporary = join(place.folder, 'tmp');
  mkdirSync(temporary);
  onFinished(async () => {
    await endTraces(place.folder);
    place.remove();
  });
  return { ...place, env: { ...place.env, TMPDIR: temporary } };
}

export interface Service extends Program {
  readonly port: number;
  /** What app_level shows from now on; '' takes the series away. */
  set(level: string): Promise<void>;
}

/** The service as somebody else's program: the drill does not start it and must not end it. */
export async function startService(
  onFinished: OnFinished,
  env: Readonly<Record<string, string>> = {},
  fixedPort?: number,
): Promise<Service> {
  const port = fixedPort ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const program = await startProgram([process.execPath, serviceFile], `${url}/healthz`, {
    env: { ...process.env, ...env, PORT: String(port) },
  });
  // SIGTERM does not end a process that a drill has left stopped.
  onFinished(() => {
    signal(program.pid, 'SIGCONT');
    return program.stop();
  });
  return { ...program, port, set: async (level) => void (await fetch(`${url}/set?level=${level}`)) };
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

/** What stands below `spec` in an experiment file. */
export type Spec = Readonly<Record<string, unknown>>;

/** The service as a target that the drill starts. */
export function serviceTarget(port: number, env: Readonly<Record<string, string>> = {}): Spec {
  return {
    process: {
      command: [process.execPath, serviceFile],
      env: { PORT: String(port), ...env },
      ready: { http: `http://127.0.0.1:${port}/healthz`, within: '10s' },
      connects: [],
      hosts: { '*.example.test': '127.0.0.1' },
    },
  };
}

export function scrape(...ports: readonly number[]): Spec {
  return { job: 'app', targets: ports.map((port) => `127.0.0.1:${port}`), interval: '250ms' };
}

/** An objective that the test breaks and mends by hand, through the service's /set. */
export const levelObjective: Spec = {
  name: 'level',
  promql: 'app_level < 10',
  recovers: { within: '2s', stable: '500ms' },
};

/** Writes an experiment of these parts, with short phases, and returns its path. */
export function writeDrill(place: Workplace, spec: Spec, name = 'drill'): string {
  const file = join(place.folder, `${name}.yaml`);
  const document = {
    apiVersion: 'firedrill.dev/v1',
    kind: 'Experiment',
    metadata: { name },
    spec: { title: 'A small drill', phases: { baseline: '1s', recovery: '1s' }, ...spec },
  };
  writeFileSync(file, stringify(document));
  return file;
}

/** A rule file with these alerts on it, all evaluated every 250 ms. */
export function writeRules(
  place: Workplace,
  alerts: readonly { name: string; expr: string; for?: string }[],
): string[] {
  const rules = alerts.map(({ name, expr, for: hold }) => ({
    alert: name,
    expr,
    ...(hold ? { for: hold } : {}),
    labels: { severity: 'page' },
    annotations: { summary: name, runbook_url: 'https://runbooks.example.test/' },
  }));
  writeFileSync(
    join(place.folder, 'rules.yaml'),
    stringify({ groups: [{ name: 'app', interval: '250ms', rules }] }),
  );
  return ['rules.yaml'];
}

/** Every alert goes to `oncall`, at once. */
export function writeAlertmanager(place: Workplace): string {
  const config = {
    route: { receiver: 'oncall', group_by: ['alertname'], group_wait: '0s', group_interval: '500ms' },
    receivers: [{ name: 'oncall', webhook_configs: [{ url: 'http://127.0.0.1:9/page' }] }],
  };
  writeFileSync(join(place.folder, 'alertmanager.yaml'), stringify(config));
  return 'alertmanager.yaml';
}

/** Resolves when the condition holds, and when ten seconds are over: the expectation after it tells. */
export async function patiently(condition: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 10_000;
  while (!condition() && performance.now() < giveUpAt) await new Promise((done) => setTimeout(done, 50));
}

const eventMsMax = 20_000;

/** A run of the command line that goes on while the test looks at it. */
export class LiveRun {
  readonly pid: number;
  readonly finished: Promise<Finished>;
  readonly #place: Workplace;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';

  constructor(place: Workplace, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#place = place;
    this.#child = spawn(process.execPath, [firedrillBin, ...args], {
      cwd: place.folder,
      env: { ...process.env, ...place.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.pid = this.#child.pid!;
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.finished = new Promise((done) => {
      this.#child.once('close', (code) =>
        done({ exitCode: code ?? undefined, stdout: this.#stdout, stderr: this.#stderr }),
      );
    });
  }

  kill(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Nobody reads what it prints any more. */
  closeOutput(): void {
    this.#child.stdout!.destroy();
    this.#child.stderr!.destroy();
  }

  /** The run's folder, once there is one. */
  get folder(): string | undefined {
    return runFolders(this.#place).at(-1);
  }

  /** The first event of this type that `match` likes; an Error when the run ends or 20 s pass without it. */
  async event<T extends EventType>(
    type: T,
    match: (event: EventOf<T>) => boolean = () => true,
  ): Promise<EventOf<T>> {
    const giveUpAt = performance.now() + eventMsMax;
    for (;;) {
      const ended = this.#child.exitCode !== null || this.#child.signalCode !== null;
      const found = eventsOf(this.timeline(), type).find(match);
      if (found) return found;
      if (ended || performance.now() > giveUpAt)
        throw new Error(`no ${type} before the ${ended ? 'end' : 'time was over'}:\n${this.#stderr}`);
      await new Promise((done) => setTimeout(done, 25));
    }
  }

  timeline(): TimelineEvent[] {
    try {
      return this.folder === undefined ? [] : readTimeline(join(this.folder, 'timeline.jsonl'));
    } catch {
      return [];
    }
  }
}

/** The folders of the runs of a workplace, the oldest first. */
export function runFolders(place: Workplace): string[] {
  const runs = join(place.folder, '.firedrill', 'runs');
  try {
    return readdirSync(runs)
      .sort()
      .map((name) => join(runs, name));
  } catch {
    return [];
  }
}

export function eventsOf<T extends EventType>(events: readonly TimelineEvent[], type: T): EventOf<T>[] {
  return events.filter((event) => event.type === type) as readonly TimelineEvent[] as EventOf<T>[];
}

/** The verdict that a run wrote into its folder. */
export function writtenVerdict(folder: string): Verdict {
  return JSON.parse(readFileSync(join(folder, 'verdict.json'), 'utf8')) as Verdict;
}

export function item<T extends { readonly name: string }>(items: readonly T[], name: string): T {
  const found = items.find((each) => each.name === name);
  if (!found) throw new Error(`there is no ${name} among ${items.map((each) => each.name).join(', ')}`);
  return found;
}
