// Runs in a virtual machine whose kernel has netem: injects by the real driver into a real process, and prints what a
// client of it sees before, during and after, as JSON.

import { execFileSync } from 'node:child_process';
import { chooseDriver } from '../../../src/faults/choose.ts';
import { networkChaos } from '../../../src/faults/network-chaos/network-chaos.ts';
import { requestFor, spawnPeer, targetOf } from './requests.ts';

const client = await spawnPeer();
const peer = await spawnPeer();
const bystander = await spawnPeer();
const qdiscs = () => execFileSync('tc', ['qdisc', 'show', 'dev', 'lo'], { encoding: 'utf8' }).trim();
const tables = () => execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' }).trim();

for (const fields of [
  { action: 'delay', delay: { latency: '300ms', jitter: '100ms', correlation: '25' }, device: 'lo' },
  { action: 'netem', loss: { loss: '100' }, delay: { latency: '50ms' }, device: 'lo' },
]) {
  const { request, extend, steps } = requestFor(targetOf(peer), fields);
  const { driver } = await chooseDriver(networkChaos, request);
  const before = await client.ask('trips', peer, 5);
  const active = await driver.inject(request, undefined, extend);
  const missing = await active.missing();
  const shaped = qdiscs();
  const during = await client.ask('trips', peer, fields.action === 'delay' ? 8 : 1);
  const beside = await client.ask('trips', bystander, 5);
  await active.missing();
  const hits = active.hits();
  await active.undo();
  const undone = await active.verifyUndone();
  const after = await client.ask('trips', peer, 5);
  const report = {
    fields,
    driver: driver.name,
    missing,
    shaped,
    before,
    during,
    beside,
    after,
    hits,
    undone,
  };
  console.log(`report ${JSON.stringify({ ...report, steps, qdiscs: qdiscs(), tables: tables() })}`);
}
console.log('finished');
process.exit(0);
