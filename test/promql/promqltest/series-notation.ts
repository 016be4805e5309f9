// A line of a script: a series and its values, `metric{label="value"} 1 2 _ 3+2x5 stale {{schema:0 count:1}}`.

import type { Labels } from '../../../src/base/labels.ts';
import { type Point, parsePoints, parseSeriesLabels } from '../../../src/rules/unit-test/series-notation.ts';

export interface SeriesLine {
  readonly labels: Labels;
  readonly points: Point[];
}

export function parseSeriesLine(line: string): SeriesLine {
  const end = selectorEnd(line);
  return { labels: parseSeriesLabels(line.slice(0, end)), points: parsePoints(line.slice(end)) };
}

/** Where the metric ends: at the first space outside braces and quotes. */
function selectorEnd(line: string): number {
  let quote = '';
  let inBraces = false;
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    if (quote !== '') {
      if (char === '\\') i++;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'" || char === '`') quote = char;
    else if (char === '{') inBraces = true;
    else if (char === '}') return i + 1;
    else if (!inBraces && /\s/.test(char) && !/^\s*\{[^{]/.test(line.slice(i))) return i;
  }
  return line.length;
}
