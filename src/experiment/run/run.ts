// One run, from its plan to its verdict:
//
//     start ──> baseline ──warm, gate──> fault ──> recovery ──> end ──> judge
//                  │ not steady, or stopped: straight to the end
//
// Whatever happens on the way, `end` takes back every fault, ends what was started and writes what was seen.

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { seededRandom } from '../../base/random.ts';
import type { Journal } from '../../faults/leases/journal.ts';
import { type LeaseHandle, Leases } from '../../faults/leases/leases.ts';
import type { Features } from '../../promql/features.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import { SeriesStore } from '../../telemetry/metrics/store.ts';
import { exportOpenMetrics } from '../../telemetry/recording/openmetrics-export.ts';
import { withoutSecrets } from '../file/secret-fields.ts';
import type { HeldSeries } from '../history/held-series.ts';
import { WarmedSource } from '../history/warmed-source.ts';
import { judge } from '../judge/judge.ts';
import type { Plan } from '../plan/plan.ts';
import type { EventOf, PhaseName, TimelineEvent } from '../timeline.ts';
import type { Verdict } from '../verdict.ts';
import { AlertingSession } from './alerting-session.ts';
import { Brake } from './brake.ts';
import { FaultSession } from './fault-session.ts';
import { createRunFolder, type RunFolder, writeRunFiles } from './folder.ts';
import { type ObjectiveReading, ObjectiveWatch } from './objective-watch.ts';
import { RunSeries } from './run-series.ts';
import { StopSwitch } from './stop.ts';
import { TargetSession } from './target-session.ts';
import { TelemetrySession } from './telemetry-session.ts';
import { type EventBody, TimelineLog } from './timeline-log.ts';
import { TrafficSession } from './traffic-session.ts';
import { warmRun } from './warm-run.ts';
import { WorkflowSession } from './workflow-session.ts';

export interface RunSurroundings {
  readonly clock: Clock;
  readonly journal: Journal;
  /** Where run folders are made. */
  readonly runs: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly watchdogCommand: readonly string[];
  readonly version: string;
  readonly trial: number;
  readonly projection: boolean;
  /** Ctrl-C, SIGTERM, `firedrill stop`. */
  readonly userStop: AbortSignal;
  /** Whoever asked for the stop does not want to wait for what would like to end by itself. */
  readonly hurry: AbortSignal;
  onEvent(event: TimelineEvent): void;
  onReading(reading: ObjectiveReading): void;
}

export interface RunResult {
  readonly folder: RunFolder;
  readonly timeline: readonly TimelineEvent[];
  /** With the history that long windows were given. */
  readonly recording: Queryable;
  readonly verdict: Verdict;
  /** What kept the run from being carried out, for the user. */
  readonly failure: UserError | undefined;
}

/** Throws a UserError only when no run folder can be made; everything later is in the result. */
export async function runExperiment(plan: Plan, around: RunSurroundings): Promise<RunResult> {
  const { experiment } = plan;
  const startedAt = around.clock.now();
  const folder = await createRunFolder(
    around.runs,
    experiment.name,
    startedAt,
    seededRandom(startedAt + process.pid),
  );
  await writeRunFiles(folder, [
    [folder.experiment, experiment.resolvedText],
    [join(folder.path, 'experiment.json'), JSON.stringify(withoutSecrets(experiment), null, 1)],
  ]);
  const run = new Run(plan, folder, around);
  const failure = await run.carryOut();
  const { history, store, timeline } = run;
  const { projection } = around;
  const verdict = judge(experiment, timeline.events, store, { projection, ...(history && { history }) });
  return {
    folder,
    timeline: timeline.events,
    recording: history ? new WarmedSource(history, store) : store,
    verdict: { ...verdict, runFolder: folder.path },
    failure,
  };
}

/** How often the recovery phase looks whether everything has settled. */
const settledEveryMs = 250;
const leaseMarginMs = 60_000;

class Run {
  readonly timeline: TimelineLog;
  readonly #plan: Plan;
  readonly #folder: RunFolder;
  readonly #around: RunSurroundings;
  readonly #stop: StopSwitch;
  readonly #leases: Leases;
  readonly #faults: FaultSession;
  readonly #targets: TargetSession;
  readonly #features: Features;
  readonly #objectives: readonly ObjectiveWatch[];
  readonly #reading = new AbortController();
  #emptyStore: SeriesStore | undefined;
  #series: RunSeries | undefined;
  #history: HeldSeries | undefined;
  /** Since when every objective has held in the baseline; undefined before it did. */
  #steadySince: number | undefined;
  #scratch: LeaseHandle | undefined;
  #telemetry: TelemetrySession | undefined;
  #alerting: AlertingSession | undefined;
  #brake: Brake | undefined;
  #traffic: TrafficSession | undefined;
  #outcome: EventOf<'run.ended'>['outcome'] = 'completed';

  constructor(plan: Plan, folder: RunFolder, around: RunSurroundings) {
    const { clock, journal } = around;
    const { secrets } = plan.experiment;
    this.#plan = plan;
    this.#folder = folder;
    this.#around = around;
    this.timeline = new TimelineLog(folder.timeline, clock, secrets, (error) =>
      this.#stop.pull({ by: 'error', reason: `the timeline cannot be written: ${error.message}` }),
    );
    this.timeline.subscribe(around.onEvent);
    this.#stop = new StopSwitch(({ by, reason }) => {
      if (by !== 'error') this.timeline.emit('stop.triggered', { by, reason });
    });
    this.#leases = new Leases({
      journal,
      run: folder.id,
      runFolder: folder.path,
      clock,
      watchdogCommand: around.watchdogCommand,
      onWatchdogLost: (reason) => this.#stop.pull({ by: 'error', reason: `no watchdog: ${reason}` }),
      onExpired: (lease) =>
        this.#stop.pull({
          by: 'error',
          reason: `the watchdog undid lease ${lease}, which was over its time`,
        }),
    });
    this.#faults = new FaultSession(plan.faults, this.#leases, journal, clock, this.timeline);
    this.#targets = new TargetSession({
      run: folder.id,
      targets: plan.targets,
      leases: this.#leases,
      logs: folder.logs,
      env: around.env,
      clock,
      timeline: this.timeline,
      lifeMsMax: plan.totalMs + leaseMarginMs,
    });
    this.#features = new Set(plan.experiment.telemetry.features);
    this.#objectives = plan.experiment.objectives.map((spec) => new ObjectiveWatch(spec, this.#features));
  }

  /** Empty when not even the recording could be opened. */
  get store(): SeriesStore {
    this.#emptyStore ??= new SeriesStore();
    return this.#telemetry?.store ?? this.#emptyStore;
  }

  /** Undefined when no window needed one, or the run did not get so far. */
  get history(): HeldSeries | undefined {
    return this.#history;
  }

  /** The store, with the history before it from the end of the baseline on. */
  get #evaluated(): RunSeries {
    this.#series ??= new RunSeries(this.store);
    return this.#series;
  }

  async carryOut(): Promise<UserError | undefined> {
    const { clock, userStop } = this.#around;
    const byUser = () => this.#stop.pull({ by: 'user', reason: 'stopped by the user' });
    userStop.addEventListener('abort', byUser, { once: true });
    const limit = new AbortController();
    void clock.sleep(this.#plan.experiment.limits.runTimeMs, limit.signal).then(() => {
      if (!limit.signal.aborted) this.#stop.pull({ by: 'limit', reason: 'limits.runTime is over' });
    });
    let failure: UserError | undefined;
    try {
      await this.#open();
      if (userStop.aborted) byUser();
      await this.#phases();
    } catch (error) {
      if (!(error instanceof UserError)) {
        this.#stop.pull({ by: 'error', reason: (error as Error).message });
        throw error;
      }
      failure = error;
    } finally {
      limit.abort();
      userStop.removeEventListener('abort', byUser);
      await this.#end(failure);
    }
    return failure;
  }

  async #open(): Promise<void> {
    const { experiment, judged, selectors } = this.#plan;
    const { clock, version, trial } = this.#around;
    this.timeline.emit('run.started', {
      run: this.#folder.id,
      experiment: experiment.name,
      seed: experiment.seed,
      firedrill: version,
      node: process.version,
      trial,
    });
    this.timeline.emit('run.planned', { plan: judged });
    for (const { alert, severity, text } of this.#plan.foresight) {
      if (severity === 'warning') this.timeline.emit('warning', { message: `alert ${alert}: ${text}` });
    }
    this.#telemetry = await TelemetrySession.open({
      experiment,
      folder: this.#folder,
      clock,
      timeline: this.timeline,
      selectors,
      scrapeIntervalMs: judged.scrapeIntervalMs,
      onRecordingLost: (reason) => this.#stop.pull({ by: 'error', reason }),
    });
    this.#brake = new Brake(
      experiment.stopConditions,
      judged.scrapeIntervalMs,
      this.#evaluated,
      clock,
      this.#features,
    );
  }

  async #phases(): Promise<void> {
    const { phases } = this.#plan.judged;
    this.#phase('start', 0);
    await this.#start().catch((error: unknown) => {
      if (error !== this.#stop.signal.reason) throw error;
    });
    await this.#pause('baseline', phases.baselineMs);
    if (this.#stop.reason) return;
    await this.#warm();
    if (this.#stop.reason || !this.#gate()) return;
    this.#brake!.watch((pull) => this.#stop.pull(pull));
    await this.#faultPhase(phases.faultMs);
    if (this.#stop.reason) return;
    await this.#recovery(phases.recoveryMs);
  }

  async #start(): Promise<void> {
    await this.#leases.start();
    this.#scratch = await this.#leases.open({
      fault: 'scratch',
      target: 'files',
      undo: [{ type: 'remove', path: this.#plan.scratchFolder }],
      expiresInMs: this.#plan.totalMs + leaseMarginMs,
    });
    await makeScratchFolders(this.#plan);
    await this.#targets.start((target) => this.#faults.prepare(target), this.#stop.signal);
    this.#alerting = await AlertingSession.open({
      plan: this.#plan,
      folder: this.#folder,
      store: this.#evaluated,
      clock: this.#around.clock,
      timeline: this.timeline,
      leases: this.#leases,
      lifeMsMax: this.#plan.totalMs + leaseMarginMs,
      onPagerFree: (reason) => this.#stop.pull({ by: 'error', reason }),
    });
    this.#telemetry!.start();
    this.#alerting.start();
    this.#traffic = new TrafficSession({
      experiment: this.#plan.experiment,
      folder: this.#folder,
      leases: this.#leases,
      clock: this.#around.clock,
      timeline: this.timeline,
      lifeMsMax: this.#plan.totalMs + leaseMarginMs,
      onOutcome: (spec, outcome) => this.#telemetry!.count(spec, outcome),
    });
    await this.#traffic.start();
    void this.#readObjectives();
  }

  /** Long windows look back on a history from here on, and the rules that read them begin. */
  async #warm(): Promise<void> {
    const { clock } = this.#around;
    const baseline = this.timeline.events.find(
      (event) => event.type === 'phase.started' && event.phase === 'baseline',
    );
    const steadyFromMs = Math.max(this.#steadySince ?? 0, baseline?.at ?? 0);
    this.#history = await warmRun({
      ...{ plan: this.#plan, folder: this.#folder, store: this.store, steadyFromMs },
      ...{ clock, timeline: this.timeline },
    });
    if (this.#history) this.#evaluated.warmWith(this.#history);
    this.#alerting!.beginWaiting();
  }

  /** Nothing is injected into an unsteady system. */
  #gate(): boolean {
    const objectives = this.#objectives.flatMap((watch) => {
      const { state, failure } = watch.read(this.#evaluated, this.#around.clock.now());
      if (failure !== undefined) return [`objective ${watch.name} cannot be evaluated: ${failure}`];
      if (state === 'no-data') return [`objective ${watch.name} has no data`];
      return state === 'held' ? [] : [`objective ${watch.name} does not hold`];
    });
    const reasons = [
      ...this.#targets.unsteady(),
      ...this.#telemetry!.unsteady(),
      ...this.#alerting!.unsteady(),
      ...objectives,
      ...this.#brake!.unsteady(),
    ];
    if (reasons.length === 0) this.timeline.emit('steady.held', {});
    else {
      this.timeline.emit('steady.failed', { reasons });
      this.#outcome = 'not-steady';
    }
    return reasons.length === 0;
  }

  async #faultPhase(plannedMs: number): Promise<void> {
    this.#phase('fault', plannedMs);
    const shaking = this.#plan.faults.filter(({ spec }) => /^(Pod|Container)Chaos$/.test(spec.kind));
    const shaken = shaking.flatMap(({ injections }) => injections.map(({ request }) => request.target.name));
    this.#targets.expectKills(shaken);
    const onFailed = () => this.#stop.pull({ by: 'error', reason: 'a fault could not be injected' });
    const whyStopped = () => this.#whyStopped();
    const workflows = new WorkflowSession({
      experiment: this.#plan.experiment,
      run: this.#folder.id,
      faults: this.#faults,
      leases: this.#leases,
      journal: this.#around.journal,
      clock: this.#around.clock,
      timeline: this.timeline,
      random: seededRandom(this.#plan.experiment.seed),
      lifeMsMax: this.#plan.totalMs + leaseMarginMs,
      stop: this.#stop.signal,
      whyStopped,
      onFailed,
      onAbort: (reason) => this.#stop.pull({ by: 'condition', reason }),
    });
    await workflows.start();
    const acting = { stop: this.#stop.signal, whyStopped, onFailed };
    await this.#faults.act(acting, workflows.workflows(plannedMs)).finally(() => workflows.end());
  }

  /** As long as planned; with `recovery: auto` only until everything has settled. */
  async #recovery(plannedMs: number): Promise<void> {
    const { clock } = this.#around;
    this.#phase('recovery', plannedMs);
    const endAt = clock.now() + plannedMs;
    const mayEndEarly = this.#plan.experiment.phases.recovery === 'auto';
    while (clock.now() < endAt && !this.#stop.signal.aborted) {
      await clock.sleep(Math.min(settledEveryMs, endAt - clock.now()), this.#stop.signal);
      if (mayEndEarly && this.#settled()) return;
    }
  }

  #settled(): boolean {
    const now = this.#around.clock.now();
    const { objectives, alerts } = this.#plan.experiment;
    const held = this.#objectives.every(
      (watch, index) => watch.heldForMs(now) > objectives[index]!.recovers.stableMs,
    );
    // What must ring from the injection may still do so, as long as it has not.
    const awaited = alerts.some((alert) => alert.expect === 'rings' && !this.#alerting!.hasRung(alert.name));
    return held && !awaited && this.#alerting!.settled();
  }

  async #pause(phase: PhaseName, ms: number): Promise<void> {
    if (this.#stop.reason) return;
    this.#phase(phase, ms);
    await this.#around.clock.sleep(ms, this.#stop.signal);
  }

  #phase(phase: PhaseName, plannedMs: number): void {
    this.timeline.emit('phase.started', { phase, plannedMs });
  }

  async #readObjectives(): Promise<void> {
    const { clock, onReading } = this.#around;
    const before = new Map<string, ObjectiveReading['state']>();
    while (!this.#reading.signal.aborted) {
      await clock.sleep(this.#plan.judged.scrapeIntervalMs, this.#reading.signal);
      if (this.#reading.signal.aborted) return;
      for (const watch of this.#objectives) {
        const reading = watch.read(this.#evaluated, clock.now());
        onReading(reading);
        const { name: objective, state, value } = reading;
        if (state === 'breached' && before.get(objective) !== 'breached')
          this.timeline.emit('objective.breached', { objective, value });
        if (state === 'held' && before.get(objective) === 'breached')
          this.timeline.emit('objective.recovered', { objective, value });
        if (state !== 'no-data') before.set(objective, state);
      }
      if (this.#objectives.every((watch) => watch.last?.state === 'held')) this.#steadySince ??= clock.now();
    }
  }

  /** In the order in which things depend on each other; one failure does not keep the rest from being ended. */
  async #end(failure: UserError | undefined): Promise<void> {
    const problems: string[] = [];
    const step = async (name: string, work: () => Promise<unknown> | undefined): Promise<void> => {
      try {
        await work();
      } catch (error) {
        problems.push(`${name}: ${(error as Error).message}`);
      }
    };
    this.#brake?.stop();
    this.#reading.abort();
    await step('undo', () => this.#faults.undoAll(this.#whyStopped()));
    await step('traffic', () => this.#traffic?.stop(this.#around.hurry));
    await step('alerting', () => this.#alerting?.stop());
    await step('telemetry', () => this.#telemetry?.stop());
    await step('targets', () => this.#targets.end(this.#around.hurry));
    await step('faults', () => this.#faults.close());
    await step('scratch', () => rm(this.#plan.scratchFolder, { recursive: true, force: true }));
    await step('scratch lease', () => this.#scratch?.settle('undone', 'the run removed it'));
    await step('leases', () => this.#leases.close());
    const endedAt = this.#around.clock.now();
    await step('recording', () => this.#telemetry?.close());
    const telemetry = this.#telemetry;
    if (telemetry)
      await step('export', () => exportOpenMetrics(telemetry.store, this.#folder.openMetrics, telemetry));
    for (const message of problems) this.timeline.emit('warning', { message }, endedAt);
    this.timeline.emit('run.ended', this.#ending(failure), endedAt);
    this.timeline.close();
  }

  #whyStopped(): 'stopped' | 'error' {
    return this.#stop.reason && this.#stop.reason.by !== 'error' ? 'stopped' : 'error';
  }

  #ending(failure: UserError | undefined): EventBody<'run.ended'> {
    if (failure) return { outcome: 'error', reason: failure.message };
    const stopped = this.#stop.reason;
    if (!stopped) return { outcome: this.#outcome };
    return { outcome: stopped.by === 'error' ? 'error' : 'stopped', reason: stopped.reason };
  }
}

/** Only when a lease knows of them: a runner that is killed in between leaves none. */
async function makeScratchFolders({ scratchFolder, faults }: Plan): Promise<void> {
  try {
    await mkdir(scratchFolder, { mode: 0o700 });
    for (const { injections } of faults) {
      for (const { request } of injections) await mkdir(request.scratchFolder, { recursive: true });
    }
  } catch (error) {
    throw UserError.of('FD801', `cannot make ${scratchFolder}: ${(error as Error).message}`);
  }
}
