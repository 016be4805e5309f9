// JSONPath as Chaos Toolkit has it, which is that of jsonpath2: like RFC 9535, but a filter tests the value that it
// stands behind and not its children, `=` compares, and `and`, `or`, `not` are words. So a path is cut at its filters:
// what lies between them is the library's, and each filter is asked about one value at a time.
// https://github.com/pacifica/python-jsonpath2

import { compile, type JSONPathQuery, type JSONValue } from 'json-p3';

export type JsonPath = (value: unknown) => unknown[];

/** Throws an Error that says what is wrong with the path. */
export function compileJsonPath(path: string): JsonPath {
  const steps = cut(path.trim());
  return (value) =>
    steps.reduce<unknown[]>(
      (values, step) =>
        values.flatMap((each) => (step.isFilter ? kept(step.query, each) : all(step.query, each))),
      [value],
    );
}

interface Step {
  readonly isFilter: boolean;
  readonly query: JSONPathQuery;
}

function all(query: JSONPathQuery, value: unknown): unknown[] {
  return query.query(value as JSONValue).values();
}

/** A filter chooses among the children of a list: the value alone is made one. */
function kept(query: JSONPathQuery, value: unknown): unknown[] {
  return all(query, [value]);
}

function cut(path: string): Step[] {
  if (!path.startsWith('$')) throw new Error('a path begins with $');
  const steps: Step[] = [];
  let rest = path.slice(1);
  while (rest !== '') {
    const from = filterStart(rest);
    const plain = rest.slice(0, from);
    if (plain !== '') steps.push({ isFilter: false, query: compile(`$${plain}`) });
    if (from === rest.length) break;
    const length = filterLength(rest.slice(from));
    steps.push({ isFilter: true, query: compile(`$${inStandardWords(rest.slice(from, from + length))}`) });
    rest = rest.slice(from + length);
  }
  return steps;
}

/** Parts of a path between which its signs have a meaning: strings are one part each. */
const parts = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\[\s*\?|[\s\S]/g;

function filterStart(path: string): number {
  for (const match of path.matchAll(parts)) if (/^\[\s*\?/.test(match[0])) return match.index;
  return path.length;
}

/** Of the filter that the text begins with, up to its closing bracket. */
function filterLength(text: string): number {
  let depth = 0;
  for (const match of text.matchAll(parts)) {
    if (match[0].startsWith('[')) depth++;
    if (match[0] === ']') depth--;
    if (depth === 0) return match.index + 1;
  }
  throw new Error('a filter is not closed');
}

const signs = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[=!<>]=|=|\$|[()]|\b(?:and|or|not)\b/g;
const standard: Readonly<Record<string, string>> = { '=': '==', and: '&&', or: '||', not: '!' };

function inStandardWords(filter: string): string {
  const joining: string[] = [''];
  return filter.replace(signs, (sign, offset: number) => {
    if (sign === '$') throw new Error('a filter that looks at the root is not supported');
    // The name of a key, as in `@.not`.
    if (/\w/.test(sign) && filter[offset - 1] === '.') return sign;
    if (sign === '(') joining.push('');
    if (sign === ')') joining.pop();
    if (sign === 'not' && !/^\s*\(/.test(filter.slice(offset + sign.length)))
      throw new Error('`not` needs parentheses around what it denies');
    if (sign === 'and' || sign === 'or') refuseMixed(joining, sign);
    return standard[sign] ?? sign;
  });
}

/** There, `or` binds closer than `and`; elsewhere, it is the other way round. Nobody should have to know. */
function refuseMixed(joining: string[], sign: string): void {
  const before = joining.pop();
  if (before && before !== sign) throw new Error('`and` beside `or` needs parentheses');
  joining.push(sign);
}
