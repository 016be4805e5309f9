import { expect, it } from 'vitest';
import { linesOf } from './support.ts';

const codesOf = async (text: string): Promise<string[]> =>
  (await linesOf(text)).map((line) =>
    line
      .split(' ')
      .filter((_, i) => i !== 1)
      .slice(0, 2)
      .join(' '),
  );

it('a comment in a rule, or right above it, silences a lint for that rule alone', async () => {
  const text = `groups:
  - name: g
    rules:
      # firedrill: ignore FD310 the exporter is known for it
      - alert: A
        expr: up > 1
      - alert: B
        expr: up > 1 # firedrill: ignore FD310
      - alert: C
        expr: |
          # firedrill: ignore FD310, FD313
          up > 1 and rate(a_total[15s]) > 0
      - alert: D
        # firedrill: ignore FD313
        expr: up > 1 and rate(a_total[15s]) > 0
`;
  expect(await codesOf(text)).toEqual(['FD310 15:15']);
});

it('a comment for the file silences a lint everywhere in it', async () => {
  const text = `# firedrill: ignore-file FD310
groups:
  - name: g
    rules:
      - alert: A
        expr: up > 1
      - alert: B
        expr: up > 1 and rate(a_total[15s]) > 0
`;
  expect(await codesOf(text)).toEqual(['FD313 8:31']);
});

it('a rule that is there twice can be silenced too', async () => {
  const rule = '      - record: a:b\n        expr: vector(1)\n';
  const text = (comment: string) => `groups:\n  - name: g\n    rules:\n${rule}${comment}${rule}`;
  expect(await codesOf(text(''))).toEqual(['FD305 6:17']);
  expect(await codesOf(text('      # firedrill: ignore FD305\n'))).toEqual([]);
});

it.each([
  ['# firedrill: ignore', 'names no code'],
  ['# firedrill: ignore because', 'names no code'],
  ['# firedrill: ignore FD999', 'FD999 is no lint of rules'],
  ['# firedrill: ignore FD201', 'FD201 is no lint of rules'],
])('%s silences nothing, and is told', async (comment, message) => {
  const text = `groups:\n  - name: g\n    rules:\n      ${comment}\n      - alert: A\n        expr: foo\n`;
  expect(await linesOf(text)).toEqual([`FD322 warning 4:7 the comment ${message}`]);
});

it('a comment between groups belongs to no rule', async () => {
  const group = (name: string) =>
    `  - name: ${name}\n    rules:\n      - alert: ${name}\n        expr: up > 1\n`;
  const text = `groups:\n${group('a')}  # firedrill: ignore FD310\n${group('b')}`;
  expect(await codesOf(text)).toEqual(['FD310 5:15', 'FD322 6:3', 'FD310 10:15']);
});
