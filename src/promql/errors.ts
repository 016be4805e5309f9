// What can be wrong with an expression before it runs (a PromqlError, with its place in the text) and while it runs
// (a UserError with Prometheus's message).

import { UserError } from '../base/diagnostics.ts';
import { formatPosition } from './position.ts';

export interface PromqlError {
  /** Syntax, type, or a feature that is not evaluated. */
  readonly code: 'FD201' | 'FD202' | 'FD203';
  /** Prometheus's text, without the position. */
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

/** The whole line as Prometheus prints it: `1:5: parse error: unclosed left parenthesis`. */
export function formatPromqlError(text: string, error: PromqlError): string {
  return `${formatPosition(text, error.start)}: parse error: ${error.message}`;
}

/** Ends parsing or checking; never leaves parser.ts. */
export class ParseFailure extends Error {
  readonly error: PromqlError;

  constructor(code: PromqlError['code'], message: string, start: number, end: number) {
    super(message);
    this.error = { code, message, start, end };
  }
}

export function syntaxError(message: string, start: number, end: number): ParseFailure {
  return new ParseFailure('FD201', message, start, end);
}

export function typeError(message: string, start: number, end: number): ParseFailure {
  return new ParseFailure('FD202', message, start, end);
}

/** A failed evaluation, with Prometheus's message. */
export function queryError(message: string): UserError {
  return UserError.of('FD204', message);
}
