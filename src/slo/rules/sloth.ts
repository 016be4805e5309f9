// Rules as Sloth generates them: recordings of the error ratio over each window, of the budget and its burn rate, and two alerts, each
// of a quick and a slow pair of windows. Names, labels, texts and the order of operations are those of slok/sloth, so that dashboards
// and comparisons keep working.

import type { Diagnostic } from '../../base/diagnostics.ts';
import { formatDuration } from '../../base/duration.ts';
import type { LabelRecord } from '../../base/labels.ts';
import type { MetadataLabels, SimpleObjective, SlothSettings } from '../objective.ts';
import { errorRatioOver, filled } from '../sli-over.ts';
import { type AlertWindow, type AlertWindows, burnRateFactor } from './alert-windows.ts';
import {
  floatText,
  type GeneratedAlert,
  type GeneratedGroup,
  type GeneratedRecording,
  type PrometheusRule,
  type RuleFileContent,
  sortedLabels,
} from './rule-groups.ts';

export interface SlothOptions {
  readonly windows: AlertWindows;
  /** Added to every recording. */
  readonly labels: LabelRecord;
  /** What `sloth_version` says. */
  readonly version: string;
  /** Recordings over the whole period from those of the shortest window, as Sloth does by default. */
  readonly optimised: boolean;
}

/** One file for each document that was read; an object of Kubernetes becomes one of the Prometheus operator. */
export function slothRuleFiles(
  objectives: readonly SimpleObjective[],
  options: SlothOptions,
): (RuleFileContent | PrometheusRule)[] {
  const documents = new Map<string, SimpleObjective[]>();
  for (const objective of objectives) {
    const { service, origin, sloth } = objective;
    const key = JSON.stringify([origin.file, service, sloth?.object]);
    documents.set(key, [...(documents.get(key) ?? []), objective]);
  }
  return [...documents.values()].map((together) => {
    const content = { groups: together.flatMap((objective) => slothGroups(objective, options)) };
    const object = together[0]!.sloth?.object;
    return object ? prometheusRule(object, content) : content;
  });
}

function prometheusRule(object: NonNullable<SlothSettings['object']>, spec: RuleFileContent): PrometheusRule {
  const { name, namespace, labels, annotations } = object;
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      labels: {
        ...labels,
        'app.kubernetes.io/component': 'SLO',
        'app.kubernetes.io/managed-by': 'sloth',
      },
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
    spec,
  };
}

/** In this order: SLIs, meta data, alerts; the last is left out when both are disabled. */
function slothGroups(objective: SimpleObjective, options: SlothOptions): GeneratedGroup[] {
  const context = new SlothRules(objective, options);
  const alerts = context.alerts();
  const groups = [
    { name: `sloth-slo-sli-recordings-${context.id}`, rules: context.sliRecordings() },
    { name: `sloth-slo-meta-recordings-${context.id}`, rules: context.metaRecordings() },
  ];
  return alerts.length === 0
    ? groups
    : [...groups, { name: `sloth-slo-alerts-${context.id}`, rules: alerts }];
}

/** Alerts that have no name, which Sloth refuses, and Prometheus too. */
export function namelessSlothAlerts({ id, sloth, origin }: SimpleObjective): Diagnostic[] {
  if (!sloth || sloth.alerting.name || (sloth.alerting.page.disabled && sloth.alerting.ticket.disabled))
    return [];
  return [
    {
      code: 'FD857',
      severity: 'error',
      message: `${id}: its alerts have no name`,
      at: origin.place,
      expected: '`alerting.name`, or both alerts disabled',
    },
  ];
}

class SlothRules {
  readonly id: string;
  readonly #objective: SimpleObjective;
  readonly #options: SlothOptions;
  readonly #name: string;
  readonly #labels: LabelRecord;
  /** Sloth computes in doubles from the percentage, and its texts carry the rest. */
  readonly #target: number;
  readonly #budget: number;

  constructor(objective: SimpleObjective, options: SlothOptions) {
    this.#objective = objective;
    this.#options = options;
    this.#name = isOpenSlo(objective) ? `${objective.name}-${objective.index}` : objective.name;
    this.id = `${objective.service}-${this.#name}`;
    this.#labels = {
      ...plainLabels(objective.labels),
      ...options.labels,
      sloth_id: this.id,
      sloth_service: objective.service,
      sloth_slo: this.#name,
    };
    this.#target = objective.target.percent / 100;
    this.#budget = (100 - objective.target.percent) / 100;
  }

  sliRecordings(): GeneratedRecording[] {
    const { periodMs } = this.#options.windows;
    const windows = this.#windows();
    const recordings = windows.map((windowMs) => this.#sliRecording(windowMs, this.#errorRatio(windowMs)));
    const whole = this.#options.optimised ? this.#wholePeriod(windows[0]!) : this.#errorRatio(periodMs);
    return [...recordings, this.#sliRecording(periodMs, whole)];
  }

  metaRecordings(): GeneratedRecording[] {
    const { windows, version } = this.#options;
    const shortest = formatDuration(this.#windows()[0]!);
    const period = formatDuration(windows.periodMs);
    const burnRate = (window: string) =>
      `${this.#selected(`slo:sli_error:ratio_rate${window}`)}\n/ on(sloth_id, sloth_slo, sloth_service) group_left\n${this.#selected('slo:error_budget:ratio')}\n`;
    return [
      this.#recording('slo:objective:ratio', `vector(${floatText(this.#target)})`),
      this.#recording('slo:error_budget:ratio', `vector(1-${floatText(this.#target)})`),
      this.#recording('slo:time_period:days', `vector(${floatText(windows.periodMs / 86_400_000)})`),
      this.#recording('slo:current_burn_rate:ratio', burnRate(shortest)),
      this.#recording('slo:period_burn_rate:ratio', burnRate(period)),
      this.#recording(
        'slo:period_error_budget_remaining:ratio',
        `1 - ${this.#selected('slo:period_burn_rate:ratio')}`,
      ),
      this.#recording('sloth_slo_info', 'vector(1)', {
        sloth_mode: modeOf(this.#objective),
        sloth_objective: floatText(this.#objective.target.percent),
        sloth_spec: specOf(this.#objective),
        sloth_version: version,
      }),
    ];
  }

  alerts(): GeneratedAlert[] {
    const { sloth } = this.#objective;
    // What Sloth makes of OpenSLO has no alerts of its own: its alert policies say what to alert on.
    if (!sloth) return [];
    const { page, ticket } = this.#options.windows;
    const kinds = [
      ['page', sloth.alerting.page, page],
      ['ticket', sloth.alerting.ticket, ticket],
    ] as const;
    return kinds
      .filter(([, settings]) => !settings.disabled)
      .map(([severity, settings, { quick, slow }]) => ({
        alert: sloth.alerting.name ?? '',
        expr: `${this.#pair(quick)}\nor\n${this.#pair(slow)}\n`,
        labels: sortedLabels({ ...sloth.alerting.labels, ...settings.labels, sloth_severity: severity }),
        annotations: sortedLabels({
          title: `(${severity}) {{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is too fast.`,
          summary:
            '{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is over expected.',
          ...sloth.alerting.annotations,
          ...settings.annotations,
        }),
      }));
  }

  #pair(window: AlertWindow): string {
    const factor = floatText(burnRateFactor(window, this.#options.windows.periodMs));
    const above = (windowMs: number) =>
      `    max(${this.#selected(`slo:sli_error:ratio_rate${formatDuration(windowMs)}`)} > (${factor} * ${floatText(this.#budget)})) without (sloth_window)`;
    return `(\n${above(window.shortMs)}\n    and\n${above(window.longMs)}\n)`;
  }

  /** All windows of the alerts, each once, the shortest first. */
  #windows(): number[] {
    const { page, ticket } = this.#options.windows;
    const all = [page.quick, page.slow, ticket.quick, ticket.slow].flatMap(({ shortMs, longMs }) => [
      shortMs,
      longMs,
    ]);
    return [...new Set(all)].sort((a, b) => a - b);
  }

  #errorRatio(windowMs: number): string {
    const { sli, origin } = this.#objective;
    const isOwn = origin.format === 'sloth' || origin.format === 'sloth-kubernetes';
    const over = (promql: string) => filled(promql, windowMs);
    if (isOwn && sli.type === 'ratio' && sli.bad)
      return `(${over(sli.bad.promql)})\n/\n(${over(sli.total.promql)})\n`;
    if (isOwn && sli.type === 'raw') return `(${over(sli.query.promql)})`;
    if (origin.format === 'openslo/v1alpha' && sli.type === 'ratio' && sli.good?.form === 'placeholder')
      return `(\n  1 - (\n    (\n      ${over(sli.good.promql)}\n    )\n    /\n    (\n      ${over(sli.total.promql)}\n    )\n  )\n)`;
    return errorRatioOver(sli, windowMs);
  }

  /** Where the ratio does not exist, the average leaves the time out: see docs/slo.md. */
  #wholePeriod(shortestMs: number): string {
    const selector = this.#selected(`slo:sli_error:ratio_rate${formatDuration(shortestMs)}`);
    const range = `[${formatDuration(this.#options.windows.periodMs)}]`;
    return `sum_over_time(${selector}${range})\n/ ignoring (sloth_window)\ncount_over_time(${selector}${range})\n`;
  }

  #selected(metric: string): string {
    const { service } = this.#objective;
    return `${metric}{sloth_id="${this.id}", sloth_service="${service}", sloth_slo="${this.#name}"}`;
  }

  #sliRecording(windowMs: number, expr: string): GeneratedRecording {
    const window = formatDuration(windowMs);
    return this.#recording(`slo:sli_error:ratio_rate${window}`, expr, { sloth_window: window });
  }

  #recording(record: string, expr: string, more: LabelRecord = {}): GeneratedRecording {
    return { record, expr, labels: sortedLabels({ ...this.#labels, ...more }) };
  }
}

function isOpenSlo({ origin }: SimpleObjective): boolean {
  return origin.format.startsWith('openslo');
}

function modeOf({ origin }: SimpleObjective): string {
  if (origin.format === 'sloth') return 'cli-gen-prom';
  return origin.format === 'sloth-kubernetes' ? 'cli-gen-k8s' : 'cli-gen-openslo';
}

function specOf({ origin }: SimpleObjective): string {
  if (origin.format === 'sloth') return 'prometheus/v1';
  return origin.format === 'sloth-kubernetes' ? 'sloth.slok.dev/v1' : origin.format;
}

/** A label of Prometheus has one value; of a list it is the first. */
function plainLabels(labels: MetadataLabels): LabelRecord {
  const entries = Object.entries(labels).flatMap(([name, value]): [string, string][] => {
    const first = typeof value === 'string' ? value : value[0];
    return first === undefined || !/^[a-zA-Z_]\w*$/.test(name) ? [] : [[name, first]];
  });
  return Object.fromEntries(entries);
}
