// One worker of the own driver, a program of its own with its order as one JSON argument: uses a share of one
// processor, or holds memory, until its time is over or its parent is gone.

export type WorkerOrder = {
  /** The process that must stay alive for this one to go on. */
  readonly parent: number;
  readonly durationMs: number;
} & (
  | { readonly type: 'cpu' /** Share of one processor, 0 to 1. */; readonly load: number }
  | { readonly type: 'memory'; readonly bytes: number }
);

const sliceMs = 100;
const parentCheckMs = 200;
const blockBytes = 16 * 1024 * 1024;
const pageBytes = 4096;
const touchEveryMs = 1000;

work(JSON.parse(process.argv[2] ?? '') as WorkerOrder);

function work(order: WorkerOrder): void {
  const endIfOrphan = () => {
    // An orphan belongs to process 1, or to whoever collects orphans.
    if (process.ppid !== order.parent) process.exit(0);
  };
  endIfOrphan();
  setInterval(endIfOrphan, parentCheckMs);
  setTimeout(() => process.exit(0), order.durationMs);
  if (order.type === 'cpu') burn(order.load);
  else hold(order.bytes);
}

// Slices begin on a fixed grid, so that a late timer makes one slice shorter and not all later ones late.
function burn(load: number): void {
  const startedAt = performance.now();
  const slice = () => {
    const sliceStart = startedAt + Math.floor((performance.now() - startedAt) / sliceMs) * sliceMs;
    while (performance.now() < sliceStart + sliceMs * load);
    const restMs = sliceStart + sliceMs - performance.now();
    if (restMs > 0) setTimeout(slice, restMs);
    else setImmediate(slice);
  };
  slice();
}

function hold(bytes: number): void {
  const blocks: Buffer[] = [];
  const grow = () => {
    const held = blocks.length * blockBytes;
    // Filled, because memory that was never written does not exist.
    if (held < bytes) blocks.push(Buffer.alloc(Math.min(blockBytes, bytes - held), 1));
    if (held < bytes) setImmediate(grow);
  };
  grow();
  // Used again and again, so that it is not swapped out.
  setInterval(() => {
    for (const block of blocks) for (let at = 0; at < block.length; at += pageBytes) block[at] = 2;
  }, touchEveryMs);
}
