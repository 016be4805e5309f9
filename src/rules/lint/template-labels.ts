// Which labels of the alert a template writes out. What stands in the condition of an `if` or `with` is asked for
// before it is used, so it is not counted anywhere in the text.

import type { AlertTemplate } from '../templates/alert-template.ts';
import type { Operand, Pipeline, TemplateNode } from '../templates/nodes.ts';

export interface LabelReference {
  readonly name: string;
  /** In the template's text. */
  readonly start: number;
  readonly end: number;
}

export function labelReferences({ template }: AlertTemplate): LabelReference[] {
  if (!template) return [];
  const written: LabelReference[] = [];
  const asked = new Set<string>();
  visit(template.body, true, written, asked);
  return written.filter(({ name }) => !asked.has(name));
}

/** `atRoot`: the dot is still the alert. */
function visit(
  nodes: readonly TemplateNode[],
  atRoot: boolean,
  written: LabelReference[],
  asked: Set<string>,
): void {
  for (const node of nodes) {
    if (node.type === 'action') written.push(...inPipeline(node.pipeline, atRoot));
    if (node.type !== 'if' && node.type !== 'with' && node.type !== 'range') continue;
    for (const { name } of inPipeline(node.pipeline, atRoot)) asked.add(name);
    visit(node.body, atRoot && node.type === 'if', written, asked);
    visit(node.otherwise, atRoot, written, asked);
  }
}

function inPipeline({ commands }: Pipeline, atRoot: boolean): LabelReference[] {
  return commands.flatMap(({ operands }) => {
    const [first, second, third] = operands;
    // `or` and `and` are conditions too; `index $labels "name"` reads a label as `$labels.name` does.
    if (first?.type === 'function' && /^(?:or|and)$/.test(first.name)) return [];
    if (first?.type === 'function' && first.name === 'index' && second && isLabels(second, atRoot))
      return third?.type === 'constant' && typeof third.value === 'string'
        ? [{ name: third.value, start: third.span.start, end: third.span.end }]
        : [];
    return operands.flatMap((operand) => inOperand(operand, atRoot));
  });
}

function isLabels(operand: Operand, atRoot: boolean): boolean {
  if (operand.type === 'variable') return operand.name === '$labels' && operand.names.length === 0;
  return atRoot && operand.type === 'field' && operand.names.join('.') === 'Labels';
}

function inOperand(operand: Operand, atRoot: boolean): LabelReference[] {
  if (operand.type === 'pipeline') return inPipeline(operand.pipeline, atRoot);
  const { start, end } = operand.span;
  if (operand.type === 'variable' && operand.name === '$labels' && operand.names.length === 1)
    return [{ name: operand.names[0]!, start, end: end + operand.names[0]!.length + 1 }];
  if (atRoot && operand.type === 'field' && operand.names[0] === 'Labels' && operand.names.length === 2)
    return [{ name: operand.names[1]!, start, end: end + operand.names[1]!.length + 1 }];
  return [];
}
