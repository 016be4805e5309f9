// npm run bench:faults [-- --only part,part] [--output json]: how true the faults are, how soon they come and go, and
// what they cost. It measures dist/ where a command is measured, so build before. Exit code 1 when a goal is missed.

import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { containers } from './bench/faults/containers.ts';
import { fidelity } from './bench/faults/fidelity.ts';
import { injectUndo } from './bench/faults/inject-undo.ts';
import { kernelCost } from './bench/faults/kernel-cost.ts';
import { type BenchPart, Report } from './bench/faults/part.ts';
import { passThrough } from './bench/faults/pass-through.ts';
import { shares } from './bench/faults/shares.ts';
import { startUp } from './bench/faults/start-up.ts';
import { stress } from './bench/faults/stress.ts';

const parts: readonly BenchPart[] = [
  passThrough,
  kernelCost,
  injectUndo,
  containers,
  startUp,
  fidelity,
  shares,
  stress,
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, output: { type: 'string', default: 'text' } },
});
const wanted = [...(values.only?.split(',') ?? []), ...positionals];
const unknown = wanted.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0 || !['text', 'json'].includes(values.output)) {
  console.error(
    unknown.length > 0
      ? `no such part: ${unknown.join(', ')}; there are ${parts.map(({ name }) => name).join(', ')}`
      : '--output is text or json',
  );
  process.exit(2);
}

const asJson = values.output === 'json';
const report = new Report(asJson ? () => {} : console.log);
const machine = { processors: cpus().length, node: process.version, load: loadavg()[0]!.toFixed(2) };
if (!asJson) console.log(`${machine.processors} processors, Node.js ${machine.node}, load ${machine.load}`);
/** A part that would begin later is left out, so that a machine that is too busy does not keep the bench for ever. */
const beginMsMax = 330_000;
let isWhole = true;
for (const part of parts.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  report.begin(part);
  if (performance.now() <= beginMsMax) await part.run(report);
  else {
    isWhole = false;
    report.note('left out: the machine was too busy, and the time is over');
  }
}
report.summary();
const { rows, notes, goals } = report;
if (asJson) console.log(JSON.stringify({ machine, rows, notes, goals }, null, 1));
process.exitCode = isWhole && goals.every(({ met }) => met) ? 0 : 1;
