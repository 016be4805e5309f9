// The templates of one Alertmanager configuration: the default ones, the files that it names, and the texts of its
// receivers, which may call both.

import { basename } from 'node:path';
import { UserError } from '../../../base/diagnostics.ts';
import { builtins } from '../../../rules/templates/builtins.ts';
import { executeTemplate, TemplateExecutionError } from '../../../rules/templates/executor.ts';
import { HtmlWriter } from '../../../rules/templates/html-writer.ts';
import { TemplateSyntaxError } from '../../../rules/templates/lexer.ts';
import type { TemplateNode } from '../../../rules/templates/nodes.ts';
import { notificationFunctions } from '../../../rules/templates/notification-functions.ts';
import { type ParsedTemplate, parseTemplate } from '../../../rules/templates/parser.ts';
import type { Value } from '../../../rules/templates/values.ts';
import { NotificationFailure } from '../notifier.ts';
import { defaultTemplates } from './default-templates.ts';

const functionNames = new Set([...builtins.keys(), ...notificationFunctions({ nowMs: 0 }).keys()]);
const parsedMax = 2000;

export interface TemplateFile {
  readonly file: string;
  readonly text: string;
}

export class NotificationTemplates {
  readonly #defined = new Map<string, readonly TemplateNode[]>();
  readonly #parsed = new Map<string, ParsedTemplate>();

  readonly #isComplete: boolean;

  /**
   * What a file defines replaces what stood before under that name. Throws FD409 for a file that is no template. Of a
   * remote configuration the files are not known: what they would define prints its name in brackets.
   */
  constructor(files: readonly TemplateFile[], { isComplete = true }: { readonly isComplete?: boolean } = {}) {
    this.#isComplete = isComplete;
    this.#add(parseTemplate(defaultTemplates, { functions: functionNames }));
    for (const { file, text } of files) this.#addFile(file, text);
  }

  /** The text that `template` gives for `data`. Throws a NotificationFailure. */
  expand(template: string, data: Value, how: 'text' | 'html', nowMs: number): string {
    if (!template.includes('{{')) return template;
    try {
      return executeTemplate(this.#parse(template), data, {
        functions: notificationFunctions({ nowMs }),
        ...(how === 'html' && { writer: new HtmlWriter() }),
      });
    } catch (error) {
      if (!(error instanceof TemplateExecutionError || error instanceof TemplateSyntaxError)) throw error;
      const shown = template.length > 60 ? `${template.slice(0, 60)}…` : template;
      throw new NotificationFailure(`the template ${JSON.stringify(shown)} fails: ${error.message}`, false);
    }
  }

  #parse(template: string): ParsedTemplate {
    const known = this.#parsed.get(template);
    if (known) return known;
    const { body, defined } = parseTemplate(template, { functions: functionNames });
    const parsed = { body, defined: new Map([...this.#defined, ...defined]) };
    if (!this.#isComplete) standIn(body, parsed.defined);
    if (this.#parsed.size >= parsedMax) this.#parsed.clear();
    this.#parsed.set(template, parsed);
    return parsed;
  }

  #addFile(file: string, text: string): void {
    try {
      const parsed = parseTemplate(text, { functions: functionNames });
      this.#add(parsed);
      // As Go's ParseGlob: what stands outside of definitions has the file's name.
      this.#defined.set(basename(file), parsed.body);
    } catch (error) {
      if (!(error instanceof TemplateSyntaxError)) throw error;
      const line = text.slice(0, error.start).split('\n').length;
      throw UserError.of('FD409', `${file}:${line}: ${error.message}`);
    }
  }

  #add({ defined }: ParsedTemplate): void {
    for (const [name, nodes] of defined) this.#defined.set(name, nodes);
  }
}

/** Defines what is called and not there. */
function standIn(nodes: readonly TemplateNode[], defined: Map<string, readonly TemplateNode[]>): void {
  for (const node of nodes) {
    if (node.type === 'template' && !defined.has(node.name))
      defined.set(node.name, [{ type: 'text', text: `[${node.name}]` }]);
    if ('body' in node) standIn([...node.body, ...node.otherwise], defined);
  }
}
