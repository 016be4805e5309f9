// Runs as they really come out, built from a few numbers: what was measured second by second, what happened when,
// and what the judge made of it. Times are seconds from the injection.

import { type LabelRecord, Labels } from '../../src/base/labels.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { AlertSpec, Experiment, ObjectiveSpec } from '../../src/experiment/model.ts';
import type { PlannedAlert, TimelineEvent } from '../../src/experiment/timeline.ts';
import type {
  AlertHop,
  AlertVerdict,
  FaultVerdict,
  ObjectiveVerdict,
  Verdict,
} from '../../src/experiment/verdict.ts';
import type { ReportInput } from '../../src/report/input.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { detours } from './detours.ts';

/** 20 Nov 2026, 18:23:14 UTC. */
const injectedMs = Date.UTC(2026, 10, 20, 18, 23, 14);

/** Unix milliseconds of a number of seconds after the injection. */
export const at = (seconds: number): number => injectedMs + Math.round(seconds * 1000);

const runFolder = '.firedrill/runs/20261120-182302-leaky';

function record(
  store: SeriesStore,
  labels: LabelRecord,
  fromSeconds: number,
  toSeconds: number,
  value: (seconds: number) => number | undefined,
  stepSeconds = 1,
): void {
  for (let seconds = fromSeconds; seconds <= toSeconds; seconds += stepSeconds) {
    const measured = value(seconds);
    if (measured === undefined) continue;
    store.appendBatch({
      source: labels.instance ?? 'one',
      atMs: at(seconds),
      samples: [{ labels: Labels.from(labels), value: measured }],
    });
  }
}

const memoryLabels = { __name__: 'process_resident_memory_bytes', job: 'app', instance: '127.0.0.1:8080' };

const experimentText = (name: string) => `apiVersion: firedrill.dev/v1
kind: Experiment
metadata: { name: dns-outage-${name} }
spec:
  title: A DNS outage must not leak memory
  # The service resolves names all the time; its look-ups fail for 30 seconds.
  target:
    process:
      command: [node, service.js, --${name}]
      ready: { http: "http://127.0.0.1:8080/healthz" }
      env: { TOKEN: <redacted> }
  telemetry:
    scrape: [{ job: app, targets: ["127.0.0.1:8080"], interval: 1s }]
    rules: [alerts.yaml]
    alertmanager: alertmanager.yaml
  faults:
    - kind: DNSChaos
      spec: { action: error, patterns: ["*.example.test"], duration: 30s }
      effect: { min: 10 }
  objectives:
    - name: memory
      promql: process_resident_memory_bytes{job="app"} < 100e6
      breach: { for: 3s }
      recovers: { within: 30s, stable: 5s }
  alerts:
    - name: ContainerMemoryHigh
      guards: [memory]
      fires: { within: 15s }
      notifies: { within: 20s, receivers: [platform-oncall] }
      resolves: { within: 30s }
`;

const memoryObjective: ObjectiveSpec = {
  name: 'memory',
  promql: 'process_resident_memory_bytes{job="app"} < 100e6',
  expect: 'held',
  breachForMs: 3000,
  recovers: { withinMs: 30_000, stableMs: 5000 },
  stepMs: undefined,
  minEvents: undefined,
};

const memoryAlert: AlertSpec = {
  name: 'ContainerMemoryHigh',
  labels: { job: 'app' },
  guards: ['memory'],
  expect: 'follows',
  firesWithinMs: 15_000,
  notifies: { withinMs: 20_000, receivers: ['platform-oncall'] },
  resolvesWithinMs: 30_000,
  coveredBy: [],
  flaps: undefined,
};

const plannedAlert: PlannedAlert = {
  name: 'ContainerMemoryHigh',
  labels: { job: 'app' },
  rules: [
    {
      group: 'memory',
      file: 'alerts.yaml',
      expr: 'process_resident_memory_bytes{job="app"} > 100e6',
      labels: { severity: 'page' },
      annotations: { summary: 'Memory of {{ $labels.instance }} is high' },
      forMs: 3000,
      keepFiringForMs: 0,
      evaluationIntervalMs: 1000,
      selectors: [{ text: 'process_resident_memory_bytes{job="app"}', onlyInAbsent: false }],
      longestRangeMs: 0,
      routes: [
        {
          receiver: 'platform-oncall',
          path: ['root', 'severity="page"'],
          groupWaitMs: 1000,
          groupIntervalMs: 5000,
          sendResolved: true,
        },
      ],
      worstFiringMs: 6000,
      worstNotifiedMs: 7000,
    },
  ],
};

function experiment(name: string, changes: Partial<Experiment> = {}): Experiment {
  return {
    name: `dns-outage-${name}`,
    title: 'A DNS outage must not leak memory',
    file: `/home/ada/shop/drills/${name}.yaml`,
    folder: '/home/ada/shop/drills',
    targets: [],
    traffic: [],
    telemetry: {
      scrape: [],
      prometheus: undefined,
      rules: ['/home/ada/shop/drills/alerts.yaml'],
      alertmanager: { file: '/home/ada/shop/drills/alertmanager.yaml' },
      capture: { listen: '127.0.0.1:0', token: undefined, answers: {} },
      evaluationIntervalMs: 1000,
      externalLabels: {},
      features: [],
    },
    faults: [
      {
        name: 'dns-chaos',
        kind: 'DNSChaos',
        targets: ['target'],
        mode: 'all',
        value: undefined,
        durationMs: 30_000,
        oneShot: false,
        spec: { action: 'error', patterns: ['*.example.test'] },
        effect: { min: 10, promql: undefined },
      },
    ],
    phases: { baseline: 'auto', recovery: 'auto' },
    objectives: [memoryObjective],
    alerts: [memoryAlert],
    collateral: { verdict: 'warn', failOn: undefined, scope: undefined, allow: [] },
    stopConditions: [],
    limits: { runTimeMs: 900_000, share: 0.5 },
    trials: 1,
    seed: 42,
    secrets: ['t0ken-of-ada'],
    resolvedText: experimentText(name),
    ...changes,
  };
}

/** What every run begins with, up to the fault. */
function opening(name: string): TimelineEvent[] {
  return [
    {
      at: at(-12),
      type: 'run.started',
      run: `20261120-182302-${name}`,
      experiment: `dns-outage-${name}`,
      seed: 42,
      firedrill: '0.1.0',
      node: 'v20.20.2',
      trial: 1,
    },
    {
      at: at(-12),
      type: 'run.planned',
      plan: {
        scrapeIntervalMs: 1000,
        source: 'embedded',
        alertSource: 'embedded',
        phases: { baselineMs: 10_000, faultMs: 30_000, recoveryMs: 40_000 },
        alerts: [plannedAlert],
        undoDelayMs: 1200,
      },
    },
    { at: at(-12), type: 'phase.started', phase: 'start', plannedMs: 2000 },
    { at: at(-11.9), type: 'target.started', target: 'target', pid: 41_234 },
    { at: at(-10.4), type: 'target.ready', target: 'target', afterMs: 1500 },
    { at: at(-10.2), type: 'phase.started', phase: 'baseline', plannedMs: 10_000 },
  ];
}

function dnsFault(endSeconds: number): TimelineEvent[] {
  const hits: TimelineEvent[] = [];
  for (let seconds = 1; seconds < endSeconds; seconds++) {
    hits.push({ at: at(seconds), type: 'fault.hits', fault: 'dns-chaos', hits: hitsAfter(seconds) });
  }
  return [
    { at: at(-0.25), type: 'steady.held' },
    { at: at(-0.2), type: 'phase.started', phase: 'fault', plannedMs: 30_000 },
    {
      at: at(-0.2),
      type: 'fault.injecting',
      fault: 'dns-chaos',
      kind: 'DNSChaos',
      driver: 'mount-namespace',
      targets: ['target'],
      lease: 'lease-1',
    },
    { at: at(0), type: 'fault.injected', fault: 'dns-chaos', lease: 'lease-1' },
    ...hits,
  ];
}

function dnsUndone(seconds: number, why: 'duration' | 'stopped' = 'duration'): TimelineEvent[] {
  return [
    { at: at(seconds), type: 'fault.undoing', fault: 'dns-chaos', why },
    {
      at: at(seconds + 0.12),
      type: 'fault.undone',
      fault: 'dns-chaos',
      hits: hitsAfter(seconds),
      verified: 'shop.example.test resolves again',
    },
    { at: at(seconds + 0.12), type: 'phase.started', phase: 'recovery', plannedMs: 40_000 },
  ];
}

const hitsAfter = (seconds: number) => Math.round(seconds * 14.2 + Math.sin(seconds) * 3);

const dnsVerdict: FaultVerdict = {
  name: 'dns-chaos',
  kind: 'DNSChaos',
  driver: 'mount-namespace',
  targets: ['target'],
  hits: hitsAfter(30),
  verdict: 'effective',
  judgement: 'right',
  reason: `${hitsAfter(30)} look-ups were refused; at least 10 were asked for.`,
  evidence: [
    { label: 'look-ups refused', value: `${hitsAfter(30)} (at least 10)` },
    { label: 'undone', value: 'verified: shop.example.test resolves again', at: at(30.12) },
  ],
};

const ref = {
  alert: 'ContainerMemoryHigh',
  labels: { alertname: 'ContainerMemoryHigh', instance: '127.0.0.1:8080', job: 'app', severity: 'page' },
  rule: { group: 'memory', file: 'alerts.yaml' },
};

const notification = (status: 'firing' | 'resolved') => ({
  receiver: 'platform-oncall',
  integration: 'webhook',
  groupKey: '{}:{alertname="ContainerMemoryHigh"}',
  groupLabels: { alertname: 'ContainerMemoryHigh' },
  status,
  alerts: [{ status, labels: ref.labels }],
});

/** Resident memory of the leaky service: it grows while look-ups fail, and is freed by a restart. */
function leakingMemory(seconds: number): number {
  const noise = Math.sin(seconds * 1.7) * 0.4e6 + Math.sin(seconds * 0.45) * 0.7e6;
  if (seconds < 0.5) return 62e6 + noise;
  if (seconds < 30.5) return 62e6 + (seconds - 0.5) * 4.4e6 + noise;
  if (seconds < 33.5) return 62e6 + 30 * 4.4e6 + noise;
  return 58e6 + noise;
}

function leakyStore(endSeconds: number): SeriesStore {
  const store = new SeriesStore();
  record(store, memoryLabels, -9.6, endSeconds, leakingMemory);
  return store;
}

const memoryBroken: ObjectiveVerdict = {
  name: 'memory',
  verdict: 'breached',
  judgement: 'wrong',
  expect: 'held',
  promql: memoryObjective.promql,
  reason: 'Memory was above 100 MB for 24.2s during the fault; it should have held.',
  detectedBy: ['ContainerMemoryHigh'],
  evidence: [
    { label: 'first value out of bounds', value: '101 MB, must be < 100 MB', at: at(9.4) },
    { label: 'worst value', value: '194 MB', at: at(31.4) },
    { label: 'back in bounds', value: '3.3s after the undo, allowed 30s; stable for 5s', at: at(33.4) },
  ],
  comparison: { expr: 'process_resident_memory_bytes{job="app"}', operator: '<', threshold: 100e6 },
  times: { breached: at(9.4), recovered: at(33.4) },
};

type HopRow = [
  hop: AlertHop['hop'],
  seconds: number | null,
  settings?: AlertHop['settings'],
  detail?: string,
];

/** Each counts from the last one that happened. */
function hopsAt(rows: readonly HopRow[]): AlertHop[] {
  let before: AlertHop | undefined;
  return rows.map(([hop, seconds, settings, detail]) => {
    const time = seconds === null ? null : at(seconds);
    const from = hop === 'undone' ? undefined : before;
    const tookMs = time === null || !from ? null : time - from.at!;
    const boundMs = settings ? settings.reduce((sum, { ms }) => sum + ms, 0) : null;
    const row: AlertHop = {
      hop,
      at: time,
      after: tookMs === null ? null : from!.hop,
      tookMs,
      boundMs,
      settings: settings ?? [],
      over: boundMs !== null && tookMs !== null && tookMs > boundMs + 1000,
      detail: detail ?? null,
    };
    if (time !== null) before = row;
    return row;
  });
}

const scrapeAndEvaluation = [
  { name: 'scrape interval', ms: 1000 },
  { name: 'evaluation interval', ms: 1000 },
];
const memoryShorten = {
  setting: 'for',
  text: 'Shorten "for: 3s" first: it is 3s of the 6s that its settings allow from the breach to the pager.',
};

const alertRang: AlertVerdict = {
  name: 'ContainerMemoryHigh',
  labels: { job: 'app' },
  verdict: 'rang',
  judgement: 'right',
  expect: 'follows',
  guards: ['memory'],
  receivers: ['platform-oncall'],
  reason:
    'It fired 3.2s after memory broke, platform-oncall was told 1.1s later, and it was resolved 4.3s after the undo.',
  evidence: [
    { label: 'rule', value: 'memory/ContainerMemoryHigh in alerts.yaml, for: 3s' },
    { label: 'route', value: 'root > severity="page" > platform-oncall' },
  ],
  times: {
    breached: at(9.4),
    pending: at(9.6),
    firing: at(12.6),
    captured: at(13.7),
    resolved: at(34.4),
    resolvedCaptured: at(38.7),
  },
  predicted: { firingMs: 6000, notifiedMs: 7000 },
  hops: hopsAt([
    ['injected', 0],
    ['breached', 9.4],
    ['pending', 9.6, scrapeAndEvaluation],
    ['firing', 12.6, [{ name: 'for', ms: 3000 }]],
    ['grouped', 12.6, []],
    ['notified', 13.6, [{ name: 'group_wait', ms: 1000 }]],
    ['captured', 13.7, [], 'platform-oncall'],
    ['undone', 30.12],
    ['recovered', 33.4],
    ['resolved', 34.4, scrapeAndEvaluation],
    ['resolved-notified', 38.7, [{ name: 'group_interval', ms: 5000 }], 'platform-oncall'],
  ]),
  shorten: memoryShorten,
  projected: null,
  notes: [
    {
      kind: 'missing-runbook',
      text: 'The rule has no runbook_url annotation: whoever is woken has to find out alone what to do.',
    },
  ],
};

function verdict(name: string, changes: Partial<Verdict>): Verdict {
  return {
    schemaVersion: 1,
    run: `20261120-182302-${name}`,
    name: `dns-outage-${name}`,
    title: 'A DNS outage must not leak memory',
    sentence: '',
    verdict: 'fail',
    resilience: 'fail',
    detection: 'pass',
    reason: null,
    startedAt: at(-12),
    endedAt: at(46),
    times: { baseline: at(-10.2), injected: at(0), undone: at(30.12), ended: at(46) },
    objectives: [memoryBroken],
    alerts: [alertRang],
    faults: [dnsVerdict],
    collateral: [],
    warnings: [],
    notUndone: [],
    report: `${runFolder}/report.html`,
    runFolder,
    ...changes,
  };
}

/** Resilience fails, detection passes. */
export function leaky(): ReportInput {
  const timeline: TimelineEvent[] = [
    ...opening('leaky'),
    ...dnsFault(30),
    { at: at(9.4), type: 'objective.breached', objective: 'memory', value: 100.9e6 },
    { at: at(9.6), type: 'alert.pending', ...ref, activeAt: at(9.6), value: 101.2e6, annotations: {} },
    { at: at(12.6), type: 'alert.firing', ...ref, activeAt: at(9.6), value: 114e6, annotations: {} },
    {
      at: at(13.7),
      type: 'notification.captured',
      ...notification('firing'),
      file: 'notifications/0001.json',
    },
    ...dnsUndone(30),
    {
      at: at(31.8),
      type: 'target.exited',
      target: 'target',
      pid: 41_234,
      code: 137,
      signal: null,
      expected: true,
    },
    {
      at: at(32.9),
      type: 'target.replaced',
      target: 'target',
      oldPid: 41_234,
      newPid: 41_410,
      expected: true,
    },
    { at: at(33.4), type: 'objective.recovered', objective: 'memory', value: 57.8e6 },
    { at: at(34.4), type: 'alert.resolved', ...ref, value: null },
    {
      at: at(38.7),
      type: 'notification.captured',
      ...notification('resolved'),
      file: 'notifications/0002.json',
    },
    { at: at(46), type: 'run.ended', outcome: 'completed' },
  ];
  return {
    experiment: experiment('leaky'),
    timeline: timeline.sort((a, b) => a.at - b.at),
    recording: leakyStore(46),
    verdict: verdict('leaky', {
      sentence:
        'The service did not hold: memory broke 9.4s into the DNS outage. The pager told the truth, and in time.',
    }),
  };
}

const memoryHeld: ObjectiveVerdict = {
  ...memoryBroken,
  verdict: 'held',
  judgement: 'right',
  reason: 'Memory stayed below 100 MB; the highest value was 64.1 MB.',
  evidence: [{ label: 'worst value', value: '64.1 MB, must be < 100 MB', at: at(17.4) }],
  times: { breached: null, recovered: null },
  detectedBy: null,
};

const alertQuiet: AlertVerdict = {
  ...alertRang,
  verdict: 'quiet',
  reason:
    'Nothing broke and it stayed silent; it is alive, because its selector returned a series in every evaluation.',
  receivers: [],
  times: {
    breached: null,
    pending: null,
    firing: null,
    captured: null,
    resolved: null,
    resolvedCaptured: null,
  },
  hops: hopsAt([
    ['injected', 0],
    ['breached', null],
    ['pending', null, scrapeAndEvaluation],
    ['firing', null, [...scrapeAndEvaluation, { name: 'for', ms: 3000 }]],
    ['captured', null],
  ]),
  shorten: null,
  evidence: [
    { label: 'process_resident_memory_bytes{job="app"}', value: '1 series in 56 of 56 evaluations' },
  ],
  notes: [],
};

/** Both halves pass. */
export function fixed(): ReportInput {
  const store = new SeriesStore();
  record(
    store,
    memoryLabels,
    -9.6,
    46,
    (seconds) => 62e6 + Math.sin(seconds * 1.7) * 1.1e6 + Math.sin(seconds * 0.3) * 1e6,
  );
  return {
    experiment: experiment('fixed'),
    timeline: [
      ...opening('fixed'),
      ...dnsFault(30),
      ...dnsUndone(30),
      { at: at(46), type: 'run.ended', outcome: 'completed' },
    ],
    recording: store,
    verdict: verdict('fixed', {
      sentence: 'The service held through 426 refused look-ups, and the pager rightly stayed quiet.',
      verdict: 'pass',
      resilience: 'pass',
      detection: 'pass',
      objectives: [memoryHeld],
      alerts: [alertQuiet],
    }),
  };
}

/** Both halves fail: the rule's selector matches nothing. */
export function mute(): ReportInput {
  const base = leaky();
  const silent = base.timeline.filter(
    (event) => !event.type.startsWith('alert.') && !event.type.startsWith('notification.'),
  );
  return {
    ...base,
    experiment: experiment('mute'),
    timeline: silent,
    verdict: verdict('mute', {
      sentence:
        'The service did not hold, and nobody was told: ContainerMemoryHigh can never fire, because its rule reads job="container" and there is no such series.',
      detection: 'fail',
      objectives: [{ ...memoryBroken, detectedBy: [] }],
      alerts: [
        {
          ...alertRang,
          verdict: 'missed',
          judgement: 'wrong',
          reason:
            'Memory stayed broken for 24.2s, past the deadline of 15s, and the alert never fired: process_resident_memory_bytes{job="container"} returned no series.',
          receivers: [],
          times: { ...alertQuiet.times, breached: at(9.4) },
          hops: hopsAt([
            ['injected', 0],
            ['breached', 9.4],
            ['pending', null, scrapeAndEvaluation],
            ['firing', null, [...scrapeAndEvaluation, { name: 'for', ms: 3000 }]],
            ['captured', null],
          ]),
          shorten: null,
          evidence: [
            { label: 'selector without series', value: 'process_resident_memory_bytes{job="container"}' },
            { label: 'nearest existing value of job', value: 'app' },
            { label: 'deadline', value: '15s after the breach', at: at(24.4) },
          ],
          notes: [],
        },
      ],
    }),
  };
}

/** The baseline never settled, so nothing was injected. */
export function notSteady(): ReportInput {
  const store = new SeriesStore();
  record(store, memoryLabels, -9.6, 0, (seconds) => 104e6 + Math.sin(seconds) * 6e6);
  const unjudged = { judgement: 'inconclusive', evidence: [], reason: 'Nothing was injected.' } as const;
  return {
    experiment: experiment('not-steady'),
    timeline: [
      ...opening('not-steady'),
      {
        at: at(-0.2),
        type: 'steady.failed',
        reasons: ['objective memory does not hold: 107 MB, must be < 100 MB'],
      },
      { at: at(0), type: 'run.ended', outcome: 'not-steady' },
    ],
    recording: store,
    verdict: verdict('not-steady', {
      sentence:
        'Nothing was injected, because the system was not steady: memory was already above its threshold.',
      verdict: 'inconclusive',
      resilience: 'inconclusive',
      detection: 'inconclusive',
      reason: 'not-steady',
      endedAt: at(0),
      times: { baseline: at(-10.2), injected: null, undone: null, ended: at(0) },
      objectives: [{ ...memoryHeld, ...unjudged, verdict: 'not-steady' }],
      alerts: [{ ...alertQuiet, ...unjudged, verdict: 'not-steady' }],
      faults: [{ ...dnsVerdict, ...unjudged, verdict: 'not-injected', driver: null, hits: null }],
    }),
  };
}

/** Stopped by a stop condition in the middle of the fault. */
function stopped(): ReportInput {
  const timeline: TimelineEvent[] = [
    ...opening('stopped'),
    ...dnsFault(14),
    { at: at(9.4), type: 'objective.breached', objective: 'memory', value: 100.9e6 },
    { at: at(9.6), type: 'alert.pending', ...ref, activeAt: at(9.6), value: 101.2e6, annotations: {} },
    { at: at(12.6), type: 'alert.firing', ...ref, activeAt: at(9.6), value: 114e6, annotations: {} },
    { at: at(14), type: 'stop.triggered', by: 'condition', reason: 'up{job="other"} == 0 is true' },
    ...dnsUndone(14.1, 'stopped'),
    { at: at(15), type: 'run.ended', outcome: 'stopped', reason: 'stop condition' },
  ];
  const cut = { judgement: 'inconclusive', verdict: 'cut-short' } as const;
  return {
    experiment: experiment('stopped'),
    timeline: timeline.sort((a, b) => a.at - b.at),
    recording: leakyStore(15),
    verdict: verdict('stopped', {
      sentence:
        'The run was stopped 14s into the fault, because the stop condition up{job="other"} == 0 became true.',
      verdict: 'stopped',
      resilience: 'inconclusive',
      detection: 'inconclusive',
      reason: 'stop-condition',
      endedAt: at(15),
      times: { baseline: at(-10.2), injected: at(0), undone: at(14.22), ended: at(15) },
      objectives: [
        {
          ...memoryBroken,
          ...cut,
          reason: 'The run ended before memory could show that it recovers.',
          times: { breached: at(9.4), recovered: null },
        },
      ],
      alerts: [
        {
          ...alertRang,
          ...cut,
          reason: 'The run ended before the notification was due.',
          times: { ...alertRang.times, captured: null, resolved: null, resolvedCaptured: null },
          receivers: [],
          notes: [],
        },
      ],
      faults: [{ ...dnsVerdict, hits: hitsAfter(14.1) }],
      warnings: ['The recovery phase was cut short; nothing is known about recovery.'],
    }),
  };
}

/** The fault could not be taken away again. */
function stuck(): ReportInput {
  const base = fixed();
  const left = [
    '/run/netns/drill-7 is still mounted: device is busy',
    'lease lease-1 is kept for `firedrill undo`',
  ];
  return {
    ...base,
    timeline: [
      ...base.timeline.filter((event) => event.type !== 'fault.undone'),
      { at: at(46), type: 'fault.stuck', fault: 'dns-chaos', lease: 'lease-1', left },
    ],
    verdict: {
      ...base.verdict,
      sentence: 'The service held, but the fault could not be undone: look at what is left behind first.',
      verdict: 'error',
      reason: 'not-undone',
      notUndone: left,
      times: { ...base.verdict.times, undone: null },
    },
  };
}

/** Several objectives and alerts with long names, several series, gaps, no data, flapping and collateral. */
function many(): ReportInput {
  const store = new SeriesStore();
  const random = seededRandom(7);
  const noise = Array.from({ length: 2000 }, random);
  const jitter = (seconds: number, salt: number) =>
    noise[Math.abs(Math.round(seconds * 7 + salt * 131)) % 2000]! - 0.5;
  for (const [index, pod] of [
    'checkout-7d9f8b6c5-x2x4q',
    'checkout-7d9f8b6c5-9kq7z',
    'checkout-7d9f8b6c5-lm3pd',
  ].entries()) {
    record(
      store,
      { __name__: 'checkout_request_duration_p99_seconds', pod, instance: pod },
      -600,
      1500,
      (seconds) => {
        if (index === 2 && seconds > 400 && seconds < 640) return undefined;
        const slow = seconds > 20 && seconds < 905 ? 0.31 - index * 0.09 : 0;
        return 0.12 + slow + jitter(seconds, index) * 0.06;
      },
      15,
    );
  }
  record(
    store,
    { __name__: 'up', job: 'payment-gateway-exporter' },
    -600,
    1500,
    (seconds) => (seconds > 60 && seconds < 300 ? 0 : 1),
    15,
  );
  record(
    store,
    { __name__: 'queue_depth_messages', queue: 'orders' },
    -600,
    1500,
    (seconds) => Math.max(3, 40 + seconds / 12 + jitter(seconds, 5) * 30),
    15,
  );
  const objective = (
    name: string,
    expr: string,
    operator: string,
    threshold: number | null,
    changes: Partial<ObjectiveVerdict>,
  ): ObjectiveVerdict => ({
    ...memoryHeld,
    name,
    promql: `${expr} ${operator} ${threshold ?? 'on() group_left queue_capacity'}`,
    comparison: { expr, operator, threshold },
    evidence: [],
    ...changes,
  });
  const slowRef = (pod: string) => ({
    alert: 'CheckoutRequestLatencyP99AboveServiceLevelObjectiveForTooLong',
    labels: {
      alertname: 'CheckoutRequestLatencyP99AboveServiceLevelObjectiveForTooLong',
      pod,
      severity: 'page',
    },
    rule: { group: 'latency', file: 'latency.yaml' },
  });
  const slowNote = (status: 'firing' | 'resolved') => ({
    receiver: 'checkout-team-primary-oncall-rotation',
    integration: 'webhook',
    groupKey: '{}',
    groupLabels: {},
    status,
    alerts: [{ status, labels: slowRef('checkout-7d9f8b6c5-x2x4q').labels }],
  });
  const timeline: TimelineEvent[] = [
    { ...opening('many')[0]!, at: at(-620) } as TimelineEvent,
    { at: at(-620), type: 'phase.started', phase: 'start', plannedMs: 20_000 },
    { at: at(-600), type: 'phase.started', phase: 'baseline', plannedMs: 600_000 },
    { at: at(0), type: 'phase.started', phase: 'fault', plannedMs: 900_000 },
    {
      at: at(0),
      type: 'fault.injecting',
      fault: 'network-chaos',
      kind: 'NetworkChaos',
      driver: 'proxy',
      targets: ['checkout-proxy'],
      lease: 'a',
    },
    { at: at(0), type: 'fault.injected', fault: 'network-chaos', lease: 'a' },
    { at: at(1), type: 'fault.injected', fault: 'pod-chaos', lease: 'b' },
    { at: at(1), type: 'fault.spent', fault: 'pod-chaos', hits: 1 },
    ...Array.from(
      { length: 60 },
      (_, index): TimelineEvent => ({
        at: at(15 * (index + 1)),
        type: 'fault.hits',
        fault: 'network-chaos',
        hits: Math.round(48_211 * ((index + 1) / 60) ** 1.4),
      }),
    ),
    { at: at(45), type: 'objective.breached', objective: 'latency', value: 0.41 },
    {
      at: at(60),
      type: 'alert.pending',
      ...slowRef('checkout-7d9f8b6c5-x2x4q'),
      activeAt: at(60),
      value: 1,
      annotations: {},
    },
    {
      at: at(75),
      type: 'alert.pending',
      ...slowRef('checkout-7d9f8b6c5-9kq7z'),
      activeAt: at(75),
      value: 1,
      annotations: {},
    },
    {
      at: at(120),
      type: 'alert.firing',
      ...slowRef('checkout-7d9f8b6c5-x2x4q'),
      activeAt: at(60),
      value: 1,
      annotations: {},
    },
    { at: at(150), type: 'notification.captured', ...slowNote('firing'), file: 'n1' },
    { at: at(165), type: 'alert.dropped', ...slowRef('checkout-7d9f8b6c5-9kq7z') },
    { at: at(420), type: 'alert.resolved', ...slowRef('checkout-7d9f8b6c5-x2x4q'), value: null },
    { at: at(450), type: 'notification.failed', ...slowNote('resolved'), reason: 'status 503', attempts: 4 },
    {
      at: at(520),
      type: 'alert.pending',
      ...slowRef('checkout-7d9f8b6c5-x2x4q'),
      activeAt: at(520),
      value: 1,
      annotations: {},
    },
    {
      at: at(580),
      type: 'alert.firing',
      ...slowRef('checkout-7d9f8b6c5-x2x4q'),
      activeAt: at(520),
      value: 1,
      annotations: {},
    },
    {
      at: at(590),
      type: 'alert.suppressed',
      ...slowRef('checkout-7d9f8b6c5-x2x4q'),
      reason: 'inhibited',
      by: 'ClusterDown',
      receiver: 'checkout-team-primary-oncall-rotation',
    },
    {
      at: at(700),
      type: 'source.failed',
      source: 'http://127.0.0.1:9100/metrics',
      reason: 'connect ECONNREFUSED',
    },
    { at: at(715), type: 'source.recovered', source: 'http://127.0.0.1:9100/metrics' },
    {
      at: at(800),
      type: 'alert.firing',
      alert: 'NodeFilesystemAlmostOutOfSpace',
      labels: { alertname: 'NodeFilesystemAlmostOutOfSpace', device: '/dev/sda1' },
      rule: { group: 'node', file: 'node.yaml' },
      activeAt: at(500),
      value: 1,
      annotations: {},
    },
    { at: at(900), type: 'fault.undoing', fault: 'network-chaos', why: 'duration' },
    {
      at: at(900.3),
      type: 'fault.undone',
      fault: 'network-chaos',
      hits: 48_211,
      verified: 'a request through the proxy took 2ms',
    },
    { at: at(900.3), type: 'phase.started', phase: 'recovery', plannedMs: 600_000 },
    { at: at(975), type: 'alert.resolved', ...slowRef('checkout-7d9f8b6c5-x2x4q'), value: null },
    { at: at(1500), type: 'run.ended', outcome: 'completed' },
  ];
  const slowAlert: AlertVerdict = {
    ...alertRang,
    name: slowRef('').alert,
    labels: {},
    verdict: 'flapping',
    judgement: 'warn',
    guards: ['latency'],
    receivers: ['checkout-team-primary-oncall-rotation'],
    reason: 'It rang in time, but in two episodes for one breach.',
    times: {
      breached: at(45),
      pending: at(60),
      firing: at(120),
      captured: at(150),
      resolved: at(975),
      resolvedCaptured: null,
    },
    predicted: { firingMs: 105_000, notifiedMs: 135_000 },
    hops: hopsAt([
      ['injected', 0],
      ['breached', 45],
      [
        'pending',
        60,
        [
          { name: 'scrape interval', ms: 15_000 },
          { name: 'evaluation interval', ms: 30_000 },
        ],
      ],
      ['firing', 120, [{ name: 'for', ms: 60_000 }]],
      ['grouped', 120, []],
      ['notified', 150, [{ name: 'group_wait', ms: 30_000 }]],
      ['captured', 150, [], 'checkout-team-primary-oncall-rotation'],
      ['undone', 900.3],
      ['recovered', 915],
      [
        'resolved',
        975,
        [
          { name: 'scrape interval', ms: 15_000 },
          { name: 'evaluation interval', ms: 30_000 },
        ],
      ],
      ['resolved-notified', null, [{ name: 'group_interval', ms: 300_000 }]],
    ]),
    shorten: {
      setting: 'for',
      text: 'Shorten "for: 1m" first: it is 1m of the 2m15s that its settings allow from the breach to the pager.',
    },
    notes: [
      { kind: 'flapping', text: 'Two firing episodes for one breach; `keep_firing_for` would join them.' },
      {
        kind: 'lucky',
        text: 'It met its deadline of 90s, but the worst case of scrape, evaluation and grouping is 1m45s.',
      },
    ],
  };
  return {
    experiment: experiment('many', {
      objectives: [],
      alerts: [
        {
          ...memoryAlert,
          name: slowAlert.name,
          labels: {},
          guards: ['latency'],
          firesWithinMs: 90_000,
          notifies: { withinMs: 180_000, receivers: slowAlert.receivers },
          resolvesWithinMs: 120_000,
        },
      ],
    }),
    timeline,
    recording: store,
    verdict: verdict('many', {
      run: '20261120-181254-many',
      name: 'checkout-under-a-slow-network-and-a-killed-replica',
      title:
        'Checkout stays usable while the network to the payment gateway is slow and one replica is killed',
      sentence:
        'Checkout was slow for fifteen minutes, and it is not known whether the queue held; the pager rang in time, but twice.',
      resilience: 'fail',
      detection: 'inconclusive',
      startedAt: at(-620),
      endedAt: at(1500),
      times: { baseline: at(-600), injected: at(0), undone: at(900.3), ended: at(1500) },
      objectives: [
        objective('latency', 'checkout_request_duration_p99_seconds', '<', 0.3, {
          verdict: 'breached',
          judgement: 'wrong',
          reason: 'The slowest replica answered 99 of 100 requests within 430ms only.',
          times: { breached: at(45), recovered: at(915) },
          detectedBy: [slowAlert.name],
          evidence: [{ label: 'worst value', value: '459ms on checkout-7d9f8b6c5-x2x4q', at: at(330) }],
        }),
        objective(
          'the-payment-gateway-exporter-is-up-and-can-be-scraped',
          'up{job="payment-gateway-exporter"}',
          '==',
          1,
          {
            verdict: 'breached',
            judgement: 'right',
            expect: 'breached',
            reason: 'It was down for 4m, as the hypothesis says.',
            times: { breached: at(75), recovered: at(300) },
          },
        ),
        objective('queue', 'queue_depth_messages{queue="orders"}', '<', null, {
          verdict: 'noisy',
          judgement: 'inconclusive',
          reason: 'The threshold lies inside the spread of the baseline.',
        }),
        objective(
          'errors',
          'sum(rate(http_requests_errors_total[1m])) / sum(rate(http_requests_total[1m]))',
          '<=',
          0.01,
          {
            verdict: 'no-data',
            judgement: 'inconclusive',
            reason: 'The left side had no samples in any phase.',
          },
        ),
      ],
      alerts: [
        slowAlert,
        {
          ...alertQuiet,
          name: 'QueueStuck',
          labels: { queue: 'orders' },
          verdict: 'unproven',
          judgement: 'inconclusive',
          guards: ['queue'],
          reason: 'It stayed quiet, but queue_age_seconds{queue="order"} found no series: it may be dead.',
        },
      ],
      faults: [
        {
          ...dnsVerdict,
          name: 'network-chaos',
          kind: 'NetworkChaos',
          driver: 'proxy',
          targets: ['checkout-proxy'],
          hits: 48_211,
          reason: '48211 bytes were delayed.',
          evidence: [],
        },
        {
          ...dnsVerdict,
          name: 'pod-chaos',
          kind: 'PodChaos',
          driver: 'signal',
          targets: ['checkout'],
          hits: 1,
          reason: 'One process was killed; there is nothing to undo.',
          evidence: [],
        },
      ],
      collateral: [
        {
          name: 'NodeFilesystemAlmostOutOfSpace',
          labels: { device: '/dev/sda1' },
          judgement: 'warn',
          reason: 'It started in the run and nobody listed it.',
          firingAt: at(800),
        },
      ],
      warnings: ['http://127.0.0.1:9100/metrics could not be read for 15s.'],
    }),
  };
}

const attack = '<script>alert(1)</script>';
export const longWord = `very-long-${'label'.repeat(60)}`;
/** Part of an expression, an environment and a label, and never to be seen in any output. */
export const secret = 'hunter2&<secret>';

/** Every text that another program may have a hand in is hostile, too long, or secret. */
function hostile(): ReportInput {
  const base = leaky();
  const labels = {
    alertname: `Alert"${attack}`,
    instance: `\u001b[2J\u202egnp.exe ${longWord}`,
    emoji: '🔥👩‍🚒 дым 火事',
    token: secret,
    pipe: 'a|b `c` *d* @everyone ]]> &amp; --',
  };
  const name = labels.alertname;
  const store = new SeriesStore();
  for (const instance of ['a', longWord, attack, secret])
    record(
      store,
      { ...memoryLabels, instance },
      -9.6,
      46,
      (seconds) => leakingMemory(seconds) + instance.length * 1e4,
    );
  const hostileRef = { alert: name, labels, rule: { group: attack, file: longWord } };
  return {
    experiment: experiment('hostile', {
      name: attack,
      title: `${attack} | ${secret}`,
      secrets: [secret, 't0ken-of-ada'],
      alerts: [{ ...memoryAlert, name, labels }],
      objectives: [{ ...memoryObjective, name: attack }],
      resolvedText: `title: "${attack}" # ${secret}\n${longWord}: ${longWord}\n`,
    }),
    timeline: [
      ...base.timeline.filter((event) => !event.type.startsWith('run.ended')),
      { at: at(40), type: 'alert.firing', ...hostileRef, activeAt: at(40), value: 1, annotations: {} },
      {
        at: at(41),
        type: 'notification.captured',
        receiver: attack,
        integration: 'webhook',
        groupKey: '',
        groupLabels: {},
        status: 'firing',
        alerts: [{ status: 'firing', labels }],
        file: 'n',
      },
      { at: at(42), type: 'warning', message: `${attack} ${secret} ${longWord} \u001b]0;owned\u0007` },
      { at: at(46), type: 'run.ended', outcome: 'error', reason: `</script>${attack}` },
    ],
    recording: store,
    verdict: verdict('hostile', {
      name: attack,
      title: `${attack} | ${secret}`,
      sentence: `${attack} & "quotes" 'and' 🔥👩‍🚒 ${longWord} ${secret}`,
      verdict: 'error',
      reason: `${attack}`,
      detection: null,
      objectives: [
        {
          ...memoryBroken,
          name: attack,
          reason: `${attack} ${secret} ${longWord}`,
          evidence: [{ label: longWord, value: `${attack}\u0000\u001b[31m ${longWord}`, at: at(3) }],
        },
      ],
      alerts: [
        {
          ...alertRang,
          name,
          labels,
          receivers: [attack, '@everyone'],
          reason: `${secret} ${attack} | \u202e`,
          notes: [{ kind: 'lucky', text: attack }],
        },
      ],
      faults: [{ ...dnsVerdict, driver: attack, targets: [longWord], reason: `]]> ${attack}` }],
      collateral: [{ name: attack, labels, judgement: 'wrong', reason: `${attack}\u0007`, firingAt: at(40) }],
      warnings: [`${attack} ${secret}`, 'a\nb\r\nc'],
      runFolder: `/tmp/${secret}/run`,
    }),
  };
}

export const scenes = {
  leaky,
  fixed,
  mute,
  'not-steady': notSteady,
  stopped,
  stuck,
  many,
  hostile,
  detours,
} as const;
