// A number in [0, 1) for a label set, the same every time and spread evenly: what limit_ratio samples by.

import type { Labels } from '../../base/labels.ts';

/** FNV-1a over the canonical key, with a final mix so that sets that differ in one character spread as well. */
export function labelFraction(labels: Labels): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < labels.key.length; i++) {
    hash = Math.imul(hash ^ labels.key.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
