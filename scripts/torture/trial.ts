// One trial: a service, a fault in it, an assault on whoever holds the fault, and a look at what is left.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { TortureContainer } from './container.ts';
import { commandOf as cmdline, lookAtMachine, parentOf, pids } from './machine-look.ts';
import { Obstacle } from './obstacle.ts';
import { instants, type Order, recipeOf } from './plan.ts';
import type { Answer, Recipe } from './recipes.ts';
import { commandOf, type Stage } from './subjects.ts';

export interface TrialResult extends Order {
  /** What is there and was not before, or what does not answer as it did. */
  readonly left: readonly string[];
  /** From the end of the assault (and of the runner) to a machine as it was; undefined when it did not come to that. */
  readonly cleanAfterMs: number | undefined;
  /** What was left before `firedrill undo`, when everything was killed. */
  readonly leftForUndo: number;
  /** Why it could not be made, or that the instant never came. */
  readonly skipped?: string;
  readonly exitCode: number | null;
  readonly errors: string;
}

const cleanMsMax = 5000;
const runMsMax = 30_000;
const answerMsMax = 1000;
/** Less than the fault lasts. */
const shownMsMax = 600;
const watchdogPauseMs = 1500;
const journalKilobytes = 256;
const dataKilobytes = 1024;
const nobody = 65_534;
const wholeSecond = 1_700_000_000;

export async function makeTrial(order: Order, bin: string): Promise<TrialResult> {
  const trial = new Trial(order, recipeOf(order.recipe), bin);
  try {
    return await trial.make();
  } catch (error) {
    return trial.broken(error as Error);
  } finally {
    await trial.cleanUp();
  }
}

class Trial {
  readonly #order: Order;
  readonly #recipe: Recipe;
  readonly #bin: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'torture-'));
  readonly #children: ChildProcess[] = [];
  #stage!: Stage;
  #obstacle: Obstacle | undefined;
  #runner!: ChildProcess;
  #exited!: Promise<number | null>;
  #errors = '';
  /** Programs that are covered. */
  readonly #hidden: string[] = [];

  constructor(order: Order, recipe: Recipe, bin: string) {
    this.#order = order;
    this.#recipe = recipe;
    this.#bin = bin;
    chmodSync(this.#folder, 0o755);
  }

  async make(): Promise<TrialResult> {
    const missing = this.#missing();
    if (missing !== undefined) return this.#result({ skipped: missing });
    await this.#setUp();
    const before = await this.#look();
    this.#start();
    const { event } = instants[this.#order.instant];
    const came = this.#order.assault === 'nothing' || (await this.#until(event));
    const unshown = came ? await this.#whyNotShown() : [];
    await sleep(came ? this.#order.delayMs : 0);
    const exitCode = await this.#assault(came);
    // Without a watchdog, or before there was one, it is `undo` that must find everything.
    const { assault, instant } = this.#order;
    const isForUndo = assault === 'kill everything' || instant === 'planning';
    const leftForUndo = isForUndo ? await this.#undo(before) : 0;
    const clean = await this.#untilClean(before);
    const unlike = await this.#answersWrongly();
    return this.#result({
      left: [...unshown, ...this.#badEnding(exitCode, came), ...clean.left, ...unlike],
      cleanAfterMs: clean.left.length === 0 ? clean.ms : undefined,
      leftForUndo,
      exitCode,
      ...(came ? {} : { skipped: `the run ended with ${exitCode} before ${event}` }),
    });
  }

  /** The torture itself went wrong, which is no less to be looked at. */
  broken(error: Error): TrialResult {
    return this.#result({ left: [`the trial went wrong: ${error.stack}`] });
  }

  async cleanUp(): Promise<void> {
    this.#obstacle?.remove();
    await this.#stage?.container?.stop();
    for (const pid of pids()) if (pid !== process.pid) send(pid, 'SIGKILL');
    for (const mount of [...this.#hidden, this.#state, join(this.#folder, 'data')])
      spawnSync('umount', ['-l', mount]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #state(): string {
    return join(this.#folder, 'state');
  }

  /** A fault that could not be undone; or a run that failed although nobody had touched it. */
  #badEnding(exitCode: number | null, came: boolean): string[] {
    const { assault } = this.#order;
    const isFull = assault === 'fill the disk of the journal' && this.#recipe.startsAnew === true;
    const mayFail = came && (assault === 'fail the undo once' || isFull);
    const isUntouched = !came || assault === 'nothing';
    const failed = (exitCode === 6 && !mayFail) || (isUntouched && exitCode === 5);
    return failed ? [`firedrill run ended with ${exitCode}`] : [];
  }

  #result(found: Partial<TrialResult>): TrialResult {
    const base = { left: [], cleanAfterMs: undefined, leftForUndo: 0, exitCode: null };
    return { ...this.#order, ...base, errors: this.#errors.slice(-2000), ...found };
  }

  #missing(): string | undefined {
    const programs = [
      ...this.#recipes.flatMap(({ needs = [] }) => needs),
      ...(this.#order.assault === 'move the clock' ? ['faketime'] : []),
    ];
    const absent = programs.filter(
      (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0,
    );
    return absent.length > 0 ? `needs ${absent.join(', ')}` : undefined;
  }

  async #setUp(): Promise<void> {
    const { assault } = this.#order;
    for (const name of ['state', 'tmp', 'programs', 'data']) mkdirSync(join(this.#folder, name));
    // A disk of its own, so that one that is full is nobody else's.
    spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${dataKilobytes}k`, 'data', join(this.#folder, 'data')]);
    writeFileSync(join(this.#folder, 'data', 'file'), 'content\n');
    if (assault === 'fill the disk of the journal')
      spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${journalKilobytes}k`, 'journal', this.#state]);
    const port = 18_000;
    const proxyPort = 18_001;
    const isCommand = this.#recipe.target === 'command';
    const service = {
      command: [process.execPath, resolve('scripts/torture/service.mjs')],
      env: {
        PORT: String(port),
        FILE: join(this.#folder, 'data', 'file'),
        DISK: this.#folder,
        // Without a DNS server each look-up would wait; only what Firedrill starts is given one.
        ...(isCommand && this.#recipe.path === '/lookup' ? { LOOKUPS: '1' } : {}),
      },
    };
    if (this.#recipes.some(({ needs }) => needs?.includes('openssl')))
      makeCertificate(join(this.#folder, 'data'));
    for (const { without = [] } of this.#recipes) for (const program of without) this.#hide(program);
    // Whole seconds, which every way of setting times keeps.
    for (const name of readdirSync(join(this.#folder, 'data')))
      utimesSync(join(this.#folder, 'data', name), wholeSecond, wholeSecond);
    if (this.#recipe.asNobody) spawnSync('chown', ['-R', `${nobody}:${nobody}`, this.#folder]);
    const container = this.#recipe.target === 'container' ? await TortureContainer.start() : undefined;
    const runs = !isCommand && !container;
    const pid = runs ? this.#spawn(service.command, { ...process.env, ...service.env }).pid! : undefined;
    this.#stage = { folder: this.#folder, port, proxyPort, service, pid, container };
    while (!isCommand && (await this.#ask('/')).status !== 200) await sleep(20);
  }

  async #ask(path: string, limitMs = answerMsMax, port = this.#stage.port): Promise<Answer> {
    const { container } = this.#stage;
    return container ? await container.ask(limitMs) : await ask(port, path, limitMs);
  }

  async #look(): Promise<Set<string>> {
    const { container } = this.#stage;
    const seen = lookAtMachine({
      folders: ['tmp', 'data'].map((name) => join(this.#folder, name)),
      state: this.#state,
      service: this.#stage.pid,
      surfaces: ['/tmp', '/run', '/dev/shm'],
      isForeignProcess: (pid) => container?.isPartOf(pid) ?? false,
      isForeignMount: (line) => container?.owns(line) ?? false,
    });
    for (const each of (await container?.look()) ?? []) seen.add(each);
    return seen;
  }

  #start(): void {
    const { assault } = this.#order;
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      FIREDRILL_STATE: this.#state,
      TMPDIR: join(this.#folder, 'tmp'),
      PATH: `${join(this.#folder, 'programs')}:${process.env.PATH}`,
    };
    const command = commandOf(this.#order, this.#recipe, this.#stage, this.#bin);
    if (assault === 'move the clock') {
      const clock = join(this.#folder, 'clock');
      writeFileSync(clock, '+0');
      Object.assign(env, {
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_NO_CACHE: '1',
        DONT_FAKE_MONOTONIC: '1',
      });
      command.unshift('faketime', '-f', '+0');
      command.splice(0, 3, 'env', `LD_PRELOAD=${faketimeLibrary()}`);
    }
    this.#runner = this.#spawn(command, env);
    this.#runner.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = `${this.#errors}${text}`.slice(-20_000);
    });
    this.#exited = new Promise((done) => this.#runner.once('exit', (code) => done(code)));
  }

  #spawn(command: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    const [program, ...args] = command;
    const child = spawn(program!, args, {
      ...this.#rights,
      cwd: this.#folder,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    this.#children.push(child);
    return child;
  }

  /** Of all faults of the trial. */
  get #recipes(): Recipe[] {
    const { beside } = this.#order;
    return [this.#recipe, ...(beside ? [recipeOf(beside.recipe)] : [])];
  }

  get #rights(): { uid?: number; gid?: number } {
    return this.#recipe.asNobody ? { uid: nobody, gid: nobody } : {};
  }

  /** As if it were not installed, wherever it is looked for. */
  #hide(program: string): void {
    const hidden = join(this.#folder, 'programs', program);
    writeFileSync(hidden, '#!/bin/sh\nexit 127\n');
    chmodSync(hidden, 0o755);
    const { stdout } = spawnSync('sh', ['-c', `realpath "$(command -v ${program})"`], { encoding: 'utf8' });
    if (spawnSync('mount', ['--bind', hidden, stdout.trim()]).status === 0) this.#hidden.push(stdout.trim());
  }

  /** Whether the event came before the runner ended. */
  async #until(event: string | undefined): Promise<boolean> {
    if (event === undefined) return true;
    for (let waitedMs = 0; waitedMs < runMsMax; waitedMs++) {
      if (this.#timeline().includes(`"type":"${event}"`)) return true;
      if (this.#hasEnded()) return false;
      await sleep(1);
    }
    return false;
  }

  async #untilWatched(): Promise<void> {
    for (let waitedMs = 0; waitedMs < runMsMax && !this.#watchdog() && !this.#hasEnded(); waitedMs++)
      await sleep(1);
  }

  #timeline(): string {
    const runs = join(this.#folder, '.firedrill', 'runs');
    if (!existsSync(runs)) return '';
    const [run] = readdirSync(runs);
    const path = join(runs, run ?? '', 'timeline.jsonl');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  #hasEnded(): boolean {
    return this.#runner.exitCode !== null || this.#runner.signalCode !== null;
  }

  /** Resolves with the runner's exit code when it has ended, by the assault or by itself. */
  async #assault(came: boolean): Promise<number | null> {
    const runner = this.#runner.pid!;
    // Who is hung before there is a watchdog holds nothing yet, and is nobody's to end.
    const hasWatchdog = this.#order.subject === 'firedrill' && this.#order.instant !== 'planning';
    if (hasWatchdog) await this.#untilWatched();
    const watchdog = this.#watchdog();
    switch (came ? this.#order.assault : 'nothing') {
      case 'kill the runner':
        send(runner, 'SIGKILL');
        break;
      case 'kill the watchdog':
        send(watchdog, 'SIGKILL');
        break;
      case 'kill a helper':
        for (const helper of this.#helpers().slice(0, 1)) send(helper, 'SIGKILL');
        break;
      case 'kill everything': {
        const all = [runner, watchdog, ...this.#helpers()];
        // Stopped first, so that none of them sees another die.
        for (const signal of ['SIGSTOP', 'SIGKILL'] as const) for (const pid of all) send(pid, signal);
        break;
      }
      case 'freeze the watchdog':
        send(watchdog, 'SIGSTOP');
        break;
      case 'freeze the watchdog and kill the runner':
        send(watchdog, 'SIGSTOP');
        send(runner, 'SIGKILL');
        await sleep(watchdogPauseMs);
        send(watchdog, 'SIGCONT');
        break;
      case 'freeze the runner':
        send(runner, 'SIGSTOP');
        break;
      case 'fill the disk of the journal':
        fill(join(this.#state, 'filler'));
        break;
      case 'fail the undo once':
        this.#obstacle = new Obstacle(this.#recipe.obstacle!, {
          data: join(this.#folder, 'data'),
          service: this.#stage.pid,
          engine: this.#stage.container?.engine,
        });
        break;
      case 'move the clock':
        writeFileSync(join(this.#folder, 'clock'), this.#order.seed % 2 === 0 ? '+7200' : '-7200');
        break;
    }
    const exitCode = await Promise.race([this.#exited, sleep(runMsMax).then(() => null)]);
    if (!this.#hasEnded()) this.#errors += '\n(it had not ended after 30 s)';
    // A full disk is where the run could be seen to come to its end; from here on the journal must be right again.
    rmSync(join(this.#state, 'filler'), { force: true });
    this.#obstacle?.remove();
    const needsUndo = ['fill the disk of the journal', 'fail the undo once'];
    if (needsUndo.includes(this.#order.assault)) this.#firedrill('undo');
    return exitCode;
  }

  #watchdog(): number | undefined {
    return this.#ours().find((pid) => /watchdog\.\w+ /.test(cmdline(pid)));
  }

  /** Whatever the run has started beside its watchdog and the target. */
  #helpers(): number[] {
    const watchdog = this.#watchdog();
    return this.#ours().filter(
      (pid) => pid !== watchdog && pid !== this.#runner.pid && !cmdline(pid).includes('service.mjs'),
    );
  }

  #ours(): number[] {
    const { pid, container } = this.#stage;
    return pids().filter(
      (each) => each !== process.pid && each !== pid && parentOf(each) !== pid && !container?.isPartOf(each),
    );
  }

  #firedrill(...args: string[]): number | null {
    const env = { ...process.env, FIREDRILL_STATE: this.#state, TMPDIR: join(this.#folder, 'tmp') };
    const { status, stderr } = spawnSync(process.execPath, [this.#bin, ...args], {
      ...this.#rights,
      env,
      encoding: 'utf8',
    });
    this.#errors += stderr;
    return status;
  }

  /** How much was left for it to do. */
  async #undo(before: ReadonlySet<string>): Promise<number> {
    await sleep(300);
    const { length } = added(before, await this.#look());
    const status = this.#firedrill('undo');
    if (status !== 0) this.#errors += `\nfiredrill undo ended with ${status}`;
    return length;
  }

  async #untilClean(before: ReadonlySet<string>): Promise<{ left: string[]; ms: number }> {
    const startedAt = performance.now();
    for (;;) {
      const now = await this.#look();
      // Mounts and control groups of others, on the machine outside, may go meanwhile.
      const gone = added(now, before).filter((what) => !/^(control group|mount)\b/.test(what));
      const left = [...added(before, now), ...gone.map((what) => `no longer: ${what}`)];
      const ms = performance.now() - startedAt;
      if (left.length === 0 || ms > cleanMsMax) return { left, ms };
      await sleep(100);
    }
  }

  /** While it is in place the fault must be seen in a real request, or the trial would prove nothing. */
  async #whyNotShown(): Promise<string[]> {
    const { shows, path = '/', target } = this.#recipe;
    // Beside another fault it may be that one which is seen.
    if (this.#order.beside) return [];
    if (!shows || this.#order.instant !== 'during' || this.#order.subject !== 'firedrill') return [];
    const { port, proxyPort } = this.#stage;
    const answer = await this.#ask(path, shownMsMax, target === 'proxy' ? proxyPort : port);
    return shows(answer) ? [] : [`the fault does not show: ${JSON.stringify(answer)}`];
  }

  /** The service must answer as it did before. */
  async #answersWrongly(): Promise<string[]> {
    if (this.#stage.pid === undefined && !this.#stage.container) return [];
    const answer = await this.#ask('/');
    const isRight = answer.status === 200 && answer.ms < answerMsMax;
    return isRight
      ? []
      : [`the service answers ${answer.status ?? 'nothing'} ${answer.text} in ${answer.ms} ms`];
  }
}

function added(before: ReadonlySet<string>, after: ReadonlySet<string>): string[] {
  return [...after].filter((what) => !before.has(what));
}

async function ask(port: number, path: string, limitMs = answerMsMax): Promise<Answer> {
  const startedAt = performance.now();
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    signal: AbortSignal.timeout(limitMs),
    // A connection that was made during the fault must not be asked again after it.
    headers: { connection: 'close' },
  })
    .then(async (response) => ({ status: response.status, text: await response.text() }))
    .catch((error: Error) => ({ status: undefined, text: error.message }));
  return { ...answer, ms: Math.round(performance.now() - startedAt) };
}

/** Writes until nothing fits any more. */
function fill(path: string): void {
  spawnSync('sh', ['-c', `cat /dev/zero >${path}`]);
}

/** A certificate and its key, `tls.crt` and `tls.key`. */
function makeCertificate(folder: string): void {
  const [key, out] = [join(folder, 'tls.key'), join(folder, 'tls.crt')];
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  spawnSync('openssl', [...request, '-subj', '/CN=torture', '-keyout', key, '-out', out]);
}

function faketimeLibrary(): string {
  const { stdout } = spawnSync('sh', ['-c', 'ls /usr/lib/*/faketime/libfaketime.so.1'], { encoding: 'utf8' });
  return stdout.trim();
}

function send(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
