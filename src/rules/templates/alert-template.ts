// Templates in the labels and annotations of alerting rules: what they may use, checked when the rule file is read,
// and their expansion for one alert.

import { type AlertFunctionContext, alertFunctions } from './alert-functions.ts';
import { builtins } from './builtins.ts';
import { executeTemplate, TemplateExecutionError } from './executor.ts';
import type { FunctionMap } from './function.ts';
import { TemplateSyntaxError } from './lexer.ts';
import { type ParsedTemplate, parseTemplate } from './parser.ts';
import { StringMap, Struct } from './values.ts';

/** A label or annotation: plain text, or a template that is parsed once. */
export interface AlertTemplate {
  readonly text: string;
  readonly template: ParsedTemplate | undefined;
}

const variables = ['$labels', '$externalLabels', '$externalURL', '$value'];

const noContext: AlertFunctionContext = { atMs: 0, externalUrl: '', query: () => [] };
const functionNames = new Set([...builtins.keys(), ...alertFunctions(noContext).keys()]);

/** Throws a TemplateSyntaxError whose offsets count in `text`. */
export function parseAlertTemplate(text: string): AlertTemplate {
  if (!text.includes('{{')) return { text, template: undefined };
  return { text, template: parseTemplate(text, { functions: functionNames, variables }) };
}

const functionsByContext = new WeakMap<AlertFunctionContext, FunctionMap>();

function functionsOf(context: AlertFunctionContext): FunctionMap {
  let functions = functionsByContext.get(context);
  if (!functions) {
    functions = alertFunctions(context);
    functionsByContext.set(context, functions);
  }
  return functions;
}

export interface AlertTemplateData {
  readonly labels: Readonly<Record<string, string>>;
  readonly externalLabels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The text for one alert; a template that fails gives a text that says so, as Prometheus does. */
export function expandAlertTemplate(
  template: AlertTemplate,
  data: AlertTemplateData,
  context: AlertFunctionContext,
): string {
  if (!template.template) return template.text;
  const labels = new StringMap(Object.entries(data.labels));
  const externalLabels = new StringMap(Object.entries(data.externalLabels));
  const root = new Struct('alert', {
    Labels: labels,
    ExternalLabels: externalLabels,
    ExternalURL: context.externalUrl,
    Value: data.value,
  });
  try {
    return executeTemplate(template.template, root, {
      functions: functionsOf(context),
      variables: {
        $labels: labels,
        $externalLabels: externalLabels,
        $externalURL: context.externalUrl,
        $value: data.value,
      },
    });
  } catch (error) {
    if (error instanceof TemplateExecutionError || error instanceof TemplateSyntaxError)
      return `<error expanding template: ${error.message}>`;
    throw error;
  }
}
