// What a fault needs that starts its target anew.

import type { FaultRequest } from '../fault.ts';
import { type Refusal, refusal } from './refusal.ts';
import type { ProcessChaosSpec } from './spec.ts';

type ProcessRequest = FaultRequest<ProcessChaosSpec>;

/** As long as a program may take to end when it is asked to, and a little. */
const endMsMax = 10_000;

export function restartRefusal({ spec, target, declared }: ProcessRequest): Refusal | undefined {
  const asks = spec.action === 'environmentChanged' || ('reload' in spec && spec.reload === 'restart');
  if (!asks || (declared.type === 'command' && target.type === 'process')) return undefined;
  return refusal(
    `target ${target.name} was not started by Firedrill, which cannot start it anew`,
    'declare it with process.command, or let whoever supervises it start it',
  );
}

/** Milliseconds for both starts, at the begin and at the end. */
export function restartMsMax({ declared }: ProcessRequest): number {
  const readyMs = declared.type === 'command' ? (declared.ready?.withinMs ?? 0) : 0;
  return 2 * (endMsMax + readyMs);
}
