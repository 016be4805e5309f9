// How a fault gets into the service: by `firedrill run`, or by a script that takes it back only when it lives that long.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { TortureContainer } from './container.ts';
import { type Order, recipeOf, type Subject } from './plan.ts';
import type { Recipe } from './recipes.ts';

export interface Stage {
  readonly folder: string;
  /** Where the service listens. */
  readonly port: number;
  /** Where a proxy before it listens, for recipes that have one. */
  readonly proxyPort: number;
  readonly service: { readonly command: readonly string[]; readonly env: Readonly<Record<string, string>> };
  /** Pid of the service; undefined when Firedrill or a container engine starts it. */
  readonly pid: number | undefined;
  /** For recipes that break a container. */
  readonly container: TortureContainer | undefined;
}

const faultMs = 1500;
/** Of the fault that ends first, of two. */
const shorterMs = 700;

/** The command that puts the fault in place and takes it back; it is run in the folder of the stage. */
export function commandOf(order: Order, recipe: Recipe, stage: Stage, bin: string): string[] {
  if (order.subject !== 'firedrill') return bare(order.subject, stage);
  const file = join(stage.folder, 'torture.yaml');
  writeFileSync(file, stringify(experiment(order, recipe, stage)));
  const allow = recipe.target === 'host' ? ['--allow', 'host'] : [];
  return [process.execPath, bin, 'run', file, ...allow];
}

function experiment({ beside }: Order, recipe: Recipe, stage: Stage): object {
  const second = beside && recipeOf(beside.recipe);
  return {
    apiVersion: 'firedrill.dev/v1',
    kind: 'Experiment',
    metadata: { name: 'torture' },
    spec: {
      title: 'Nothing is left',
      targets: { service: target(recipe, stage) },
      phases: { baseline: '300ms', recovery: '500ms' },
      faults: [
        fault(recipe, stage, beside && !beside.endsFirst ? shorterMs : faultMs),
        ...(second ? [fault(second, stage, beside.endsFirst ? shorterMs : faultMs)] : []),
      ],
    },
  };
}

function fault({ kind, spec, oneShot }: Recipe, stage: Stage, durationMs: number): object {
  const text = JSON.stringify(spec)
    .replaceAll('{{folder}}', stage.folder)
    .replaceAll('"{{port}}"', String(stage.port))
    .replaceAll('"{{dependency}}"', String(stage.port + 2));
  return { kind, spec: { ...JSON.parse(text), ...(oneShot ? {} : { duration: `${durationMs}ms` }) } };
}

function target(recipe: Recipe, { port, proxyPort, pid, service, container }: Stage): object {
  switch (recipe.target) {
    case 'port':
      return { process: { port } };
    case 'pid':
      return { process: { pid } };
    case 'host':
      return { host: {} };
    case 'container':
      return { container: { name: container!.name, socket: container!.socket } };
    case 'proxy':
      return { proxy: { listen: `127.0.0.1:${proxyPort}`, upstream: `127.0.0.1:${port}` } };
    case 'command':
      return {
        process: {
          command: service.command,
          env: service.env,
          ready: { http: `http://127.0.0.1:${port}/`, within: '10s' },
          connects: [],
          hosts: { '*.example.test': '127.0.0.1' },
          ...(recipe.restarts && { restart: { delay: '50ms' } }),
        },
      };
  }
}

const bareFaults: Readonly<
  Record<Exclude<Subject, 'firedrill'>, (stage: Stage) => readonly [string, string]>
> = {
  'bare-stop': ({ pid }) => [`kill -STOP ${pid}`, `kill -CONT ${pid}`],
  'bare-nft': ({ port }) => [
    `nft 'table inet bare { chain in { type filter hook input priority 0; tcp dport ${port} drop; }; }'`,
    'nft delete table inet bare',
  ],
  'bare-tc': () => [
    'tc qdisc add dev lo root tbf rate 1mbit burst 256kb latency 400ms',
    'tc qdisc del dev lo root',
  ],
};

/** Tells of its fault as Firedrill does, in a timeline, so that it can be met at the same instants. */
function bare(subject: Exclude<Subject, 'firedrill'>, stage: Stage): string[] {
  const [inject, undo] = bareFaults[subject](stage);
  const timeline = '.firedrill/runs/bare/timeline.jsonl';
  const tell = (type: string) => `echo '{"type":"${type}"}' >>${timeline}`;
  const script = [
    `mkdir -p .firedrill/runs/bare`,
    tell('run.started'),
    'sleep 0.3',
    tell('fault.injecting'),
    inject,
    tell('fault.injected'),
    `sleep ${faultMs / 1000}`,
    tell('fault.undoing'),
    undo,
    tell('fault.undone'),
    'sleep 0.5',
  ].join('\n');
  return ['sh', '-c', script];
}
