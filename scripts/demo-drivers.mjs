// Whether a demo's JSON shows that its acts came out as told, through the driver that was meant.

import { readFileSync } from 'node:fs';

const [file, driver] = process.argv.slice(2);
const { acts } = JSON.parse(readFileSync(file, 'utf8'));
const expected = { leaky: ['fail', 'pass'], fixed: ['pass', 'pass'], mute: ['fail', 'fail'] };
const problems = acts.length === 3 ? [] : [`${acts.length} acts instead of 3`];
for (const act of acts) {
  const [resilience, detection] =
    Object.entries(expected).find(([name]) => act.name.includes(name))?.[1] ?? [];
  if (act.resilience !== resilience || act.detection !== detection) {
    problems.push(`${act.name}: resilience ${act.resilience}, detection ${act.detection}: ${act.sentence}`);
  }
  for (const fault of act.faults)
    if (fault.driver !== driver) problems.push(`${act.name}: driver ${fault.driver}`);
}
for (const problem of problems) console.error(problem);
if (problems.length === 0) console.log(`three acts as told, by ${driver}`);
process.exitCode = problems.length > 0 ? 1 : 0;
