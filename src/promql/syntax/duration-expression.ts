// Durations in `[...]` and after `offset`: a literal, or arithmetic over literals, step(), range(), min_of and max_of.

import type { DurationExpr, NumberLiteral } from '../ast.ts';
import { syntaxError } from '../errors.ts';
import { isOutOfRange } from './durations.ts';
import { parseNumberToken } from './grouping.ts';
import type { TokenStream } from './token-stream.ts';

/** What an error says about the place: `subquery or range selector`. */
export interface DurationPlace {
  readonly context: string;
  readonly expected: string;
}

type DurationBinary = Extract<DurationExpr, { kind: 'durationBinary' }>;

const precedences: Readonly<Record<string, number>> = { '+': 1, '-': 1, '*': 2, '/': 2, '%': 2, '^': 3 };
const unaryPrecedence = 3;

/** A whole expression, as between brackets. */
export function parseDurationExpression(
  tokens: TokenStream,
  place: DurationPlace,
  precedenceMin = 1,
): DurationExpr {
  let left = parseOperand(tokens, place);
  for (;;) {
    const operator = tokens.peek();
    const precedence = precedences[operator.kind];
    if (precedence === undefined || precedence < precedenceMin) return left;
    tokens.take();
    // Power binds to the right, the others to the left.
    const right = parseDurationExpression(tokens, place, operator.kind === '^' ? precedence : precedence + 1);
    checkEnabled(tokens, left);
    if (right.kind === 'number' && right.value === 0 && (operator.kind === '/' || operator.kind === '%')) {
      const message = operator.kind === '/' ? 'division by zero' : 'modulo by zero';
      throw syntaxError(message, operator.start, operator.end);
    }
    const kind = operator.kind as DurationBinary['operator'];
    left = { kind: 'durationBinary', operator: kind, left, right, start: left.start, end: right.end };
  }
}

/** What may follow `offset`: one operand, so that `offset 5m + x` is an addition to the result. */
export function parseOffsetDuration(tokens: TokenStream, place: DurationPlace): DurationExpr {
  const sign = tokens.accept('-') ?? tokens.accept('+');
  if (!sign) return parseOperand(tokens, place);
  return applySign(sign.kind as '+' | '-', sign.start, parseOffsetDuration(tokens, place));
}

function checkEnabled(tokens: TokenStream, { start, end }: DurationExpr): void {
  if (tokens.features.has('promql-duration-expr')) return;
  throw syntaxError('experimental duration expression is not enabled', start, end);
}

function parseOperand(tokens: TokenStream, place: DurationPlace): DurationExpr {
  const first = tokens.peek();
  switch (first.kind) {
    case '+':
    case '-': {
      tokens.take();
      const operand = parseDurationExpression(tokens, place, unaryPrecedence);
      return applySign(first.kind, first.start, operand);
    }
    case '(': {
      tokens.take();
      const operand = parseDurationExpression(tokens, place);
      expect(tokens, ')', place);
      checkEnabled(tokens, operand);
      return { kind: 'durationParen', operand, start: first.start, end: tokens.lastEnd };
    }
    case 'step':
    case 'range': {
      tokens.take();
      expect(tokens, '(', place);
      expect(tokens, ')', place);
      const call = { kind: 'durationCall', name: first.kind, args: [], start: first.start } as const;
      checkEnabled(tokens, { ...call, end: tokens.lastEnd });
      return { ...call, end: tokens.lastEnd };
    }
    case 'min_of':
    case 'max_of': {
      tokens.take();
      expect(tokens, '(', place);
      const left = parseDurationExpression(tokens, place);
      expect(tokens, ',', place);
      const right = parseDurationExpression(tokens, place);
      expect(tokens, ')', place);
      const call = {
        kind: 'durationCall',
        name: first.kind,
        args: [left, right],
        start: first.start,
      } as const;
      checkEnabled(tokens, { ...call, end: tokens.lastEnd });
      return { ...call, end: tokens.lastEnd };
    }
    default:
      return parseLiteral(tokens, place);
  }
}

function parseLiteral(tokens: TokenStream, place: DurationPlace): NumberLiteral {
  const { kind, start, end } = tokens.peek();
  const value = parseNumberToken(tokens);
  if (value === undefined) throw tokens.unexpected(place.context, place.expected);
  if (isOutOfRange(value)) throw syntaxError('duration out of range', start, end);
  return { kind: 'number', value, duration: kind === 'duration', start, end };
}

function applySign(operator: '+' | '-', start: number, operand: DurationExpr): DurationExpr {
  if (operand.kind === 'number') {
    return { ...operand, value: operator === '-' ? -operand.value : operand.value, start };
  }
  if (operator === '+') return operand;
  return { kind: 'durationUnary', operator, operand, start, end: operand.end };
}

function expect(tokens: TokenStream, kind: string, place: DurationPlace): void {
  if (!tokens.accept(kind)) throw tokens.unexpected(place.context, place.expected);
}
