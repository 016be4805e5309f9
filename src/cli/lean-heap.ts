// Memory of the machine that reading a large file takes for a while. Most of what is allocated then is garbage soon; V8
// would let the heap grow to several times what is kept, and hold on to that.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Runs `work` with a heap that stays small, and gives back what only `work` needed. */
export async function withLeanHeap<T>(work: () => Promise<T>): Promise<T> {
  setFlagsFromString('--optimize-for-size');
  try {
    return await work();
  } finally {
    collectGarbage();
    setFlagsFromString('--no-optimize-for-size');
  }
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  // The first collection finds that array buffers are not needed any more, the second that their memory is free.
  collect();
  collect();
}
