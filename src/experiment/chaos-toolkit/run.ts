// One run of a Chaos Toolkit experiment, from its file to its verdict: the experiment is played, the timeline tells of it
// as it happens, and the journal stands beside our report. Programs that are being run are under leases; rollbacks are
// the user's own commands, and when we die, a lease says that they were not played.

import { rm } from 'node:fs/promises';
import { hostname, release, type as systemName } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../base/diagnostics.ts';
import { seededRandom } from '../../base/random.ts';
import { redactDeep } from '../../base/redact.ts';
import { type LeaseHandle, Leases } from '../../faults/leases/leases.ts';
import type { ProcessId } from '../../faults/targets/target.ts';
import { SeriesStore } from '../../telemetry/metrics/store.ts';
import { withoutSecrets } from '../file/secret-fields.ts';
import { judge } from '../judge/judge.ts';
import type { Experiment } from '../model.ts';
import { createRunFolder, type RunFolder, writeRunFiles } from '../run/folder.ts';
import type { RunResult, RunSurroundings } from '../run/run.ts';
import { StopSwitch } from '../run/stop.ts';
import { type EventBody, TimelineLog } from '../run/timeline-log.ts';
import { failureOf, playActivity } from './activity-player.ts';
import type { Activity, ChaosToolkitExperiment, Configuration } from './model.ts';
import { type Played, playExperiment } from './player.ts';
import type { ProcessOutput } from './providers/process.ts';
import type { ProviderContext } from './providers/provider.ts';
import { subjectOf } from './read.ts';
import { variablesOf } from './substitution.ts';

export interface ChaosToolkitRun extends RunSurroundings {
  readonly chaosToolkit: ChaosToolkitExperiment;
  readonly experiment: Experiment;
  /** Folder in which programs run. */
  readonly workFolder: string;
  readonly pythonCommand: readonly string[];
  /** Between two askings of the hypothesis during the method. */
  readonly frequencyMs: number;
}

const journalFile = 'journal.json';
const rollbacksFile = 'rollbacks-to-play.txt';
const leaseMarginMs = 60_000;

/** Throws a UserError only when no run folder can be made; everything later is in the result. */
export async function runChaosToolkit(order: ChaosToolkitRun): Promise<RunResult> {
  const { clock, experiment } = order;
  const startedAt = clock.now();
  const random = seededRandom(startedAt + process.pid);
  const folder = await createRunFolder(order.runs, experiment.name, startedAt, random);
  await writeRunFiles(folder, [
    [folder.experiment, experiment.resolvedText],
    [join(folder.path, 'experiment.json'), JSON.stringify(withoutSecrets(experiment), null, 1)],
  ]);
  const run = new Run(order, folder);
  const failure = await run.carryOut();
  const recording = new SeriesStore();
  const verdict = judge(experiment, run.timeline.events, recording, { projection: order.projection });
  return {
    folder,
    timeline: run.timeline.events,
    recording,
    verdict: { ...verdict, runFolder: folder.path },
    failure,
  };
}

class Run {
  readonly timeline: TimelineLog;
  readonly #order: ChaosToolkitRun;
  readonly #folder: RunFolder;
  readonly #stop: StopSwitch;
  readonly #leases: Leases;
  #rollbackLease: LeaseHandle | undefined;
  #outcome: EventBody<'run.ended'>['outcome'] = 'completed';

  constructor(order: ChaosToolkitRun, folder: RunFolder) {
    const { clock, journal, experiment, watchdogCommand, onEvent } = order;
    this.#order = order;
    this.#folder = folder;
    this.timeline = new TimelineLog(folder.timeline, clock, experiment.secrets, (error) =>
      this.#stop.pull({ by: 'error', reason: `the timeline cannot be written: ${error.message}` }),
    );
    this.timeline.subscribe(onEvent);
    this.#stop = new StopSwitch(({ by, reason }) => {
      if (by !== 'error') this.timeline.emit('stop.triggered', { by, reason });
    });
    this.#leases = new Leases({
      journal,
      run: folder.id,
      runFolder: folder.path,
      clock,
      watchdogCommand,
      onWatchdogLost: (reason) => this.#stop.pull({ by: 'error', reason: `no watchdog: ${reason}` }),
      onExpired: (lease) =>
        this.#stop.pull({
          by: 'error',
          reason: `the watchdog ended lease ${lease}, which was over its time`,
        }),
    });
  }

  async carryOut(): Promise<UserError | undefined> {
    const { clock, userStop, experiment } = this.#order;
    const byUser = () => this.#stop.pull({ by: 'user', reason: 'stopped by the user' });
    userStop.addEventListener('abort', byUser, { once: true });
    const limit = new AbortController();
    void clock.sleep(experiment.limits.runTimeMs, limit.signal).then(() => {
      if (!limit.signal.aborted) this.#stop.pull({ by: 'limit', reason: 'the run takes too long' });
    });
    let failure: UserError | undefined;
    try {
      this.#begin();
      if (userStop.aborted) byUser();
      await this.#leases.start();
      await this.#play();
    } catch (error) {
      if (!(error instanceof UserError)) {
        this.#stop.pull({ by: 'error', reason: (error as Error).message });
        throw error;
      }
      failure = error;
    } finally {
      limit.abort();
      userStop.removeEventListener('abort', byUser);
      await this.#leases.close();
      this.timeline.emit('run.ended', this.#ending(failure));
      this.timeline.close();
    }
    return failure;
  }

  #begin(): void {
    const { experiment, version, trial } = this.#order;
    this.timeline.emit('run.started', {
      run: this.#folder.id,
      experiment: experiment.name,
      seed: experiment.seed,
      firedrill: version,
      node: process.version,
      trial,
    });
  }

  async #play(): Promise<void> {
    const { chaosToolkit, hurry, version, frequencyMs } = this.#order;
    const configuration = await this.#askConfiguration();
    await this.#announceRollbacks();
    const played = await playExperiment({
      experiment: chaosToolkit,
      context: this.#context(configuration),
      hurry,
      frequencyMs,
      platform: `${systemName()}-${release()}`,
      node: hostname(),
      version,
      isAborted: () => this.#stop.reason?.by === 'error',
      observer: {
        ...this.#activityObserver(),
        checked: (check) => this.#tellCheck(check),
        phase: (phase) => this.timeline.emit('phase.started', { phase, plannedMs: 0 }),
      },
    });
    if (played.isUnsteady) this.#outcome = 'not-steady';
    await this.#writeJournal(played);
    await this.#settleRollbacks(played);
  }

  #activityObserver() {
    return {
      started: (
        { name: activity, type: activityType }: Activity,
        part: EventBody<'activity.started'>['part'],
      ) => this.timeline.emit('activity.started', { activity, activityType, part }),
      ended: (
        { name: activity, type: activityType }: Activity,
        part: EventBody<'activity.ended'>['part'],
        told: Pick<EventBody<'activity.ended'>, 'status' | 'detail' | 'isDoubtful'>,
      ) => this.timeline.emit('activity.ended', { activity, activityType, part, ...told }),
    };
  }

  #tellCheck(check: EventBody<'hypothesis.checked'>): void {
    this.timeline.emit('hypothesis.checked', check);
    if (check.when !== 'before') return;
    const reasons = check.probes
      .filter(({ met }) => !met)
      .map(({ name, reason }) => `probe ${name} is out of its tolerance: ${reason}`);
    if (check.met) this.timeline.emit('steady.held', {});
    else this.timeline.emit('steady.failed', { reasons });
  }

  #context(configuration: Configuration): ProviderContext {
    const { clock, env, workFolder, chaosToolkit, pythonCommand } = this.#order;
    const { secrets } = chaosToolkit;
    return {
      clock,
      env,
      folder: workFolder,
      configuration,
      secrets,
      variables: variablesOf(configuration, secrets),
      pythonCommand,
      stop: this.#stop.signal,
      onProcess: (id) => this.#hold(id),
    };
  }

  /** A program that is being run is ended when we die; what it has left running on purpose is not. */
  async #hold(id: ProcessId): Promise<() => Promise<void>> {
    const lease = await this.#leases.open({
      fault: 'activity',
      target: `process ${id.pid}`,
      undo: [{ type: 'end-tree', process: id }],
      expiresInMs: this.#lifeMsMax,
    });
    return () => lease.settle('undone', 'it has ended');
  }

  get #lifeMsMax(): number {
    return this.#order.experiment.limits.runTimeMs + leaseMarginMs;
  }

  /** Nothing is played with a value that is not known. */
  async #askConfiguration(): Promise<Configuration> {
    const { chaosToolkit } = this.#order;
    let configuration = chaosToolkit.configuration;
    for (const { name, probe } of chaosToolkit.asked) {
      const context = this.#context(configuration);
      const run = await playActivity(probe, 'configuration', context, this.#activityObserver());
      const answer = run.status === 'succeeded' ? answeredValue(probe, run.output) : undefined;
      if (answer === undefined) {
        const why = run.status === 'failed' ? failureOf(run) : 'it did not succeed';
        throw UserError.of('FD146', `configuration.${name}: ${why}`);
      }
      configuration = { ...configuration, [name]: answer };
    }
    return configuration;
  }

  /** Before anything is broken it is on disk that somebody must mend it. */
  async #announceRollbacks(): Promise<void> {
    const { chaosToolkit, experiment } = this.#order;
    const { rollbacks, strategies } = chaosToolkit;
    if (rollbacks.length === 0 || strategies.rollbacks === 'never') return;
    const list = rollbacks.map((each) => `- ${each.name}: ${wholeCall(each)}`).join('\n');
    const text = `These rollbacks of ${experiment.file} were not played:\n${list}\n`;
    await writeRunFiles(this.#folder, [[this.#rollbacksPath, redactDeep(text, experiment.secrets)]]);
    this.#rollbackLease = await this.#leases.open({
      fault: 'rollbacks',
      target: experiment.name,
      undo: [
        { type: 'by-hand', what: `play the rollbacks of ${experiment.file}`, file: this.#rollbacksPath },
      ],
      expiresInMs: this.#lifeMsMax,
    });
  }

  get #rollbacksPath(): string {
    return join(this.#folder.path, rollbacksFile);
  }

  async #settleRollbacks({ rollbacks, journal }: Played): Promise<void> {
    const lease = this.#rollbackLease;
    if (rollbacks === 'not-played' && journal.run.length > 0) {
      const { strategies } = this.#order.chaosToolkit;
      const message = `rollbacks were not played: that is the strategy ${strategies.rollbacks} after a run that ${endWords[journal.status!]}`;
      this.timeline.emit('warning', { message });
    }
    if (!lease) return;
    const wanted = this.#order.chaosToolkit.rollbacks.length;
    const failed = journal.rollbacks.filter(({ status }) => status !== 'succeeded');
    const left = failed.map((run) => `${(run.activity as { name: string }).name}: ${failureOf(run)}`);
    if (rollbacks === 'played' && journal.rollbacks.length < wanted)
      left.push(`${wanted - journal.rollbacks.length} rollbacks were not reached`);
    if (left.length > 0) {
      this.timeline.emit('fault.stuck', { fault: 'rollbacks', lease: lease.id, left });
      await lease.settle('stuck', left.join('; '));
      return;
    }
    await rm(this.#rollbacksPath, { force: true });
    await lease.settle('undone', rollbacks === 'played' ? 'they were played' : 'their strategy plays none');
  }

  async #writeJournal({ journal }: Played): Promise<void> {
    const shown = redactDeep(
      journal,
      this.#order.experiment.secrets,
      new Set(['type', 'status', 'start', 'end']),
    );
    const text = `${JSON.stringify(shown, null, 2)}\n`;
    await writeRunFiles(this.#folder, [[join(this.#folder.path, journalFile), text]]);
  }

  #ending(failure: UserError | undefined): EventBody<'run.ended'> {
    if (failure) return { outcome: 'error', reason: failure.message };
    const stopped = this.#stop.reason;
    if (!stopped) return { outcome: this.#outcome };
    return { outcome: stopped.by === 'error' ? 'error' : 'stopped', reason: stopped.reason };
  }
}

/** What a person needs to do the same: the program or address, and its arguments as they are written. */
function wholeCall({ provider }: Activity): string {
  const given = provider.arguments === undefined ? '' : ` ${JSON.stringify(provider.arguments)}`;
  return `${subjectOf(provider)}${given}`;
}

const endWords = {
  completed: 'completed',
  failed: 'failed',
  aborted: 'was aborted',
  interrupted: 'was interrupted',
} as const;

/** What becomes of a probe's answer as a value; undefined when it is none. */
function answeredValue({ provider }: Activity, output: unknown): unknown {
  if (provider.type === 'http') return (output as { body: unknown }).body;
  if (provider.type === 'python') return output;
  const { status, stdout } = output as ProcessOutput;
  return status === 0 ? stdout.trim() : undefined;
}
