// npm run torture -- --trials N [--kind KIND] [--assault NAME] [--seed S] [--jobs J] [--keep-going] [--subject NAME] [--pairs] [--bin FILE]
//
// Injects each kind of fault into a service of its own, kills, freezes and starves whoever holds the fault at a random
// instant, and then compares the machine with what it was. Exit code 1 when anything is left; the trial's seed makes
// the same trial again with --trials 1 --seed. Needs unshare and the right to make namespaces, in which all of it happens.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { allPairs, assaults, instants, type Order, orderOf, type Subject, subjects } from './torture/plan.ts';
import { recipes } from './torture/recipes.ts';
import type { TrialResult } from './torture/trial.ts';

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '12' },
    kind: { type: 'string' },
    assault: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    jobs: { type: 'string', default: '2' },
    'keep-going': { type: 'boolean', default: false },
    subject: { type: 'string', default: 'firedrill' },
    pairs: { type: 'boolean', default: false },
    bin: { type: 'string', default: resolve('dist/firedrill.js') },
  },
});
const subject = subjects.find((each) => each === values.subject);
if (!subject) fail(`--subject is one of ${subjects.join(', ')}`);
const names = recipesFor(subject);
const folder = mkdtempSync(join(tmpdir(), 'firedrill-torture-'));
const results: TrialResult[] = [];
try {
  const worker = join(folder, 'worker.mjs');
  await build({
    entryPoints: [resolve('scripts/torture/worker.ts')],
    outfile: worker,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // Some of what is bundled wants `require`.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  const orders = values.pairs
    ? allPairs(names)
    : ordersFrom(Number(values.seed), Number(values.trials), subject);
  await Promise.all(Array.from({ length: Number(values.jobs) }, () => work(worker, orders)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
print(results);
process.exitCode =
  results.some(({ left }) => left.length > 0) || results.every(({ skipped }) => skipped) ? 1 : 0;

function recipesFor(subject: Subject): string[] {
  // What has no undo of its own is put into a service that runs without Firedrill.
  if (subject !== 'firedrill') return ['PodChaos pod-failure'];
  const chosen = recipes.filter(({ name }) => values.kind === undefined || name.startsWith(values.kind));
  const usable = chosen.filter(({ name, needs = [] }) => {
    const missing = needs.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
    if (missing.length > 0) console.log(`left out: ${name}, which needs ${missing.join(', ')}`);
    return missing.length === 0;
  });
  if (usable.length === 0)
    fail(`--kind is the begin of one of ${recipes.map(({ name }) => name).join(', ')}`);
  return usable.map(({ name }) => name);
}

/** Seed after seed; with --assault only those that it chooses. */
function ordersFrom(seed: number, trials: number, subject: Subject): Order[] {
  if (values.assault !== undefined && !assaults.some((each) => each === values.assault))
    fail(`--assault is one of ${assaults.join(', ')}`);
  const orders: Order[] = [];
  for (let next = seed; orders.length < trials; next++) {
    const order = orderOf(next, subject, names);
    if (values.assault === undefined || order.assault === values.assault) orders.push(order);
  }
  return orders;
}

/** Makes trials until there are none left; after one that leaves something it goes on in new namespaces. */
async function work(worker: string, orders: Order[]): Promise<void> {
  while (orders.length > 0) {
    const child = startWorker(worker);
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    for (let order = orders.shift(); order; order = orders.shift()) {
      child.stdin!.write(`${JSON.stringify(order)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`the worker ended in trial ${JSON.stringify(order)}`);
      const result = JSON.parse(value) as TrialResult;
      results.push(result);
      tell(result);
      if (result.left.length === 0) continue;
      if (!values['keep-going']) orders.length = 0;
      break;
    }
    child.stdin!.end();
    await new Promise((done) => child.once('exit', done));
  }
}

function startWorker(worker: string): ChildProcess {
  const user = process.getuid!() === 0 ? [] : ['--user', '--map-root-user'];
  const namespaces = [...user, '--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];
  const command = [
    process.execPath,
    worker,
    values.bin,
    readlinkSync('/proc/self/ns/pid'),
    ownTmp(),
    ...keptInTmp(),
  ];
  return spawn('unshare', [...namespaces, ...command], { stdio: ['pipe', 'pipe', 'inherit'] });
}

/** A folder for temporary files in the place of everybody's. */
function ownTmp(): string {
  const own = mkdtempSync(join(folder, 'tmp-'));
  chmodSync(own, 0o1777);
  return own;
}

/** What is tortured stays in sight when it lies among temporary files itself. */
function keptInTmp(): string[] {
  const paths = [process.cwd(), dirname(dirname(resolve(values.bin)))];
  return [...new Set(paths)].filter((path) => !relative(tmpdir(), path).startsWith('..'));
}

function tell({
  seed,
  recipe,
  beside,
  assault,
  instant,
  delayMs,
  left,
  cleanAfterMs,
  leftForUndo,
  skipped,
  errors,
  exitCode,
}: TrialResult) {
  const second = beside ? ` + ${beside.recipe}, which ends ${beside.endsFirst ? 'first' : 'last'}` : '';
  const what = `${String(results.length).padStart(4)}  seed ${seed}  ${recipe}${second}: ${assault}, ${delayMs} ms after ${instants[instant].event ?? 'the start'}`;
  const undone = leftForUndo > 0 ? `, ${leftForUndo} traces for undo` : '';
  const outcome =
    left.length > 0
      ? 'LEFT'
      : skipped
        ? `not made: ${skipped}`
        : `clean after ${Math.round(cleanAfterMs!)} ms${undone}`;
  console.log(`${what}: ${outcome} (exit ${exitCode})`);
  for (const each of left) console.log(`        ${each}`);
  if (left.length > 0 || skipped) console.log(errors.replace(/^/gm, '        | '));
}

function print(all: readonly TrialResult[]): void {
  const made = all.filter(({ skipped }) => !skipped);
  const columns = Object.keys(instants) as (keyof typeof instants)[];
  const row = (name: string, chosen: readonly TrialResult[]) => {
    const cells = columns.map((instant) => {
      const here = chosen.filter((each) => each.instant === instant);
      const left = here.filter((each) => each.left.length > 0).length;
      return (here.length === 0 ? '-' : `${left}/${here.length}`).padStart(10);
    });
    console.log(name.padEnd(44) + cells.join(''));
  };
  console.log(`\n${'left over / trials'.padEnd(44)}${columns.map((each) => each.padStart(10)).join('')}`);
  for (const name of names)
    row(
      name,
      made.filter(({ recipe }) => recipe === name),
    );
  console.log();
  for (const name of assaults)
    row(
      name,
      made.filter(({ assault }) => assault === name),
    );
  const left = made.filter((each) => each.left.length > 0);
  const times = made.flatMap(({ cleanAfterMs }) => cleanAfterMs ?? []).sort((a, b) => a - b);
  const slowest = Math.round(times.at(-1) ?? 0);
  console.log(
    `\n${made.length} trials (${all.length - made.length} not made), ${left.length} with something left; the slowest was clean after ${slowest} ms`,
  );
  for (const { seed } of left)
    console.log(
      `again: npm run torture -- --trials 1 --seed ${seed} --subject ${subject}${values.kind ? ` --kind '${values.kind}'` : ''}`,
    );
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
