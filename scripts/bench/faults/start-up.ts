// From the start of `firedrill run` to the moment at which its fault is in place, without the baseline, which is as long
// as the file says.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type BenchPart, median } from './part.ts';
import { startTarget } from './target.ts';

const rounds = 5;
const baselineMs = 1000;
const boundMs = 1000;

export const startUp: BenchPart = {
  name: 'start-up',
  about: `from the command to the fault, without the baseline; median of ${rounds}`,
  async run(report) {
    // One is watched, and another is stopped.
    const [watched, target] = [await startTarget(), await startTarget()];
    const folder = mkdtempSync(join(tmpdir(), 'firedrill-bench-'));
    try {
      const file = join(folder, 'drill.yaml');
      writeFileSync(file, drill(target.pid, watched.ports.http));
      const bare: number[] = [];
      const faults: Record<string, number[]> = {};
      for (let round = 0; round < rounds; round++) {
        bare.push(await tookMs([process.execPath, '-e', '0']));
        const beginMs = Date.now();
        await tookMs([process.execPath, resolve('dist/firedrill.js'), 'run', file], folder);
        for (const { type, at, fault } of timeline(folder)) {
          if (type !== 'fault.injected') continue;
          faults[fault!] = [...(faults[fault!] ?? []), at - beginMs - baselineMs];
        }
        rmSync(join(folder, '.firedrill'), { recursive: true, force: true });
      }
      report.table('', 'median ms', 'worst ms');
      report.row('a bare Node.js, from its start to its end', median(bare), Math.max(...bare));
      const first = Object.values(faults).sort((a, b) => median(a) - median(b))[0];
      if (!first) throw new Error('no fault was put in place');
      report.row('the first fault of a drill', median(first), Math.max(...first));
      report.goal({
        name: 'first injection',
        measured: median(first),
        bound: boundMs,
        unit: 'ms',
        wanted: 'at most',
      });
    } finally {
      await target.stop();
      await watched.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function tookMs([program, ...args]: readonly string[], cwd = '/'): Promise<number> {
  const beginMs = performance.now();
  const env = { ...process.env, FIREDRILL_STATE: join(cwd, 'state') };
  await once(spawn(program!, args, { cwd, env, stdio: 'ignore' }), 'exit');
  return performance.now() - beginMs;
}

interface Event {
  readonly type: string;
  /** Unix milliseconds. */
  readonly at: number;
  readonly fault?: string;
}

function timeline(folder: string): Event[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const file = files.find((path) => path.endsWith('timeline.jsonl'));
  if (!file) throw new Error('the run wrote no timeline');
  const lines = readFileSync(join(folder, file), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

function drill(pid: number, port: number): string {
  return JSON.stringify({
    apiVersion: 'firedrill.dev/v1',
    kind: 'Experiment',
    metadata: { name: 'bench' },
    spec: {
      title: 'How soon a fault acts',
      phases: { baseline: `${baselineMs}ms`, recovery: '100ms' },
      targets: { app: { process: { pid } } },
      telemetry: {
        scrape: [{ job: 'app', targets: [`127.0.0.1:${port}`], interval: '250ms' }],
      },
      faults: [{ kind: 'PodChaos', spec: { action: 'pod-failure', duration: '200ms' } }],
      objectives: [{ name: 'level', promql: 'level < 2' }],
    },
  });
}
