// Groups of targets as file_sd and http_sd deliver them: a list of { targets: [address…], labels: {…} }.

import { z } from 'zod';
import type { LabelRecord } from '../../../base/labels.ts';
import type { DeclaredTarget } from '../scrape-spec.ts';

/** Targets that one source of discovery may name. */
const targetsMax = 10_000;

const targetGroups = z.array(
  z.object({
    targets: z.array(z.string()),
    labels: z.record(z.string(), z.string()).nullish(),
  }),
);

/** The targets of parsed JSON or YAML, or what is wrong with it. `more` are labels that say where it came from. */
export function targetsOf(value: unknown, more: LabelRecord): DeclaredTarget[] | string {
  const checked = targetGroups.safeParse(value);
  if (!checked.success) return `it is not a list of target groups: ${checked.error.issues[0]?.message}`;
  const targets = checked.data.flatMap((group) =>
    group.targets.map((address) => ({ address, labels: { ...more, ...group.labels } })),
  );
  return targets.length > targetsMax
    ? `it names ${targets.length} targets, more than ${targetsMax}`
    : targets;
}
