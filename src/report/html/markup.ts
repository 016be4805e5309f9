// HTML and SVG that cannot be injected into: everything that is put into a template is escaped, unless it is itself
// the result of a template.

import { visibleLines } from '../plain-text.ts';

export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

export type MarkupValue = Markup | string | number | undefined | null | false | readonly MarkupValue[];

/** A template tag: ``markup`<b>${name}</b>` ``. Lists are joined; undefined, null and false are nothing. */
export function markup(strings: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  let text = strings[0]!;
  for (const [index, value] of values.entries()) text += textOf(value) + strings[index + 1]!;
  return new Markup(text);
}

/** Text that we wrote ourselves and that is markup already: the style sheet, the script. Never anything else. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

function textOf(value: MarkupValue): string {
  if (value === undefined || value === null || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string') return escapeMarkup(value);
  if (typeof value === 'number') return String(value);
  return value.map(textOf).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeMarkup(text: string): string {
  return visibleLines(text).replace(/[&<>"']/g, (char) => entities[char]!);
}
