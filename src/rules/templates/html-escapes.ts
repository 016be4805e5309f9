// The escapes of html/template for addresses, scripts and styles.

import { goJson } from './json.ts';
import { printValue, type Value } from './values.ts';

/** Only http, https, mailto and relative addresses; anything else could run as a script. */
export function filterAddress(text: string, failsafe: string): string {
  const scheme = /^([^/:]*):/.exec(text)?.[1];
  return scheme === undefined || /^(?:https?|mailto)$/i.test(scheme) ? text : `#${failsafe}`;
}

const unreserved = /[A-Za-z0-9._~-]/;
const reserved = /[!#$&*+,/:;=?@[\]]/;

/** A `whole` address keeps its separators and what is escaped already; a `part` of one keeps neither. */
export function escapeInAddress(text: string, how: 'whole' | 'part'): string {
  const bytes = Buffer.from(text);
  let out = '';
  bytes.forEach((byte, i) => {
    const char = String.fromCharCode(byte);
    const isEscape = char === '%' && /^[0-9A-Fa-f]{2}$/.test(bytes.subarray(i + 1, i + 3).toString('latin1'));
    const kept = unreserved.test(char) || (how === 'whole' && (reserved.test(char) || isEscape));
    out += kept ? char : `%${byte.toString(16).padStart(2, '0')}`;
  });
  return out;
}

/** A value in a script becomes a literal of it. */
export function escapeInScript(value: Value): string {
  if (value === null) return ' null ';
  if (typeof value === 'string') return goJson(value).replace(/[\u0027+/]/g, unicodeEscape);
  if (typeof value === 'object') return goJson(value);
  return ` ${printValue(value)} `;
}

/** A value within a string of a script. */
export function escapeScriptString(text: string): string {
  return text.replace(/[\0-\x1f"&'+/<>`\\\u2028\u2029]/g, (char) => {
    const short: Readonly<Record<string, string>> = {
      '\t': '\\t',
      '\n': '\\n',
      '\f': '\\f',
      '\r': '\\r',
      '/': '\\/',
      '\\': '\\\\',
    };
    return short[char] ?? unicodeEscape(char);
  });
}

function unicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Numbers, names and colours may stand in a style; what could end a declaration or run may not. */
export function escapeCss(text: string, failsafe: string): string {
  if (/[\0"'()/;@[\\\]`{}<>]|--/.test(text) || /expression|mozbinding/i.test(text.replace(/\\/g, '')))
    return failsafe;
  return text;
}
