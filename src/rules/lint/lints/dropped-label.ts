// FD318: a template reads a label that the expression's aggregation has dropped, and writes nothing in its place.

import type { Expr } from '../../../promql/ast.ts';
import type { AlertingRule } from '../../model.ts';
import type { Lint, Problem } from '../finding.ts';
import { dropperOf, resultLabels } from '../result-labels.ts';
import { labelReferences } from '../template-labels.ts';

export const droppedLabel: Lint = {
  code: 'FD318',
  check(rule) {
    if (rule.kind !== 'alerting') return [];
    const labels = resultLabels(rule.expr);
    const told = new Set<string>();
    return fieldsOf(rule).flatMap(({ path, template }) =>
      labelReferences(template).flatMap(({ name, start, end }): Problem[] => {
        const dropper = dropperOf(labels, name);
        if (!dropper || told.has(name)) return [];
        told.add(name);
        const message = `the label ${name} is never there: ${takerText(rule, dropper)}`;
        return [{ severity: 'warning', message, at: rule.placeOfField(path, start, end - start) }];
      }),
    );
  },
};

function fieldsOf({ labelTemplates, annotationTemplates }: AlertingRule) {
  const of = (field: string, templates: AlertingRule['labelTemplates']) =>
    templates.map(({ name, template }) => ({ path: [field, name], template }));
  return [...of('labels', labelTemplates), ...of('annotations', annotationTemplates)];
}

/** What leaves the label out, in few words. */
function takerText({ exprText }: AlertingRule, dropper: Expr): string {
  if (dropper.kind === 'aggregate') return `${aggregateText(dropper)} drops it`;
  if (dropper.kind === 'binary')
    return `${dropper.operator} with ${dropper.matching.on ? 'on' : 'ignoring'} (${dropper.matching.labels.join(', ')}) drops it`;
  if (dropper.kind === 'call' && dropper.name.startsWith('absent'))
    return `${dropper.name}() has only the labels that are asked for with =`;
  return `${exprText.slice(dropper.start, dropper.end).replace(/\s+/g, ' ')} has none`;
}

function aggregateText({ operator, grouping, without }: Extract<Expr, { kind: 'aggregate' }>): string {
  if (grouping.length === 0 && !without) return `${operator} over everything`;
  return `${operator} ${without ? 'without' : 'by'} (${grouping.join(', ')})`;
}
