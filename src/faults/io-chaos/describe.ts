// What an IOChaos does, in words for the plan.

import { getSystemErrorName } from 'node:util';
import { formatDuration } from '../../base/duration.ts';
import type { IoChaosSpec } from './spec.ts';

/** `share`: how much of the calls is hit, in the driver's words; told unless it is all of them. */
export function describeIo(spec: IoChaosSpec, target: string, share: string): string {
  const where = spec.path ?? spec.volumePath;
  if (spec.action === 'diskFull') return `the disk of ${where} is full for ${target}`;
  if (spec.action === 'readOnly') return `${where} is read-only for ${target}`;
  const every = spec.action === 'mistake' ? 'every read' : 'every call';
  const calls = spec.methods.length === 0 ? every : spec.methods.join(', ');
  return `${calls} of ${target} on ${where} ${effectOf(spec)}${spec.percent === 100 ? '' : ` (${share})`}`;
}

function effectOf(spec: IoChaosSpec): string {
  if (spec.action === 'latency') return `takes ${formatDuration(spec.delayMs)} longer`;
  if (spec.action === 'fault') return `fails with ${nameOf(spec.errno)}`;
  if (spec.action === 'attrOverride') return `is told other attributes: ${Object.keys(spec.attr).join(', ')}`;
  if (spec.action !== 'mistake') return '';
  const { maxLength, maxOccurrences } = spec.mistake;
  return maxLength === 1 && maxOccurrences === 1
    ? 'gives a wrong byte'
    : `gives up to ${maxOccurrences} times up to ${maxLength} wrong bytes`;
}

function nameOf(errno: number): string {
  const name = getSystemErrorName(-errno);
  return name.startsWith('E') ? name : `error ${errno}`;
}
