import { expect, test } from 'vitest';
import { countWords } from '../../../src/experiment/judge/hit-words.ts';

test.each([
  [0, 'look-ups refused', '0 look-ups refused'],
  [2, 'processes stopped', '2 processes stopped'],
  [1, 'processes stopped', '1 process stopped'],
  [1, 'look-ups refused', '1 look-up refused'],
  [1, 'bytes that came late', '1 byte that came late'],
  [1, 'connections that were accepted', '1 connection that was accepted'],
  [1, 'system calls tampered with', '1 system call tampered with'],
  [1, 'processes whose clock is wrong', '1 process whose clock is wrong'],
])('%d %s is %s', (hits, what, text) => {
  expect(countWords(hits, what)).toBe(text);
});
