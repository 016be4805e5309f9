// Text to tokens, one at a time and only when the parser asks: an error further on must not hide one that comes first.
// What a character means depends on where it stands: outside, inside braces, or inside brackets before the first
// number (where only duration arithmetic may stand). Error texts and their places are Prometheus's.

import { syntaxError } from '../errors.ts';
import { scanDuration, scanNumber } from './number-scanner.ts';
import { quote } from './quote.ts';
import { checkString } from './string-scanner.ts';
import { keywords, type Token } from './tokens.ts';

const durationWords: ReadonlySet<string> = new Set(['step', 'range', 'max_of', 'min_of']);

export class Lexer {
  readonly text: string;
  #position = 0;
  #parenDepth = 0;
  #braceOpen = false;
  #bracketOpen = false;
  /** Between `[` and the first number: the stricter rules for durations apply. */
  #durationOnly = false;
  #gotColon = false;

  constructor(text: string) {
    this.text = text;
  }

  next(): Token {
    this.#skipBlanks();
    if (this.#braceOpen) return this.#insideBraces();
    return this.#durationOnly ? this.#insideDuration() : this.#outside();
  }

  #skipBlanks(): void {
    for (;;) {
      while (isSpace(this.text[this.#position])) this.#position++;
      if (this.text[this.#position] !== '#' || this.#durationOnly) return;
      const newline = /[\r\n]/.exec(this.text.slice(this.#position));
      this.#position = newline ? this.#position + newline.index : this.text.length;
    }
  }

  #outside(): Token {
    const { text } = this;
    const start = this.#position;
    const char = this.#charAt(start);
    if (char === '') {
      if (this.#parenDepth !== 0) this.#fail('unclosed left parenthesis', start);
      if (this.#bracketOpen) this.#fail('unclosed left bracket', start);
      return { kind: 'eof', text: '', start, end: start };
    }
    const pair = text.slice(start, start + 2);
    if (pair === '=~') this.#fail("unexpected character after '=': '~'", start);
    if (char === '!' && pair !== '!=') {
      this.#fail(`unexpected character after '!': ${quoteChar(this.#charAt(start + 1))}`, start);
    }
    if (['==', '!=', '<=', '>=', '</', '>/'].includes(pair)) return this.#emit(pair, 2);
    if (',*/%+-^=<>@'.includes(char)) return this.#emit(char, 1);
    if (isDigit(char) || (char === '.' && isDigit(text[start + 1]))) return this.#number();
    if ('"\'`'.includes(char)) return this.#string();
    if (isAlpha(char) || char === ':') return this.#word(char);
    return this.#bracket(char);
  }

  #bracket(char: string): Token {
    const start = this.#position;
    switch (char) {
      case '(':
      case ')':
        return this.#paren(char);
      case '{':
        this.#braceOpen = true;
        return this.#emit('{', 1);
      case '[':
        if (this.#bracketOpen) this.#fail(`unexpected left bracket '['`, start);
        this.#bracketOpen = true;
        this.#durationOnly = true;
        this.#gotColon = false;
        return this.#emit('[', 1);
      case ']':
        if (!this.#bracketOpen) this.#fail(`unexpected right bracket ']'`, start);
        this.#bracketOpen = false;
        return this.#emit(']', 1);
      default:
        return this.#fail(`unexpected character: ${quoteChar(char)}`, start);
    }
  }

  #paren(char: '(' | ')'): Token {
    this.#parenDepth += char === '(' ? 1 : -1;
    const token = this.#emit(char, 1);
    if (this.#parenDepth < 0) this.#fail(`unexpected right parenthesis ')'`, token.end);
    return token;
  }

  #insideDuration(): Token {
    const start = this.#position;
    const char = this.#charAt(start);
    if (char === '') this.#fail('unexpected end of input in duration expression', start);
    if (char === ']') {
      this.#durationOnly = false;
      this.#bracketOpen = false;
      return this.#emit(']', 1);
    }
    if (char === ':') {
      this.#fail('unexpected colon before duration in duration expression', start + 1);
    }
    if (char === '(' || char === ')') return this.#paren(char);
    if ('+-*/%^,'.includes(char)) return this.#emit(char, 1);
    if (isDigit(char) || (char === '.' && isDigit(this.text[start + 1]))) {
      this.#durationOnly = false;
      return this.#number();
    }
    return (
      this.#durationWord() ??
      this.#fail(`unexpected character in duration expression: ${quoteChar(char)}`, start)
    );
  }

  #insideBraces(): Token {
    const start = this.#position;
    const char = this.#charAt(start);
    if (char === '') this.#fail('unexpected end of input inside braces', start);
    if (isAlpha(char)) {
      const length = /^\w+/.exec(this.text.slice(start))![0].length;
      return this.#emit('identifier', length);
    }
    if (char === ',') return this.#emit(',', 1);
    if ('"\'`'.includes(char)) return this.#string();
    const pair = this.text.slice(start, start + 2);
    if (['=~', '!~', '!='].includes(pair)) return this.#emit(pair, 2);
    if (char === '=') return this.#emit('=', 1);
    if (char === '!') {
      const following = quoteChar(this.#charAt(start + 1));
      this.#fail(`unexpected character after '!' inside braces: ${following}`, start);
    }
    if (char === '{') this.#fail(`unexpected left brace '{'`, start);
    if (char !== '}') this.#fail(`unexpected character inside braces: ${quoteChar(char)}`, start);
    this.#braceOpen = false;
    return this.#emit('}', 1);
  }

  #word(char: string): Token {
    const start = this.#position;
    if (this.#bracketOpen) return this.#wordInBrackets(char);
    const word = /^[\w:]+/.exec(this.text.slice(start))![0];
    const kind = keywords.get(word.toLowerCase());
    // A metric may be called `fill`: it is the modifier only before a parenthesis.
    const isName = kind?.startsWith('fill') && !/^\s*\(/.test(this.text.slice(start + word.length));
    if (kind !== undefined && !isName) return this.#emit(kind, word.length);
    return this.#emit(word.includes(':') ? 'metricIdentifier' : 'identifier', word.length);
  }

  #wordInBrackets(char: string): Token {
    const start = this.#position;
    if (char !== ':') {
      return (
        this.#durationWord() ?? this.#fail(`unexpected character: ${quoteChar(char)}, expected ':'`, start)
      );
    }
    if (this.#gotColon) this.#fail(`unexpected colon ':'`, start);
    this.#gotColon = true;
    return this.#emit(':', 1);
  }

  #durationWord(): Token | undefined {
    const word = /^[a-z_]+/i.exec(this.text.slice(this.#position))?.[0] ?? '';
    return durationWords.has(word.toLowerCase()) ? this.#emit(word.toLowerCase(), word.length) : undefined;
  }

  #number(): Token {
    const start = this.#position;
    const number = scanNumber(this.text, start);
    if (number.ok) return this.#emit('number', number.end - start);
    const duration = scanDuration(this.text, number.end);
    if (duration.ok) return this.#emit('duration', duration.end - start);
    return this.#fail(`bad number or duration syntax: ${quote(this.text.slice(start, duration.end))}`, start);
  }

  #string(): Token {
    const start = this.#position;
    const scanned = checkString(this.text, start);
    if ('problem' in scanned) this.#fail(scanned.problem, start);
    return this.#emit('string', scanned.end - start);
  }

  #emit(kind: string, length: number): Token {
    const start = this.#position;
    this.#position += length;
    return { kind, text: this.text.slice(start, this.#position), start, end: this.#position };
  }

  /** The whole character at an offset, '' at the end. */
  #charAt(offset: number): string {
    const code = this.text.codePointAt(offset);
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  #fail(message: string, start: number): never {
    throw syntaxError(message, start, this.text.length);
  }
}

/** A character as Go's %q prints a rune; the end of the text is rune -1 there. */
function quoteChar(char: string): string {
  return quote(char === '' ? '\ufffd' : char, "'");
}

function isSpace(char: string | undefined): boolean {
  return char === ' ' || char === '\t' || char === '\n' || char === '\r';
}

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= '0' && char <= '9';
}

function isAlpha(char: string): boolean {
  return /^[A-Za-z_]$/.test(char);
}
