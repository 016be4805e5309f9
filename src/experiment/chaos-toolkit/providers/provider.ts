// What the three providers share: what they are given, and how an activity fails.

import type { Clock } from '../../../base/clock.ts';
import type { ProcessId } from '../../../faults/targets/target.ts';
import type { Environment } from '../../file/substitution.ts';
import type { Configuration, Secrets } from '../model.ts';
import type { Variables } from '../substitution.ts';

export interface ProviderContext {
  readonly clock: Clock;
  readonly env: Environment;
  /** Folder in which programs run: the user's own, as with the chaos command. */
  readonly folder: string;
  readonly configuration: Configuration;
  readonly secrets: Secrets;
  readonly variables: Variables;
  /** Program and first arguments that call a Python function for us. */
  readonly pythonCommand: readonly string[];
  /** Ends what is going on. */
  readonly stop: AbortSignal;
  /** Told of each process that is started; what it returns is called when the process has ended. */
  onProcess(id: ProcessId): Promise<() => Promise<void>>;
}

/** The activity itself failed: its answer is not there. Everything else that a provider throws is a bug. */
export class ActivityFailed extends Error {}

/** Longest output of a program, answer of a server or result of a function that is kept, in bytes each. */
export const outputBytesMax = 1024 * 1024;

/** Chaos Toolkit substitutes arguments only when there is anything to put in. */
export function hasVariables({ configuration, secrets }: ProviderContext): boolean {
  return Object.keys(configuration).length > 0 || Object.keys(secrets).length > 0;
}
