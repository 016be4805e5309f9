// The fingerprint of a label set that Prometheus's common library and Alertmanager use: FNV-1a over names and
// values in the order of the names, each ended by a byte that UTF-8 never has.

import type { Labels } from '../base/labels.ts';

const offsetBasis = 14695981039346656037n;
const prime = 1099511628211n;
const mask = (1n << 64n) - 1n;
const separator = 0xff;

export function fingerprint64(labels: Labels): bigint {
  let hash = offsetBasis;
  const add = (byte: number): void => {
    hash = ((hash ^ BigInt(byte)) * prime) & mask;
  };
  for (const pair of labels.pairs) {
    for (const text of pair) {
      for (const byte of Buffer.from(text, 'utf8')) add(byte);
      add(separator);
    }
  }
  return hash;
}

/** As Alertmanager writes it: sixteen hexadecimal digits. */
export function fingerprint(labels: Labels): string {
  return fingerprint64(labels).toString(16).padStart(16, '0');
}
