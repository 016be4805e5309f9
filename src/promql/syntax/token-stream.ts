// One token of lookahead over the lexer. A token is read only when it is looked at, so that errors come in the order in
// which Prometheus's parser would meet them.

import { type ParseFailure, syntaxError } from '../errors.ts';
import { type Features, noFeatures } from '../features.ts';
import { Lexer } from './lexer.ts';
import { describeToken, type Token } from './tokens.ts';

export class TokenStream {
  readonly text: string;
  readonly features: Features;
  readonly #lexer: Lexer;
  #lookahead: Token | undefined;
  #lastEnd = 0;

  constructor(text: string, features: Features = noFeatures) {
    this.text = text;
    this.features = features;
    this.#lexer = new Lexer(text);
  }

  peek(): Token {
    this.#lookahead ??= this.#lexer.next();
    return this.#lookahead;
  }

  take(): Token {
    const token = this.peek();
    this.#lookahead = undefined;
    this.#lastEnd = token.end;
    return token;
  }

  /** The next token if it is of this kind. */
  accept(kind: string): Token | undefined {
    return this.peek().kind === kind ? this.take() : undefined;
  }

  /** Where the last token that was taken ends. */
  get lastEnd(): number {
    return this.#lastEnd;
  }

  /** The error that the next token does not belong here. */
  unexpected(context = '', expected = ''): ParseFailure {
    const token = this.peek();
    const where = context === '' ? '' : ` in ${context}`;
    const wanted = expected === '' ? '' : `, expected ${expected}`;
    return syntaxError(`unexpected ${describeToken(token)}${where}${wanted}`, token.start, token.end);
  }
}
