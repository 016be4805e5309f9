// Takes a queueing discipline of ours from a network device; the kernel's default comes back by itself.

import { deleteRoot, isOwnHandle, rootHandle } from '../../kernel/qdisc.ts';
import { isAlive } from '../../targets/process/proc.ts';
import type { ProcessId } from '../../targets/target.ts';
import { done, left, type StepOutcome } from './outcome.ts';

export interface DeleteQdisc {
  readonly type: 'delete-qdisc';
  readonly device: string;
  /** Such as `fd3a:`. */
  readonly handle: string;
  /** A process in the network namespace of the device; absent for that of Firedrill. */
  readonly inNetworkOf?: ProcessId;
}

export async function deleteQdisc({ device, handle, inNetworkOf }: DeleteQdisc): Promise<StepOutcome> {
  const command = `tc qdisc del dev ${device} root handle ${handle}`;
  if (!isOwnHandle(handle)) return left(`qdisc ${handle} of ${device} is not ours: not touched`);
  if (inNetworkOf && !isAlive(inNetworkOf))
    return done(`process ${inNetworkOf.pid}, whose network ${device} was in, is gone`);
  const pid = inNetworkOf?.pid;
  try {
    if ((await rootHandle(pid, device)) === handle) await deleteRoot(pid, device, handle);
    if ((await rootHandle(pid, device)) !== handle) return done(`qdisc ${handle} of ${device} is gone`);
  } catch (error) {
    const message = (error as Error).message;
    if (/Cannot find device|does not exist/.test(message)) return done(`device ${device} is gone`);
    const place = pid === undefined ? '' : `nsenter --target ${pid} --net `;
    return left(`qdisc ${handle} of ${device} (${message}): ${place}${command}`);
  }
  return left(`qdisc ${handle} of ${device} is still there: ${command}`);
}
