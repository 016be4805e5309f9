// One worker of the torture, in namespaces of its own (network, mounts, processes), where nothing else happens: takes
// orders as JSON lines, makes each trial, and prints what is left as a JSON line.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import type { Order } from './plan.ts';
import { makeTrial } from './trial.ts';

const [bin, outerNamespace, ownTmp, ...keptInTmp] = process.argv.slice(2);
// A trial ends every process that it sees. It must see none but its own.
if (process.pid !== 1 || readlinkSync('/proc/self/ns/pid') === outerNamespace)
  throw new Error('the worker of the torture needs a process namespace of its own');

spawnSync('ip', ['link', 'set', 'lo', 'up']);
// A way out that leads nowhere: what has no route is refused before any rule sees it.
for (const command of [
  'link add out type veth peer name nowhere',
  'link set out addrgenmode none',
  'link set nowhere addrgenmode none',
  'address add 192.0.2.2/24 dev out',
  'link set out up',
  'link set nowhere up',
  'route add default via 192.0.2.1',
])
  spawnSync('ip', command.split(' '));
// What everybody writes into is the machine's: named network namespaces stand in /run.
for (const folder of ['/run', '/dev/shm'])
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'mode=1777', 'torture', folder]);
for (const path of keptInTmp) {
  const place = join(ownTmp!, relative(tmpdir(), path));
  mkdirSync(place, { recursive: true });
  spawnSync('mount', ['--bind', path, place]);
}
spawnSync('mount', ['--rbind', ownTmp!, tmpdir()]);

for await (const line of createInterface({ input: process.stdin })) {
  const result = await makeTrial(JSON.parse(line) as Order, bin!);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
// Some of what was waited for would still be waiting.
process.exit(0);
