// Splits a template into text and the tokens inside `{{ … }}`. Offsets count characters of the whole template, so
// that an error can be shown inside the YAML line that the template came from.

import { unquote } from '../../promql/syntax/quote.ts';

export type TokenKind =
  | 'text'
  | 'open'
  | 'close'
  | 'word'
  | 'field'
  | 'variable'
  | 'string'
  | 'number'
  | 'char'
  | 'assign'
  | 'declare'
  | 'pipe'
  | 'paren-open'
  | 'paren-close'
  | 'comma'
  | 'space'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** The source text; for `string` and `char` the decoded value. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** What is wrong with a template, and where: character offsets into its text. */
export class TemplateSyntaxError extends Error {
  readonly start: number;
  readonly end: number;

  constructor(message: string, start: number, end = start + 1) {
    super(message);
    this.name = 'TemplateSyntaxError';
    this.start = start;
    this.end = end;
  }
}

const spaces = ' \t\r\n';
const wordPattern = /[\p{L}\p{Nd}_]+/uy;
const numberPattern =
  /[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*)?\.?\d[\d_]*\.?(?:[eE][+-]?\d+)?)/y;

export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const open = source.indexOf('{{', at);
    const textEnd = open < 0 ? source.length : open;
    const trimsBefore = open >= 0 && source[open + 2] === '-' && spaces.includes(source[open + 3] ?? 'x');
    const text = source.slice(at, textEnd);
    const kept = trimsBefore ? text.replace(/[ \t\r\n]+$/, '') : text;
    if (kept !== '') tokens.push({ kind: 'text', text: kept, start: at, end: at + kept.length });
    if (open < 0) break;
    at = tokenizeAction(source, open, open + (trimsBefore ? 3 : 2), tokens);
  }
  tokens.push({ kind: 'end', text: '', start: source.length, end: source.length });
  return tokens;
}

/** Reads one action; returns the offset where text goes on. */
function tokenizeAction(source: string, open: number, bodyStart: number, tokens: Token[]): number {
  const comment = /\s*\/\*/y;
  comment.lastIndex = bodyStart;
  if (comment.test(source)) return skipComment(source, open, comment.lastIndex);
  tokens.push({ kind: 'open', text: '{{', start: open, end: bodyStart });
  let at = bodyStart;
  let depth = 0;
  for (;;) {
    const end = closeAt(source, at);
    if (end !== undefined) {
      if (depth > 0) throw new TemplateSyntaxError('unclosed left paren', at);
      tokens.push({ kind: 'close', text: '}}', start: at, end });
      return textAfterClose(source, at, end);
    }
    if (at >= source.length) throw new TemplateSyntaxError('unclosed action', open, open + 2);
    const token = nextToken(source, at, open);
    if (token.kind === 'paren-open') depth++;
    if (token.kind === 'paren-close' && --depth < 0)
      throw new TemplateSyntaxError('unexpected right paren', at);
    tokens.push(token);
    at = token.end;
  }
}

/** The end of a closing `}}` or ` -}}` at this offset. */
function closeAt(source: string, at: number): number | undefined {
  if (source.startsWith('}}', at)) return at + 2;
  const trimmed = /[ \t\r\n]+-\}\}/y;
  trimmed.lastIndex = at;
  return trimmed.test(source) ? trimmed.lastIndex : undefined;
}

function textAfterClose(source: string, start: number, end: number): number {
  if (source.startsWith('}}', start)) return end;
  let at = end;
  while (at < source.length && spaces.includes(source[at]!)) at++;
  return at;
}

function skipComment(source: string, open: number, bodyStart: number): number {
  const bodyEnd = source.indexOf('*/', bodyStart);
  if (bodyEnd < 0) throw new TemplateSyntaxError('unclosed comment', open, open + 2);
  const end = closeAt(source, bodyEnd + 2);
  if (end === undefined)
    throw new TemplateSyntaxError('comment ends before closing delimiter', bodyEnd, bodyEnd + 2);
  return textAfterClose(source, bodyEnd + 2, end);
}

const punctuation: Record<string, TokenKind> = {
  '|': 'pipe',
  '(': 'paren-open',
  ')': 'paren-close',
  ',': 'comma',
  '=': 'assign',
};

function nextToken(source: string, at: number, open: number): Token {
  const char = source[at]!;
  const token = (kind: TokenKind, end: number, text = source.slice(at, end)): Token => ({
    kind,
    text,
    start: at,
    end,
  });
  if (spaces.includes(char)) {
    // The caller has looked for a closing ` -}}` that begins with this space.
    let end = at + 1;
    while (end < source.length && spaces.includes(source[end]!) && closeAt(source, end) === undefined) end++;
    return token('space', end);
  }
  if (source.startsWith(':=', at)) return token('declare', at + 2);
  const single = punctuation[char];
  if (single) return token(single, at + 1);
  if (char === '"') return quoted(source, at, open);
  if (char === '`') return raw(source, at);
  if (char === "'") return character(source, at);
  if (char === '$') return token('variable', wordEnd(source, at + 1));
  if (char === '.' && !/\d/.test(source[at + 1] ?? '')) return token('field', wordEnd(source, at + 1));
  if (/[\d+\-.]/.test(char)) {
    numberPattern.lastIndex = at;
    if (numberPattern.test(source)) {
      const end = numberPattern.lastIndex;
      if (wordEnd(source, end) > end)
        throw new TemplateSyntaxError(
          `bad number syntax: ${JSON.stringify(source.slice(at, wordEnd(source, end)))}`,
          at,
          wordEnd(source, end),
        );
      return token('number', end);
    }
  }
  const end = wordEnd(source, at);
  if (end > at) return token('word', end);
  throw new TemplateSyntaxError(`unexpected ${JSON.stringify(char)} in an action`, at);
}

function wordEnd(source: string, at: number): number {
  wordPattern.lastIndex = at;
  return wordPattern.test(source) ? wordPattern.lastIndex : at;
}

function quoted(source: string, at: number, open: number): Token {
  let end = at + 1;
  while (source[end] !== '"') {
    if (end >= source.length || source[end] === '\n')
      throw new TemplateSyntaxError('unterminated quoted string', at, Math.max(end, open + 2));
    end += source[end] === '\\' ? 2 : 1;
  }
  return { kind: 'string', text: decoded(source.slice(at, end + 1), at), start: at, end: end + 1 };
}

function raw(source: string, at: number): Token {
  const end = source.indexOf('`', at + 1);
  if (end < 0) throw new TemplateSyntaxError('unterminated raw quoted string', at, source.length);
  return { kind: 'string', text: source.slice(at + 1, end), start: at, end: end + 1 };
}

function character(source: string, at: number): Token {
  const body = /'(?:\\.[^']*|[^'\\\n])'/uy;
  body.lastIndex = at;
  const match = body.exec(source);
  if (!match) throw new TemplateSyntaxError('unterminated character constant', at);
  return { kind: 'char', text: decoded(match[0], at), start: at, end: body.lastIndex };
}

/** Matches each character and each good escape whole; a backslash that is matched alone begins a bad one. */
const characterOrEscape =
  /\\(?![abfnrtv\\"']|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3})|(?:\\.|[^\\])/gsu;

/** The text of a literal in quotes at `offset`; an escape that Go does not know is an error. */
function decoded(literal: string, offset: number): string {
  for (const match of literal.matchAll(characterOrEscape)) {
    if (match[0] !== '\\') continue;
    const at = offset + match.index;
    throw new TemplateSyntaxError('unknown escape in a string', at, at + 2);
  }
  return unquote(literal);
}
