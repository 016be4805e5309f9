// The rules that decide when an alert fires: ours from files, evaluated by us, or a remote's own, asked for.

import { UserError } from '../../base/diagnostics.ts';
import { allFeatures } from '../../promql/features.ts';
import { parseExpr } from '../../promql/parser.ts';
import { readRuleFile } from '../../rules/file.ts';
import type { RuleGroup } from '../../rules/model.ts';
import { RemoteApi } from '../../telemetry/remote/api.ts';
import type { RemoteRuleGroup } from '../../telemetry/remote/rules-answer.ts';
import type { Experiment } from '../model.ts';
import type { PlannedRecording } from '../timeline.ts';
import { recordingsOf } from './history.ts';
import { type KnownRule, rulesOfGroups } from './known-rule.ts';
import type { Planning } from './plan.ts';

export interface PlannedRules {
  readonly source: 'embedded' | 'remote';
  /** Those that we evaluate. */
  readonly groups: readonly RuleGroup[];
  readonly known: readonly KnownRule[];
  readonly recordings: readonly PlannedRecording[];
}

export async function readRules(
  experiment: Experiment,
  planning: Pick<Planning, 'clock' | 'readFile'>,
): Promise<PlannedRules> {
  const { rules, prometheus, evaluationIntervalMs, features } = experiment.telemetry;
  if (prometheus && rules.length === 0) {
    const remote = await new RemoteApi(prometheus, planning.clock).rules();
    const known = knownRemoteRules(remote);
    for (const spec of experiment.alerts) {
      if (!known.some((rule) => rule.name === spec.name)) {
        throw UserError.of('FD110', `no rule at ${prometheus.url} defines the alert ${spec.name}`);
      }
    }
    return { source: 'remote', groups: [], known, recordings: remoteRecordings(remote) };
  }
  const groups: RuleGroup[] = [];
  for (const file of rules) {
    const read = readRuleFile(file, await planning.readFile(file), { features: new Set(features) });
    if (!read.ok) throw new UserError(read.diagnostics);
    groups.push(...read.value.groups);
  }
  const known = rulesOfGroups(groups, evaluationIntervalMs);
  return { source: 'embedded', groups, known, recordings: recordingsOf(groups, evaluationIntervalMs) };
}

function remoteRecordings(groups: readonly RemoteRuleGroup[]): PlannedRecording[] {
  return groups.flatMap(({ rules, intervalMs }) =>
    rules
      .filter((rule) => rule.type === 'recording')
      .map(({ name, query: expr, labels }) => ({
        ...{ name, expr, labels },
        evaluationIntervalMs: intervalMs,
      })),
  );
}

/** Rules whose expression our parser does not take are left out; an alert that needs one is then not found. */
function knownRemoteRules(groups: readonly RemoteRuleGroup[]): KnownRule[] {
  return groups.flatMap((group) =>
    group.rules.flatMap((rule) => {
      const parsed = rule.type === 'alerting' ? parseExpr(rule.query, { features: allFeatures }) : undefined;
      if (rule.type !== 'alerting' || !parsed?.ok) return [];
      const { name, query, labels, annotations, forMs, keepFiringForMs } = rule;
      return [
        {
          group: group.name,
          file: group.file,
          name,
          expr: parsed.expr,
          exprText: query,
          labels,
          annotations,
          forMs,
          keepFiringForMs,
          evaluationIntervalMs: group.intervalMs,
          upstreamEvaluationMs: 0,
        },
      ];
    }),
  );
}
