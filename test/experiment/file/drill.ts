// A good experiment with the files that it names, for tests that spoil one thing in it.

import { formatDiagnostic } from '../../../src/base/diagnostics.ts';
import { type ReadOptions, type ReadResult, readExperiment } from '../../../src/experiment/file/read.ts';

export const goodDrill = `apiVersion: firedrill.dev/v1
kind: Experiment
metadata: { name: dns-outage }
spec:
  title: A DNS outage must not leak memory
  targets:
    app:
      process:
        command: [node, app.js]
        ready: { http: "http://127.0.0.1:8080/healthz" }
      labels: { app: checkout }
    link: { proxy: { listen: "127.0.0.1:0", upstream: "127.0.0.1:8080" } }
  traffic:
    - { name: shop, http: { url: "http://127.0.0.1:8080/" }, rate: 20/s }
  telemetry:
    scrape: [{ job: app, targets: ["127.0.0.1:8080"], interval: 1s }]
    rules: [alerts.yaml]
    alertmanager: alertmanager.yaml
  faults:
    - kind: DNSChaos
      on: app
      spec: { action: error, patterns: ["*.example.test"], duration: 30s }
      effect: { min: 10 }
  phases: { baseline: auto, recovery: 20s }
  objectives:
    - name: memory
      promql: process_resident_memory_bytes{job="app"} < 100e6
      expect: held
      breach: { for: 3s }
      recovers: { within: 30s, stable: 10s }
  alerts:
    - name: ContainerMemoryHigh
      labels: { job: app }
      guards: [memory]
      expect: follows
      fires: { within: 30s }
      notifies: { within: 60s, receivers: [platform-oncall] }
      resolves: { within: 60s }
      coveredBy: [NodeDown]
  collateral: { verdict: warn, failOn: { severity: page }, scope: { job: app }, allow: [] }
  stopConditions: [{ promql: 'up{job="other"} == 0', blindFor: 10s }]
  limits: { runTime: 15m, share: 50% }
  trials: 1
`;

export const goodFiles: Readonly<Record<string, string>> = {
  'drills/alerts.yaml': `groups:
  - name: app
    rules:
      - alert: ContainerMemoryHigh
        expr: process_resident_memory_bytes{job="app"} > 100e6
        for: 5s
        labels: { severity: page }
      - alert: NodeDown
        expr: up == 0
        labels: { severity: page }
`,
  'drills/alertmanager.yaml': `route: { receiver: platform-oncall }
receivers:
  - name: platform-oncall
    webhook_configs: [{ url: "http://127.0.0.1:9/" }]
`,
};

/** Reads an experiment that stands at drills/drill.yaml, with files that exist nowhere else. */
export function readDrill(
  text: string,
  options: Partial<Omit<ReadOptions, 'file' | 'text' | 'files'>> & {
    readonly extraFiles?: Readonly<Record<string, string>>;
  } = {},
): Promise<ReadResult> {
  const { extraFiles, ...rest } = options;
  const files = { ...goodFiles, ...extraFiles };
  return readExperiment({
    env: {},
    ...rest,
    file: 'drills/drill.yaml',
    text,
    files: {
      read: async (path) => {
        const found = Object.entries(files).find(([name]) => path === `${process.cwd()}/${name}`);
        if (found) return found[1];
        throw new Error(`ENOENT: no such file: ${path}`);
      },
    },
  });
}

/** The good experiment with the first occurrence of each text replaced. */
export function spoilt(...changes: readonly (readonly [string, string])[]): string {
  let text = goodDrill;
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`the good experiment has no ${from}`);
    text = text.replace(from, () => to);
  }
  return text;
}

/** What was wrong, as a user would see it. */
export async function told(result: Promise<ReadResult>): Promise<string> {
  const read = await result;
  const diagnostics = read.ok ? read.warnings : read.diagnostics;
  return diagnostics.map(formatDiagnostic).join('\n');
}

/** What was wrong, one line each: place, code, message, expectation. */
export async function brief(result: Promise<ReadResult>): Promise<string[]> {
  const read = await result;
  const diagnostics = read.ok ? read.warnings : read.diagnostics;
  return diagnostics.map(({ at, code, message, expected }) => {
    const place = at ? `${at.file}:${at.line}:${at.column}` : '';
    return `${place} ${code} ${message}${expected ? ` <${expected}>` : ''}`;
  });
}
