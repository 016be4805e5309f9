// The wrappers for CI systems, by running their commands as those systems would.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { firedrillBin, type Workplace, workplace } from '../support/firedrill.ts';

let place: Workplace;

beforeEach(() => {
  place = workplace();
  const bin = join(place.folder, 'bin');
  mkdirSync(bin);
  const program = join(bin, 'firedrill');
  writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} ${firedrillBin} "$@"\n`);
  chmodSync(program, 0o755);
  write('metrics.om', '# TYPE up gauge\nup 1 1763600000\nup 1 1763600015\n# EOF\n');
  write(
    'slo.yaml',
    'objectives: [{ sli: up, pass: [{ criteria: [">=1"] }] }]\ntotal_score: { pass: "90%" }\n',
  );
  write('sli.yaml', 'indicators: { up: min(up) }\n');
});

afterEach(() => place.remove());

const write = (name: string, text: string) => writeFileSync(join(place.folder, name), text);
const read = (name: string) => readFileSync(join(place.folder, name), 'utf8');

function bash(script: string, env: Record<string, string> = {}) {
  return spawnSync('bash', ['-e', '-o', 'pipefail', '-c', script], {
    cwd: place.folder,
    encoding: 'utf8',
    timeout: 120_000,
    env: { ...process.env, ...place.env, ...env, PATH: `${join(place.folder, 'bin')}:${process.env.PATH}` },
  });
}

/** The component's job with its inputs filled in, as GitLab does before it reads the YAML. */
function gitlabJob(name: string, inputs: Record<string, string>) {
  const text = readFileSync(`ci/gitlab/templates/${name}.yml`, 'utf8');
  const [header] = parseAllDocuments(text);
  const { spec } = header!.toJS() as { spec: { inputs: Record<string, { default?: string } | null> } };
  const body = text
    .slice(text.indexOf('\n---\n') + 5)
    .replace(/\$\[\[ inputs\.(\w+) \]\]/g, (_, input: string) => {
      const value = inputs[input] ?? spec.inputs[input]?.default;
      if (value === undefined) throw new Error(`the input ${input} is not given`);
      return value;
    });
  const [job] = Object.values(parse(body)) as {
    script: string[];
    after_script?: string[];
    artifacts: { paths: string[]; reports: Record<string, string> };
  }[];
  return job!;
}

describe('the component for GitLab', () => {
  test('gates, and leaves the reports that it names', () => {
    const job = gitlabJob('gate', { source: 'metrics.om', arguments: '--slo slo.yaml --sli sli.yaml' });
    const { status, stdout } = bash(job.script.join('\n'));
    expect(stdout).toContain('PASS');
    expect(status).toBe(0);
    for (const file of [...job.artifacts.paths, ...Object.values(job.artifacts.reports)])
      expect(existsSync(join(place.folder, file)), file).toBe(true);
    expect(read('gate-metrics.txt')).toContain('firedrill_gate_score_percent{gate="slo"} 100');
  });

  test('drills, and takes back what is left', () => {
    write(
      'drill.yaml',
      `apiVersion: firedrill.dev/v1
kind: Experiment
metadata: { name: stop }
spec:
  targets: { app: { process: { command: [sleep, '30'] } } }
  faults: [{ kind: PodChaos, on: app, spec: { action: pod-failure, duration: 1s } }]
`,
    );
    const job = gitlabJob('drill', { experiment: 'drill.yaml' });
    const { status, stderr } = bash(job.script.join('\n'));
    expect(status, stderr).toBe(0);
    for (const file of ['firedrill.html', 'firedrill.md', job.artifacts.reports.junit!])
      expect(existsSync(join(place.folder, file)), file).toBe(true);
    expect(bash(job.after_script!.join('\n')).status).toBe(0);
  });
});

describe('the action for GitHub', () => {
  interface Step {
    readonly name: string;
    readonly run: string;
    readonly env?: Record<string, string>;
  }

  function act(inputs: Record<string, string>) {
    const action = parse(readFileSync('ci/github/action.yml', 'utf8')) as {
      inputs: Record<string, { default?: string }>;
      runs: { steps: Step[] };
    };
    const inputOf = (name: string) => inputs[name] ?? action.inputs[name]?.default ?? '';
    const summary = join(place.folder, 'summary.md');
    return action.runs.steps.map(({ run, env = {} }) => {
      const filled = Object.entries(env).map(([name, value]) => [
        name,
        value.replace(/\$\{\{ inputs\.(\w+) \}\}/g, (_, input: string) => inputOf(input)),
      ]);
      return bash(run, { ...Object.fromEntries(filled), GITHUB_STEP_SUMMARY: summary });
    });
  }

  test('gates, annotates, and writes the summary', () => {
    const [install, gate, undo] = act({
      command: 'gate',
      arguments: "--source metrics.om --indicator 'u=min(up)' --threshold 'u: min > 1'",
    });
    expect(install!.status).toBe(0);
    expect(gate!.stdout).toContain('::error title=gate%3A u::1, wanted min > 1');
    expect(gate!.status).toBe(1);
    expect(read('summary.md')).toContain('### ❌ gate: fail');
    expect(undo!.status).toBe(0);
  });

  test('checks, and runs nothing that stands in its arguments', () => {
    write('rules.yaml', 'groups: [{ name: a, rules: [{ record: b, expr: up }] }]\n');
    const [, check] = act({ command: 'check', arguments: 'rules.yaml' });
    expect(check!.status).toBe(0);
    expect(JSON.parse(read('firedrill.sarif')).runs).toHaveLength(1);
    const [, injected] = act({ command: 'check', arguments: 'rules.yaml; touch $(echo broken)' });
    expect(injected!.status).not.toBe(0);
    expect(existsSync(join(place.folder, 'broken'))).toBe(false);
    expect(act({ command: 'destroy', arguments: '' })[1]!.status).toBe(2);
  });
});
