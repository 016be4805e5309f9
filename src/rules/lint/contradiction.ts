// Matchers of one label that no value can pass together. Where it cannot be decided, they are taken to be good.

import type { Matcher } from '../../base/matcher.ts';

/** Two or more matchers of one selector that exclude each other, or one that nothing passes. */
export function contradiction(matchers: readonly Matcher[]): readonly Matcher[] | undefined {
  const byName = new Map<string, Matcher[]>();
  for (const matcher of matchers) byName.set(matcher.name, [...(byName.get(matcher.name) ?? []), matcher]);
  for (const group of byName.values()) {
    const found = contradictionOf(group);
    if (found) return found;
  }
  return undefined;
}

function contradictionOf(matchers: readonly Matcher[]): readonly Matcher[] | undefined {
  const nothing = matchers.find(({ operator, value }) => operator === '!~' && value === '.*');
  if (nothing) return [nothing];
  for (const matcher of matchers) {
    const values = valuesOf(matcher);
    const others = matchers.filter((other) => other !== matcher);
    if (!values || others.length === 0) continue;
    if (!values.some((value) => others.every((other) => other.matches(value)))) {
      const culprit = others.find((other) => !values.some((value) => other.matches(value)));
      return culprit ? [matcher, culprit] : matchers;
    }
  }
  return differentBeginnings(matchers);
}

const literal = /^[\w\-/:@ ]*$/;

/** All values that pass, where they can be counted. */
function valuesOf({ operator, value }: Matcher): readonly string[] | undefined {
  if (operator === '=') return [value];
  if (operator === '!~' && value === '.+') return [''];
  if (operator !== '=~') return undefined;
  const inner = /^\(([^()]*)\)$/.exec(value)?.[1] ?? value;
  const alternatives = inner.split('|');
  return alternatives.every((one) => literal.test(one)) ? alternatives : undefined;
}

/** `a=~"foo.*", a=~"bar.*"`. */
function differentBeginnings(matchers: readonly Matcher[]): readonly Matcher[] | undefined {
  const [first, ...rest] = matchers.filter(({ operator }) => operator === '=~');
  const beginning = first && literalPrefix(first.value);
  if (!first || !beginning) return undefined;
  for (const other of rest) {
    const theirs = literalPrefix(other.value);
    if (theirs && !theirs.startsWith(beginning) && !beginning.startsWith(theirs)) return [first, other];
  }
  return undefined;
}

/** What every match begins with; '' when that cannot be told. */
function literalPrefix(expression: string): string {
  if (/[|]|\(\?/.test(expression)) return '';
  const prefix = /^[\w\-/:@ ]*/.exec(expression)![0];
  return /^[*?{]/.test(expression.slice(prefix.length)) ? prefix.slice(0, -1) : prefix;
}
