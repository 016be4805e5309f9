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
    return fieldsOf(rule).flatMap(({ path, template }): Problem[] =>
      labelReferences(template).flatMap(({ name, start, end }) => {
        const dropper = dropperOf(labels, name);
        if (!dropper) return [];
        const message = `the label ${name} is never there: ${because(rule, dropper)}`;
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

function because({ exprText }: AlertingRule, dropper: Expr): string {
  const what =
    dropper.kind === 'aggregate' ? aggregateText(dropper) : exprText.slice(dropper.start, dropper.end);
  return `${what.replace(/\s+/g, ' ')} drops it`;
}

function aggregateText({ operator, grouping, without }: Extract<Expr, { kind: 'aggregate' }>): string {
  return `${operator} ${without ? 'without' : 'by'} (${grouping.join(', ')})`;
}
