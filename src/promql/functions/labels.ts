// label_replace and label_join: new labels for the same values.

import { RE2JS } from 're2js';
import { type Labels, metricName } from '../../base/labels.ts';
import { mergeDuplicates } from '../duplicates.ts';
import { queryError } from '../errors.ts';
import { isValidLabelName, quote } from '../syntax/quote.ts';
import { type Series, vector } from '../values.ts';
import { type FunctionImplementation, stringArgument, vectorArgument } from './function.ts';

export const labelReplace: FunctionImplementation = (input) => {
  const target = stringArgument(input, 1);
  const replacement = stringArgument(input, 2);
  const source = stringArgument(input, 3);
  const pattern = stringArgument(input, 4);
  const replaced = replacementOf(pattern, replacement);
  checkName('label_replace', 'destination', target);
  const series = vectorArgument(input).series.map((one) => {
    const value = replaced(one.labels.get(source));
    return value === undefined ? one : relabelled(one, target, value);
  });
  return vector(mergeDuplicates(series));
};

export const labelJoin: FunctionImplementation = (input) => {
  const target = stringArgument(input, 1);
  const separator = stringArgument(input, 2);
  const sources = input.args.slice(3).map((_, i) => stringArgument(input, i + 3));
  for (const source of sources) checkName('label_join', 'source', source);
  checkName('label_join', 'destination', target);
  const joined = (labels: Labels) => sources.map((source) => labels.get(source)).join(separator);
  const series = vectorArgument(input).series.map((one) => relabelled(one, target, joined(one.labels)));
  return vector(mergeDuplicates(series));
};

/** A name that is written now is meant to stay, also where the old one was about to be dropped. */
function relabelled(series: Series, target: string, value: string): Series {
  const labels = series.labels.with({ [target]: value });
  return { ...series, labels, dropName: target === metricName ? false : series.dropName };
}

/** What becomes of a label's value; undefined where the pattern does not match. */
type Replacement = (value: string) => string | undefined;

/** Rules and dashboards ask the same again and again, and compiling and matching take longer than all the rest. */
const replacements = new Map<string, Replacement>();
const replacementsMax = 64;
/** Values that each of them remembers, and how long these may be. */
const valuesMax = 1000;
const valueLengthMax = 256;

function replacementOf(pattern: string, template: string): Replacement {
  const key = `${pattern}\u0000${template}`;
  let replacement = replacements.get(key);
  if (!replacement) {
    const expression = compile(pattern);
    replacement = remembered((value) => {
      const matcher = expression.matcher(value);
      return matcher.matches() ? expandTemplate(template, matcher) : undefined;
    });
    if (replacements.size >= replacementsMax) replacements.delete(replacements.keys().next().value!);
    replacements.set(key, replacement);
  }
  return replacement;
}

/** Many series share a source value: each is matched once. */
function remembered(compute: Replacement): Replacement {
  const results = new Map<string, string | undefined>();
  return (value) => {
    if (value.length > valueLengthMax) return compute(value);
    const known = results.get(value);
    if (known !== undefined || results.has(value)) return known;
    if (results.size >= valuesMax) results.clear();
    const result = compute(value);
    results.set(value, result);
    return result;
  };
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(`^(?s:${pattern})$`);
  } catch {
    throw queryError(`invalid regular expression in label_replace(): ${pattern}`);
  }
}

function checkName(name: string, role: string, label: string): void {
  if (isValidLabelName(label)) return;
  throw queryError(`invalid ${role} label name in ${name}(): ${quote(label).slice(1, -1)}`);
}

type Groups = ReturnType<RE2JS['matcher']>;

/** `$1`, `$name`, `${1}`, `${name}` and `$$`, as Go expands them: the name is as long as it can be. */
function expandTemplate(template: string, groups: Groups): string {
  return template.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
    if (whole === '$$') return '$';
    const name = braced ?? bare!;
    if (!/^\d+$/.test(name))
      return groups.pattern().namedGroups()[name] === undefined ? '' : group(groups, name);
    return Number(name) <= groups.groupCount() ? group(groups, Number(name)) : '';
  });
}

function group(groups: Groups, name: string | number): string {
  return groups.group(name) ?? '';
}
