// html/template's escaping: what an action prints is escaped by where it stands, in text, a tag, an attribute, an
// address, a style or a script. Go finds the contexts before anything runs and refuses templates whose branches end
// in different ones; here they are followed while the template runs, which gives the same text for all that Go takes.
// https://pkg.go.dev/html/template#hdr-Contexts

import type { TemplateWriter } from './executor.ts';
import { HtmlContext } from './html-context.ts';
import {
  escapeCss,
  escapeInAddress,
  escapeInScript,
  escapeScriptString,
  filterAddress,
} from './html-escapes.ts';
import { SafeHtml, SafeUrl } from './safe-text.ts';
import { printValue, type Value } from './values.ts';

const failsafe = 'ZgotmplZ';

export class HtmlWriter implements TemplateWriter {
  readonly #context = new HtmlContext();

  text(text: string): string {
    return this.#context.read(text);
  }

  value(value: Value): string {
    const context = this.#context;
    context.beginValue();
    const plain = value === null ? '' : printValue(value);
    switch (context.place) {
      case 'text':
        return value instanceof SafeHtml ? value.text : escapeHtml(plain);
      case 'raw-text':
        return value instanceof SafeHtml ? normalizeHtml(value.text) : escapeHtml(plain);
      case 'comment':
        return '';
      case 'tag':
        return /^[A-Za-z][\w-]*$/.test(plain) && !/^(?:on|style|src|href)/i.test(plain) ? plain : failsafe;
      case 'script':
        return escapeInScript(value);
      case 'script-string':
        return escapeScriptString(plain);
      case 'style':
        return escapeCss(plain, failsafe);
      case 'attribute':
        return this.#attribute(value, plain);
    }
  }

  #attribute(value: Value, plain: string): string {
    const { kind, isQuoted } = this.#context.attribute;
    const inner = (): string => {
      if (kind === 'address') return this.#address(value, plain);
      if (kind === 'script') return escapeInScript(value);
      if (kind === 'script-string') return escapeScriptString(plain);
      if (kind === 'style') return escapeCss(plain, failsafe);
      return value instanceof SafeHtml ? stripTags(value.text) : plain;
    };
    const text = inner();
    if (isQuoted)
      return value instanceof SafeHtml && kind === 'plain' ? normalizeHtml(text) : escapeHtml(text);
    return text === '' ? failsafe : escapeUnquoted(text);
  }

  /** At its beginning an address must be of a harmless scheme; behind `?` or `#` whatever is printed is one part. */
  #address(value: Value, plain: string): string {
    const { addressPart } = this.#context.attribute;
    if (addressPart === 'query') return escapeInAddress(plain, 'part');
    const safe =
      addressPart === 'start' && !(value instanceof SafeUrl) ? filterAddress(plain, failsafe) : plain;
    const normalized = escapeInAddress(safe, 'whole');
    this.#context.addAddress(normalized);
    return normalized;
  }
}

const htmlEscapes: Readonly<Record<string, string>> = {
  '\0': '\uFFFD',
  '"': '&#34;',
  '&': '&amp;',
  "'": '&#39;',
  '+': '&#43;',
  '<': '&lt;',
  '>': '&gt;',
};

function escapeHtml(text: string): string {
  return text.replace(/[\0"&'+<>]/g, (char) => htmlEscapes[char]!);
}

/** The same for what is HTML already: its entities stay. */
function normalizeHtml(text: string): string {
  return text.replace(/[\0"'+<>]/g, (char) => htmlEscapes[char]!);
}

function escapeUnquoted(text: string): string {
  return escapeHtml(text).replace(/[\t\n\v\f\r =`]/g, (char) => `&#${char.charCodeAt(0)};`);
}

function stripTags(html: string): string {
  return html.replace(/<!--[\s\S]*?-->/g, '').replace(/<[^>]*>/g, '');
}
