// Go's regexp functions on RE2: linear time whatever the pattern, and Go's `$1`, `${name}` in replacements.

import { RE2JS } from 're2js';
import { TemplateValueError } from './function.ts';
import { valueSizeMax } from './value-size.ts';

const cacheMax = 200;
const cache = new Map<string, RE2JS>();

function compile(pattern: string): RE2JS {
  const known = cache.get(pattern);
  if (known) return known;
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    throw new TemplateValueError(
      `bad regular expression ${JSON.stringify(pattern)}: ${(error as Error).message}`,
    );
  }
  if (cache.size >= cacheMax) cache.clear();
  cache.set(pattern, compiled);
  return compiled;
}

/** Whether the pattern is found anywhere in the text. */
export function regexMatches(pattern: string, text: string): boolean {
  return compile(pattern).matcher(text).find();
}

export function regexReplaceAll(pattern: string, replacement: string, text: string): string {
  const expression = compile(pattern);
  const groups = expression.namedGroups() as Record<string, number>;
  const matcher = expression.matcher(text);
  let out = '';
  let end = 0;
  while (matcher.find()) {
    out += text.slice(end, matcher.start());
    out += replacement.replace(
      /\$(?:\$|\{([^}]*)\}|(\w+))/g,
      (whole, braced: string | undefined, plain: string | undefined) => {
        const name = braced ?? plain;
        if (name === undefined) return whole === '$$' ? '$' : whole;
        const group = /^\d+$/.test(name) ? Number(name) : groups[name];
        return group === undefined || group > matcher.groupCount() ? '' : (matcher.group(group) ?? '');
      },
    );
    if (out.length > valueSizeMax) throw new TemplateValueError(`makes more than ${valueSizeMax} characters`);
    end = matcher.end();
  }
  return out + text.slice(end);
}
