// npm run bench:faults: how true the faults are, and what they cost. Names of parts as arguments run only those. It
// measures dist/, so build before.

import { cpus } from 'node:os';
import { fidelity } from './bench/faults/fidelity.ts';
import type { BenchPart } from './bench/faults/part.ts';
import { passThrough } from './bench/faults/pass-through.ts';

const parts: readonly BenchPart[] = [fidelity, passThrough];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(', ')}; there are ${parts.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
console.log(`${cpus().length} processors, Node.js ${process.version}`);
let held = true;
for (const part of parts.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  console.log(`\n${part.name}: ${part.about}`);
  const ok = await part.run();
  console.log(ok ? 'held' : 'not held');
  held &&= ok;
}
process.exitCode = held ? 0 : 1;
