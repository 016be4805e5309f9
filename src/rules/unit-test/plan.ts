// Which rules of a test are evaluated, and how. An assertion reaches the alert that it names, what its selectors can
// find, and what those rules read. A rule that could fail is evaluated too, because a failure fails the test.
//
// Rules that read only what stands before them are evaluated over all steps at once. The others, and what reads them, go
// step by step.

import { type Labels, metricName } from '../../base/labels.ts';
import type { Matcher } from '../../base/matcher.ts';
import { type Expr, typeOf } from '../../promql/ast.ts';
import { parseExpr } from '../../promql/parser.ts';
import { childrenOf, selectorsOf } from '../../promql/walk.ts';
import type { Rule } from '../model.ts';
import type { EvaluationInput } from './evaluation.ts';
import { hasUniqueLabels, isSteady, mayCollapse, mayFail, mayYield } from './expression-traits.ts';
import { alertSeries, mayFind, type RuleNode, ruleNodes } from './rule-node.ts';

export interface Plan {
  /** Evaluated over all steps at once, in this order. */
  readonly atOnce: readonly RuleNode[];
  /** Evaluated after those, step by step, in this order. */
  readonly stepwise: readonly RuleNode[];
  /** Whether a rule must not see the inputs before their time. */
  readonly feedsStepwise: boolean;
  /** Rules whose series somebody reads. */
  readonly read: ReadonlySet<RuleNode>;
}

/** Undefined when only evaluating everything step by step is sure to be right. */
export function planOf(input: EvaluationInput): Plan | undefined {
  return new Planner(input).plan();
}

class Planner {
  readonly #input: EvaluationInput;
  readonly #nodes: readonly RuleNode[];
  readonly #inputsByName = new Map<string, Labels[]>();
  readonly #recordedByName = new Map<string, RuleNode[]>();
  readonly #alerting: readonly RuleNode[];
  readonly #yielding = new Set<RuleNode>();
  readonly #isThere = (matchers: readonly Matcher[]): boolean =>
    this.#inputMatches(matchers) || this.#writers(matchers).length > 0;

  constructor(input: EvaluationInput) {
    this.#input = input;
    this.#nodes = ruleNodes(input.groups);
    for (const { labels } of input.inputs) push(this.#inputsByName, labels.name, labels);
    for (const node of this.#nodes)
      if (node.rule.kind === 'recording') push(this.#recordedByName, node.rule.name, node);
    this.#alerting = this.#nodes.filter(({ rule }) => rule.kind === 'alerting');
  }

  plan(): Plan | undefined {
    this.#findYielding();
    const asserted = this.#input.test.exprTests.flatMap(({ expr }) => {
      const parsed = parseExpr(expr, { features: this.#input.features });
      return parsed.ok ? [parsed.expr] : [];
    });
    const needed = this.#reach(asserted);
    if ([...needed].some(({ rule }) => asksQueries(rule))) return undefined;
    const ordered = [...needed].sort((a, b) => a.order - b.order);
    const stepwise = this.#mustStep(ordered);
    const feedsStepwise = [...stepwise].some((node) => !isSteady(node.rule.expr) || this.#isInput(node));
    const read = new Set(
      [...asserted, ...ordered.map(({ rule }) => rule.expr)].flatMap((expr) => this.#readBy(expr)),
    );
    if (feedsStepwise) return { atOnce: [], stepwise: ordered, feedsStepwise, read };
    return {
      atOnce: ordered.filter((node) => !stepwise.has(node)),
      stepwise: ordered.filter((node) => stepwise.has(node)),
      feedsStepwise,
      read,
    };
  }

  /** Rules that may yield something, from the inputs and from each other. */
  #findYielding(): void {
    for (let found = -1; found !== this.#yielding.size; ) {
      found = this.#yielding.size;
      for (const node of this.#nodes)
        if (!this.#yielding.has(node) && mayYield(node.rule.expr, this.#isThere)) this.#yielding.add(node);
    }
  }

  #reach(asserted: readonly Expr[]): Set<RuleNode> {
    const names = new Set(this.#input.test.alertTests.map(({ alertname }) => alertname));
    const dataLabels = this.#dataLabels();
    const waiting = this.#nodes.filter(
      (node) =>
        (node.rule.kind === 'alerting' && names.has(node.rule.name) && this.#yielding.has(node)) ||
        this.#mayFail(node, dataLabels),
    );
    waiting.push(...asserted.flatMap((expr) => this.#readBy(expr)));
    const reached = new Set<RuleNode>();
    for (let node = waiting.pop(); node; node = waiting.pop()) {
      if (reached.has(node)) continue;
      reached.add(node);
      waiting.push(...this.#readBy(node.rule.expr));
    }
    return reached;
  }

  #mayFail(node: RuleNode, dataLabels: (label: string) => boolean): boolean {
    const { rule, group } = node;
    const { expr } = rule;
    const type = typeOf(expr);
    if (type === 'string' || type === 'matrix' || mayFail(expr, this.#isThere)) return true;
    if (!mayYield(expr, this.#isThere)) return false;
    if (this.#isInput(node) || this.#mayClash(node)) return true;
    const set = Object.keys(rule.labels);
    if (rule.kind === 'alerting') set.push('alertname');
    return (
      group.limit > 0 || !hasUniqueLabels(expr) || set.some((label) => mayCollapse(expr, label, dataLabels))
    );
  }

  /** Whether another rule may write one of its series with another value. */
  #mayClash(node: RuleNode): boolean {
    const { rule } = node;
    const same = rule.kind === 'alerting' ? this.#alerting : (this.#recordedByName.get(rule.name) ?? []);
    return same.some(
      (other) =>
        other !== node &&
        other.rule.name === rule.name &&
        this.#yielding.has(other) &&
        !haveOtherLabels(rule, other.rule),
    );
  }

  /** Labels that series of this test may have beside their names. */
  #dataLabels(): (label: string) => boolean {
    const labels = new Set(this.#input.inputs.flatMap((one) => one.labels.pairs.map(([name]) => name)));
    const exprs = [...this.#yielding].map(({ rule }) => rule.expr);
    if (exprs.some((expr) => contains(expr, isInfo))) return () => true;
    const readsAlerts = exprs.some((expr) => this.#readBy(expr).some(({ rule }) => rule.kind === 'alerting'));
    if (readsAlerts) for (const name of ['alertname', 'alertstate']) labels.add(name);
    for (const { rule } of this.#yielding) {
      // A string may be the name of a label that label_replace or count_values sets.
      for (const text of stringsOf(rule.expr)) labels.add(text);
      if (rule.kind === 'recording' || readsAlerts)
        for (const label of Object.keys(rule.labels)) labels.add(label);
    }
    return (label) => labels.has(label);
  }

  /** Rules that yield something, and whose series the expression may find. */
  #readBy(expr: Expr): RuleNode[] {
    if (contains(expr, isInfo)) return [...this.#yielding];
    return selectorsOf(expr).flatMap(({ matchers }) => this.#writers(matchers));
  }

  #writers(matchers: readonly Matcher[]): RuleNode[] {
    const name = exactName(matchers);
    const candidates =
      name === undefined
        ? this.#nodes
        : alertSeries.includes(name)
          ? [...this.#alerting, ...(this.#recordedByName.get(name) ?? [])]
          : (this.#recordedByName.get(name) ?? []);
    return candidates.filter((node) => this.#yielding.has(node) && mayFind(matchers, node));
  }

  #inputMatches(matchers: readonly Matcher[]): boolean {
    const name = exactName(matchers);
    const candidates =
      name === undefined ? [...this.#inputsByName.values()].flat() : (this.#inputsByName.get(name) ?? []);
    return candidates.some((labels) =>
      matchers.every((matcher) => matcher.matches(labels.get(matcher.name))),
    );
  }

  #mustStep(ordered: readonly RuleNode[]): Set<RuleNode> {
    const writersOf = new Map(ordered.map((node) => [node, this.#readBy(node.rule.expr)]));
    const names = new Map<string, RuleNode[]>();
    for (const node of ordered) push(names, `${node.rule.kind} ${node.rule.name}`, node);
    const stepwise = new Set(
      ordered.filter(
        (node) => !isSteady(node.rule.expr) || node.group.queryOffsetMs !== 0 || this.#isInput(node),
      ),
    );
    // Of two that write one series at one time the first counts, and either may end it.
    for (const same of names.values()) if (same.length > 1) for (const node of same) stepwise.add(node);
    for (const [reader, writers] of writersOf)
      for (const writer of writers) if (writer.order >= reader.order) stepwise.add(writer).add(reader);
    for (let found = -1; found !== stepwise.size; ) {
      found = stepwise.size;
      for (const [reader, writers] of writersOf)
        if (writers.some((writer) => stepwise.has(writer))) stepwise.add(reader);
    }
    return stepwise;
  }

  /** Whether the rule writes a metric that the test gives as input too. */
  #isInput({ rule }: RuleNode): boolean {
    const names = rule.kind === 'recording' ? [rule.name] : alertSeries;
    return names.some((name) => this.#inputsByName.has(name));
  }
}

function exactName(matchers: readonly Matcher[]): string | undefined {
  return matchers.find(({ name, operator }) => name === metricName && operator === '=')?.value;
}

/** Whether both set a label to values that are not the same. */
function haveOtherLabels(a: Rule, b: Rule): boolean {
  return Object.entries(a.labels).some(([name, value]) => {
    const other = b.labels[name];
    return other !== undefined && other !== value && !value.includes('{{') && !other.includes('{{');
  });
}

/** Whether the templates of a rule run queries, which may ask for anything. */
function asksQueries(rule: Rule): boolean {
  if (rule.kind === 'recording') return false;
  const texts = [...Object.values(rule.labels), ...Object.values(rule.annotations)];
  return texts.some((text) => text.includes('{{') && /\bquery\b/.test(text));
}

function isInfo(expr: Expr): boolean {
  return expr.kind === 'call' && expr.name === 'info';
}

function stringsOf(expr: Expr): string[] {
  return expr.kind === 'string' ? [expr.value] : childrenOf(expr).flatMap(stringsOf);
}

function contains(expr: Expr, test: (expr: Expr) => boolean): boolean {
  return test(expr) || childrenOf(expr).some((child) => contains(child, test));
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
