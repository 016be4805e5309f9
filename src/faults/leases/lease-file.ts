// A lease as the text of its file, and back. Checked by hand: the watchdog reads leases and must stay small, and a
// damaged file must be told from a good one before anything in it is carried out.

import type { ProcessId } from '../targets/target.ts';
import type { Lease, UndoStep } from './lease.ts';

export function printLease(lease: Lease): string {
  return `${JSON.stringify(lease, null, 2)}\n`;
}

/** Throws an Error that says what is wrong with the text. */
export function parseLease(text: string): Lease {
  const lease = record(JSON.parse(text), 'the lease');
  for (const key of ['id', 'run', 'fault', 'target', 'state']) string(lease, key);
  for (const key of ['createdAt', 'expiresAt', 'expiresAtBootMs']) number(lease, key);
  const owner = record(lease.owner, 'owner');
  processId(owner, 'owner');
  string(owner, 'bootId');
  if (owner.pidNamespace !== undefined) number(owner, 'pidNamespace');
  if (!['active', 'undone', 'stuck'].includes(lease.state as string))
    throw new Error(`unknown state ${JSON.stringify(lease.state)}`);
  for (const step of array(lease.undo, 'undo')) checkStep(record(step, 'a step'));
  for (const id of array(lease.processes ?? [], 'processes')) processId(record(id, 'a process'), 'a process');
  return lease as unknown as Lease;
}

type Fields = Record<string, unknown>;

// A step of an unknown type is no damage: a newer version wrote it, and undoing says so.
function checkStep(step: Fields): void {
  switch (string(step, 'type') as UndoStep['type']) {
    case 'continue':
    case 'end-tree':
      processId(record(step.process, 'process'), 'process');
      break;
    case 'end-marked':
      if (string(step, 'mark') === '') throw new Error('an empty mark');
      break;
    case 'unmount':
      processId(record(step.process, 'process'), 'process');
      string(step, 'path');
      number(step, 'before');
      break;
    case 'open-files':
      processId(record(step.process, 'process'), 'process');
      number(step, 'limited');
      number(step, 'former');
      break;
    case 'restore-file':
      string(record(step.file, 'file'), 'path');
      string(record(step.file, 'file'), 'bytes');
      string(record(step.file, 'file'), 'sha256');
      string(step, 'put');
      break;
    case 'remove':
      string(step, 'path');
      break;
    case 'leave-cgroup':
      string(step, 'path');
      string(step, 'origin');
      break;
    case 'delete-qdisc':
      string(step, 'device');
      string(step, 'handle');
      if (step.inNetworkOf !== undefined) processId(record(step.inNetworkOf, 'inNetworkOf'), 'inNetworkOf');
      break;
    case 'end-silence':
      string(step, 'url');
      record(step.http, 'http');
      if (string(step, 'run') === '') throw new Error('an empty run');
      break;
    case 'ends-with-owner':
      string(step, 'what');
      break;
  }
}

function processId(fields: Fields, what: string): asserts fields is Fields & ProcessId {
  // 0 and negative numbers mean groups of processes to kill(2).
  if (number(fields, 'pid') < 1) throw new Error(`${what} has the pid ${fields.pid}`);
  number(fields, 'startTime');
}

function record(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what} is not an object`);
  return value as Fields;
}

function array(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw new Error(`${what} is not a list`);
  return value;
}

function string(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value !== 'string') throw new Error(`${key} is not a string`);
  return value;
}

function number(fields: Fields, key: string): number {
  const value = fields[key];
  if (!Number.isInteger(value)) throw new Error(`${key} is not a whole number`);
  return value as number;
}
