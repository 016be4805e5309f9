// What a dry run shows: what would be broken and how it is taken back, before anything is touched.

import pc from 'picocolors';
import { shadowLeaseMs } from '../alertmanager/shadow/shadow-silence.ts';
import { humanDuration } from '../base/duration.ts';
import { Labels } from '../base/labels.ts';
import { redact } from '../base/redact.ts';
import { windowName } from '../experiment/history/budget.ts';
import { quantityBeside } from '../experiment/judge/quantity.ts';
import type { ObjectiveSpec } from '../experiment/model.ts';
import type { PlannedFault } from '../experiment/plan/faults.ts';
import type { Plan } from '../experiment/plan/plan.ts';
import type { ShadowPlan } from '../experiment/plan/shadow.ts';
import type { JudgedPlan, PlannedAlert } from '../experiment/timeline.ts';
import { mostSelected } from '../faults/select.ts';
import { longDuration } from '../report/hop-words.ts';
import { type TerminalOptions, usableWidth } from '../report/terminal/paint.ts';
import { windowWords } from '../slo/time-window.ts';
import { shownUrl } from '../telemetry/http.ts';
import { folded } from './fold-lines.ts';

export async function planText(plan: Plan, { color, width }: TerminalOptions): Promise<string> {
  const { bold, dim, yellow } = pc.createColors(color);
  const { experiment, judged, foresight } = plan;
  const { baselineMs, faultMs, recoveryMs } = judged.phases;
  const columns = usableWidth(width);
  // A secret that is folded would no longer be found.
  const fold = (line: string) => folded(redact(line, experiment.secrets), columns);
  const lines = [
    bold(experiment.title),
    dim(`dry run of ${experiment.file}: nothing is touched`),
    '',
    bold('targets'),
  ];
  for (const { spec, handle } of plan.targets) lines.push(`  ${spec.name}: ${await handle.describe()}`);
  for (const fault of plan.faults) {
    lines.push('', bold(`fault ${fault.spec.name}`), `  hits ${extentOf(fault)}`);
    for (const { request, driver, plan: how, passedOver } of fault.injections) {
      lines.push(
        `  on ${request.target.name}: ${how.what}`,
        `    how:            ${how.how}`,
        `    driver:         ${driver.name}`,
        ...passedOver
          .flatMap((each) => fold(`    not by ${each.driver}: ${each.reason}; ${each.remedy}`))
          .map(dim),
        `    undo:           ${how.undo}`,
        `    after a crash:  ${how.survivesCrash}`,
        `    one hit is:     ${how.hits ?? uncounted(fault)}`,
      );
    }
  }
  lines.push('', bold('phases'));
  lines.push(
    `  baseline ${humanDuration(baselineMs)}, fault ${humanDuration(faultMs)}, recovery up to ${humanDuration(recoveryMs)}: at most ${humanDuration(plan.totalMs)} (limit ${humanDuration(experiment.limits.runTimeMs)})`,
  );
  lines.push(...trialLines(plan));
  lines.push(
    `  the brake: a stop condition is seen and the undo begun within ${humanDuration(judged.undoDelayMs)} (scrape ${humanDuration(judged.scrapeIntervalMs)}, then query and undo)${experiment.stopConditions.length === 0 ? '; none is set, so that only Ctrl-C and `firedrill stop` end it early' : ''}`,
  );
  lines.push(...historyLines(judged));
  if (plan.shadow) lines.push('', bold('shadow'), ...shadowLines(plan.shadow));
  if (experiment.objectives.length > 0)
    lines.push('', bold('objectives'), ...experiment.objectives.flatMap(objectiveLines));
  if (judged.alerts.length > 0) lines.push('', bold('alerts'));
  for (const [entry, alert] of judged.alerts.entries()) {
    lines.push(`  ${alert.name}`, ...alertLines(alert));
    for (const each of foresight.filter((found) => found.entry === entry)) {
      const [first = '', ...rest] = fold(`    ${each.severity}: ${each.text}`);
      const paint = each.severity === 'warning' ? yellow : dim;
      lines.push(
        first.replace(each.severity, (word) => paint(word)),
        ...rest,
      );
    }
  }
  return redact(
    lines.flatMap((line) => (line.includes('\u001b') ? line : fold(line))).join('\n'),
    experiment.secrets,
  );
}

/** What all trials may take. */
function trialLines({ experiment, totalMs, forgetMs, judged }: Plan): string[] {
  const { trials, minPass = trials } = experiment;
  if (trials === 1) return [];
  const waitMs = Math.max(0, forgetMs - judged.phases.baselineMs);
  const all = trials * totalMs + (trials - 1) * waitMs;
  const wait = waitMs > 0 ? `, with ${humanDuration(waitMs)} between them until windows have forgotten` : '';
  return [
    `  trials: ${trials}${wait}: at most ${humanDuration(all)} in all; ${minPass === trials ? 'all' : minPass} must pass, and none fail`,
  ];
}

/** Without a number the verdict stays `unverified`, unless the file says how the effect shows. */
function uncounted({ spec }: PlannedFault): string {
  return spec.effect.promql === undefined
    ? 'not counted; effect.promql can say how the effect shows'
    : 'not counted; effect.promql tells';
}

function extentOf({ spec, candidates, injections }: PlannedFault): string {
  const { mode, value, workflow } = spec;
  if (workflow === undefined) return `${injections.length} of ${candidates.length} targets (mode ${mode})`;
  const most = mostSelected(candidates.length, mode, value);
  return `at most ${most} of ${candidates.length} targets each time that ${workflow} puts it in place (mode ${mode})`;
}

/** What long windows will look back on. */
function historyLines({ history, phases }: JudgedPlan): string[] {
  if (!history) return [];
  const beyond = history.windows.filter(({ rangeMs }) => rangeMs > phases.baselineMs);
  const windows = new Set(beyond.map(windowName));
  const shown = [...windows].slice(0, windowsShownMax);
  const more = windows.size > shown.length ? ` and ${windows.size - shown.length} more` : '';
  return [
    `  the history: windows beyond the baseline are warmed before the gate: ${shown.join(', ')}${more}`,
  ];
}

const windowsShownMax = 6;

function shadowLines({ url, labels }: ShadowPlan): string[] {
  return [
    `  a silence on ${Labels.from(labels)} holds the pager of ${shownUrl(new URL(url))}, from the start to the end`,
    `  it is renewed while the run lives, and ends by itself ${shadowLeaseMs / 1000} s after a crash`,
  ];
}

/** What is measured, and for how long it may be out of its bounds. */
function objectiveLines({ name, promql, slo, expect, breachForMs, recovers }: ObjectiveSpec): string[] {
  const asked = slo
    ? `${quantityBeside(slo.target.ratio, 'ratio')(slo.target.ratio)} good over ${windowWords(slo.window)}, by ${slo.reference}; broken while less than that is good in the fault so far`
    : promql;
  const blip = breachForMs === undefined ? '' : `; less than ${humanDuration(breachForMs)} is no breach`;
  return [
    `  ${name} must ${expect === 'held' ? 'hold' : 'break'}`,
    `    ${asked}`,
    `    once broken, back within ${humanDuration(recovers.withinMs)} of the undo, and stable for ${humanDuration(recovers.stableMs)}${blip}`,
  ];
}

function alertLines({ rules }: PlannedAlert): string[] {
  return rules.flatMap((rule) => [
    `    fires at the latest ${longDuration(rule.worstFiringMs)} after the breach${rule.routes.length === 0 ? '' : `, is told at the latest after ${longDuration(rule.worstNotifiedMs)}`} (${rule.forMs === 0 ? 'no `for`' : `for ${humanDuration(rule.forMs)}`}, evaluated every ${humanDuration(rule.evaluationIntervalMs)})`,
    ...rule.routes.map((route) => `    goes to ${route.receiver} by ${route.path.join(' > ')}`),
  ]);
}

export async function planJson(plan: Plan): Promise<unknown> {
  const { experiment, judged, foresight, totalMs, forgetMs } = plan;
  const { trials, minPass = trials } = experiment;
  const targets = await Promise.all(
    plan.targets.map(async ({ spec, handle }) => ({ name: spec.name, now: await handle.describe() })),
  );
  const faults = plan.faults.map(({ spec, candidates, injections }) => ({
    name: spec.name,
    kind: spec.kind,
    mode: spec.mode,
    durationMs: spec.durationMs ?? null,
    candidates,
    injections: injections.map(({ request, driver, plan: how, passedOver }) => ({
      target: request.target.name,
      driver: driver.name,
      ...how,
      passedOver,
    })),
  }));
  const document = {
    name: experiment.name,
    targets,
    faults,
    ...judged,
    totalMs,
    trials,
    minPass,
    forgetMs,
    foresight,
  };
  return JSON.parse(redact(JSON.stringify(document), experiment.secrets));
}
