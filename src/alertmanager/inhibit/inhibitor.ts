// Inhibition: an alert stays silent while another, its source, fires with equal values of some labels. Each rule
// keeps one source for each set of those values, the one that lasts longest, as Alertmanager does.

import type { Labels } from '../../base/labels.ts';
import { matchesAll } from '../../base/matcher.ts';
import { type Alert, isResolved } from '../alert.ts';
import type { InhibitRule } from '../config/model.ts';

export interface Inhibition {
  readonly rule: InhibitRule;
  /** The alert that speaks for the inhibited one. */
  readonly source: Labels;
}

export class Inhibitor {
  readonly #rules: readonly { readonly rule: InhibitRule; readonly sources: Map<string, Alert> }[];

  constructor(rules: readonly InhibitRule[]) {
    this.#rules = rules.map((rule) => ({ rule, sources: new Map() }));
  }

  /** Tells of an alert's newest state. */
  observe(alert: Alert): void {
    for (const { rule, sources } of this.#rules) {
      if (!matchesAll(rule.sourceMatchers, alert.labels)) continue;
      const key = equalKey(rule, alert.labels);
      const known = sources.get(key);
      const replaces = !known || known.labels.equals(alert.labels) || known.endsAt <= alert.endsAt;
      if (replaces) sources.set(key, alert);
    }
  }

  /** What holds the alert back, if anything does. */
  inhibition(labels: Labels, atMs: number): Inhibition | undefined {
    for (const { rule, sources } of this.#rules) {
      if (!matchesAll(rule.targetMatchers, labels)) continue;
      const source = sources.get(equalKey(rule, labels));
      if (!source || isResolved(source, atMs)) continue;
      // Alerts that are both source and target of a rule do not silence each other.
      const bothSides =
        matchesAll(rule.sourceMatchers, labels) && matchesAll(rule.targetMatchers, source.labels);
      if (!bothSides) return { rule, source: source.labels };
    }
    return undefined;
  }

  /** Forgets sources that have ended. */
  prune(atMs: number): void {
    for (const { sources } of this.#rules) {
      for (const [key, alert] of sources) if (isResolved(alert, atMs)) sources.delete(key);
    }
  }
}

/** A label that is missing equals one that is empty. */
function equalKey(rule: InhibitRule, labels: Labels): string {
  return JSON.stringify(rule.equal.map((name) => labels.get(name)));
}
