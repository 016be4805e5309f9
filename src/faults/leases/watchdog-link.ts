// The runner's side of one watchdog: starts it, keeps the heartbeat, and notices when it dies or falls silent.

import { type ChildProcess, spawn } from 'node:child_process';
import { UserError } from '../../base/diagnostics.ts';
import type { ProcessId } from '../targets/target.ts';
import { type FromWatchdog, type ToWatchdog, tickMs, type WatchdogOrder } from './watchdog.ts';

export interface WatchdogEvents {
  /** It has died or fallen silent, without a goodbye; it is dead when this is called. */
  lost(reason: string): void;
  expired(lease: string): void;
}

const readyMsMax = 10_000;
const goodbyeMsMax = 2000;
/** Ticks without an answer after which a watchdog that still exists counts as lost: 2 s. */
const silentTicksMax = 8;
const errorTextMax = 2000;

export class WatchdogLink {
  readonly #child: ChildProcess;
  readonly #events: WatchdogEvents;
  readonly #exited: Promise<void>;
  #heartbeat: NodeJS.Timeout | undefined;
  #silentTicks = 0;
  #isEnding = false;
  #errorText = '';
  #id: ProcessId | undefined;

  private constructor(child: ChildProcess, events: WatchdogEvents) {
    this.#child = child;
    this.#events = events;
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
  }

  /** Resolves when the watchdog is watching; FD603 when it does not come to that. */
  static async start(
    command: readonly string[],
    order: WatchdogOrder,
    events: WatchdogEvents,
  ): Promise<WatchdogLink> {
    const [program, ...args] = command;
    const child = spawn(program!, [...args, JSON.stringify(order)], {
      // A session of its own: Ctrl-C and a closed terminal do not reach it.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Options and preloads meant for the runner could keep the watchdog from working.
      env: {},
    });
    const link = new WatchdogLink(child, events);
    await link.#untilReady();
    link.#watch();
    return link;
  }

  get id(): ProcessId {
    return this.#id!;
  }

  /** Tells it that everything is undone, and waits until it has gone. */
  async goodbye(): Promise<void> {
    this.#isEnding = true;
    clearInterval(this.#heartbeat);
    this.#send('goodbye');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), goodbyeMsMax);
    this.#child.ref();
    await this.#exited;
    clearTimeout(timer);
  }

  /** Lets the runner exit while the watchdog goes on watching it: it will undo what is left then. */
  release(): void {
    this.#isEnding = true;
    clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => this.#send('ping'), tickMs).unref();
  }

  async #untilReady(): Promise<void> {
    const child = this.#child;
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#errorText = `${this.#errorText}${text}`.slice(-errorTextMax);
    });
    const failure = await new Promise<string | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(`it was not ready within ${readyMsMax / 1000}s`), readyMsMax);
      const settle = (reason: string | undefined) => {
        clearTimeout(timer);
        resolve(reason);
      };
      child.once('error', (error) => settle(error.message));
      child.once('exit', (code, signal) => settle(`it ended with ${signal ?? code}`));
      child.on('message', (message: FromWatchdog) => {
        if (message.type === 'ready') this.#id = message.watchdog;
        if (message.type === 'ready') settle(undefined);
        this.#receive(message);
      });
    });
    if (failure === undefined) return;
    child.kill('SIGKILL');
    throw UserError.of(
      'FD603',
      `the watchdog did not start: ${failure}${this.#errorText && `\n${this.#errorText}`}`,
    );
  }

  // Real time on purpose: this is about two live processes, and there is no virtual time in which to test them. None
  // of it keeps the runner's process alive: if the runner ends, that is what the watchdog is for.
  #watch(): void {
    this.#heartbeat = setInterval(() => this.#beat(), tickMs).unref();
    this.#child.once('exit', (code, signal) => this.#lose(`it ended with ${signal ?? code}`));
    this.#child.on('error', () => {});
    this.#child.unref();
    this.#child.channel?.unref();
    this.#child.stderr?.destroy();
  }

  #beat(): void {
    this.#silentTicks++;
    if (this.#silentTicks > silentTicksMax) {
      // Stopped or stuck: it must not come back to life beside its successor.
      this.#child.kill('SIGKILL');
      clearInterval(this.#heartbeat);
    } else this.#send('ping');
  }

  #receive(message: FromWatchdog): void {
    this.#silentTicks = 0;
    if (message.type === 'expired') this.#events.expired(message.lease);
  }

  #send(message: ToWatchdog): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #lose(reason: string): void {
    clearInterval(this.#heartbeat);
    if (!this.#isEnding) this.#events.lost(reason);
  }
}
