// What a report must not show. Secrets are taken out of the texts before they are escaped for HTML, XML or Markdown,
// because an escaped secret (`a&amp;b`) no longer looks like itself.

import { redactDeep } from '../base/redact.ts';

/** Fields that hold our own closed vocabulary: a password `pass` must not hide the verdict `pass`. */
const vocabulary = new Set([
  'detection',
  'expect',
  'judgement',
  'kind',
  'operator',
  'outcome',
  'phase',
  'resilience',
  'status',
  'type',
  'verdict',
  'why',
]);

/** A copy of plain data with the secrets taken out of every string. */
export function redactReport<T>(value: T, secrets: readonly string[]): T {
  return redactDeep(value, secrets, vocabulary);
}
