// Whether memory really falls when samples are sealed and dropped: of the process, with garbage away.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { Labels } from '../../src/base/labels.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function memoryBytes(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const rows = 2000;

function fill(store: SeriesStore, source: string, fromMs: number): void {
  const labels = Array.from({ length: 500 }, (_, i) =>
    Labels.from({ __name__: 'requests_total', source, path: `/${i}` }),
  );
  for (let row = 0; row < rows; row++)
    store.appendBatch({
      ...{ source, atMs: fromMs + row * 1000 },
      samples: labels.map((each, i) => ({ labels: each, value: 1000 * i + 3 * row })),
    });
}

it('falls when samples are sealed, and again when they and their series are dropped', () => {
  // What the compiler keeps is not what is measured.
  const warmUp = new SeriesStore(undefined, { rawMs: 60_000, cacheBytesMax: 0 });
  fill(warmUp, 'first', 0);
  warmUp.retain({});
  warmUp.retain({ keepFromMs: 1e9 });
  const empty = memoryBytes();
  const store = new SeriesStore(undefined, { rawMs: 60_000, cacheBytesMax: 0 });
  fill(store, 'first', 0);
  const raw = memoryBytes() - empty;
  expect(raw).toBeGreaterThan(500 * rows * 9);
  store.retain({});
  const sealed = memoryBytes() - empty;
  expect(sealed).toBeLessThan(raw / 3);

  fill(store, 'second', rows * 1000);
  store.retain({ keepFromMs: rows * 1000 });
  expect(store.seriesCount).toBe(500);
  const replaced = memoryBytes() - empty;
  expect(replaced).toBeLessThan(sealed * 1.2);

  store.retain({ bytesMax: 100_000 });
  expect(memoryBytes() - empty).toBeLessThan(replaced - 500_000);
  store.retain({ keepFromMs: 1e9 });
  expect(store.seriesCount).toBe(0);
  expect(memoryBytes() - empty).toBeLessThan(raw / 20);
});
