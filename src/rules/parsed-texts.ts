// The expressions and templates of one rule file, each parsed once: for the check of the file, and for its rules.

import { type Features, noFeatures } from '../promql/features.ts';
import { type ParsedExpr, parseExpr } from '../promql/parser.ts';
import { type AlertTemplate, parseAlertTemplate } from './templates/alert-template.ts';

export class ParsedTexts {
  readonly #features: Features;
  readonly #exprs = new Map<string, ParsedExpr>();
  readonly #templates = new Map<string, AlertTemplate>();

  constructor(features: Features = noFeatures) {
    this.#features = features;
  }

  expr(text: string): ParsedExpr {
    return known(this.#exprs, text, () => parseExpr(text, { features: this.#features }));
  }

  /** Throws a TemplateSyntaxError. */
  template(text: string): AlertTemplate {
    return known(this.#templates, text, () => parseAlertTemplate(text));
  }
}

function known<T>(cache: Map<string, T>, text: string, parse: () => T): T {
  let parsed = cache.get(text);
  if (parsed === undefined) {
    parsed = parse();
    cache.set(text, parsed);
  }
  return parsed;
}
