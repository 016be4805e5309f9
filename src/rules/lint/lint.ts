// The lint of a rule file: every lint over every rule, without what comments in the file silence.

import { byPlace, type Diagnostic } from '../../base/diagnostics.ts';
import type { RuleFile } from '../model.ts';
import type { Finding, Lint, LintContext } from './finding.ts';
import { bornWithError } from './lints/born-with-error.ts';
import { contradictoryMatchers } from './lints/contradictory-matchers.ts';
import { deltaOfCounter } from './lints/delta-of-counter.ts';
import { droppedLabel } from './lints/dropped-label.ts';
import { impossibleComparison } from './lints/impossible-comparison.ts';
import { lossyJoin } from './lints/lossy-join.ts';
import { rateOfGauge } from './lints/rate-of-gauge.ts';
import { shortFor } from './lints/short-for.ts';
import { shortRange } from './lints/short-range.ts';
import { unmatchedSelector } from './lints/unmatched-selector.ts';
import { readSilences } from './silence.ts';

/** Those that need nothing but rules and a source; routing has its own. */
export const ruleLints: readonly Lint[] = [
  impossibleComparison,
  contradictoryMatchers,
  shortFor,
  shortRange,
  rateOfGauge,
  deltaOfCounter,
  bornWithError,
  lossyJoin,
  droppedLabel,
  unmatchedSelector,
];

/** Sorted by place. `text` is the file's, for the comments in it. */
export async function lintRuleFile(
  file: RuleFile,
  text: string,
  context: LintContext,
  lints: readonly Lint[] = ruleLints,
): Promise<Diagnostic[]> {
  const silences = readSilences(file, text);
  const found: Diagnostic[] = [...silences.mistakes, ...duplicatesLeft(file, silences)];
  for (const group of file.groups) {
    for (const rule of group.rules) {
      for (const { code, check } of lints) {
        const problems = await check(rule, group, context);
        const findings = problems.map(
          (problem): Finding => ({ ...problem, code, rule: { group: group.name, name: rule.name } }),
        );
        found.push(...findings.filter((finding) => !silences.isSilenced(finding, rule)));
      }
    }
  }
  return found.sort(byPlace);
}

/** What the reader of the file warns of already, unless a comment silences it. */
function duplicatesLeft(file: RuleFile, silences: ReturnType<typeof readSilences>): Diagnostic[] {
  const rules = file.groups.flatMap((group) => group.rules);
  return file.warnings.filter((warning) => {
    const rule = rules.find(({ place }) => place.line === warning.at?.line);
    return !rule || !silences.isSilenced({ ...warning, at: rule.place, rule: { group: '', name: '' } }, rule);
  });
}
