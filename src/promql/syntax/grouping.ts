// Label lists in parentheses (`by`, `without`, `on`, `ignoring`, `group_left`, `group_right`) and the modifiers of a
// binary operator.

import type { VectorMatching } from '../ast.ts';
import { syntaxError } from '../errors.ts';
import { parseDurationLiteral } from './durations.ts';
import { parseNumber } from './numbers.ts';
import { isValidLabelName, quote, unquote } from './quote.ts';
import type { TokenStream } from './token-stream.ts';
import { isGroupingLabel } from './tokens.ts';

const context = 'grouping opts';

/** `(a, "b", c)`; a trailing comma is allowed. */
export function parseGroupingLabels(tokens: TokenStream): string[] {
  if (!tokens.accept('(')) throw tokens.unexpected(context, '"("');
  const labels: string[] = [];
  if (tokens.accept(')')) return labels;
  for (;;) {
    labels.push(parseLabel(tokens));
    if (tokens.accept(')')) return labels;
    if (!tokens.accept(',')) throw tokens.unexpected(context, '"," or ")"');
    if (tokens.accept(')')) return labels;
  }
}

function parseLabel(tokens: TokenStream): string {
  const { kind } = tokens.peek();
  if (kind !== 'string' && !isGroupingLabel(kind)) throw tokens.unexpected(context, 'label');
  const token = tokens.take();
  const label = kind === 'string' ? unquote(token.text) : token.text;
  if (!isValidLabelName(label)) {
    throw syntaxError(`invalid label name for grouping: ${quote(label)}`, token.start, token.end);
  }
  return label;
}

/** `bool`, `on`/`ignoring` with `group_left`/`group_right`, `fill`: all that may follow a binary operator. */
export function parseBinaryModifiers(tokens: TokenStream): { bool: boolean; matching: VectorMatching } {
  const bool = tokens.accept('bool') !== undefined;
  let card: VectorMatching['card'] = 'one-to-one';
  let labels: string[] = [];
  let include: string[] = [];
  const matcher = tokens.accept('on') ?? tokens.accept('ignoring');
  if (matcher) {
    labels = parseGroupingLabels(tokens);
    const group = tokens.accept('group_left') ?? tokens.accept('group_right');
    if (group) {
      card = group.kind === 'group_left' ? 'many-to-one' : 'one-to-many';
      if (tokens.peek().kind === '(') include = parseGroupingLabels(tokens);
    }
  }
  const on = matcher?.kind === 'on';
  return { bool, matching: { card, on, labels, include, ...parseFill(tokens) } };
}

function parseFill(tokens: TokenStream): Pick<VectorMatching, 'fillLeft' | 'fillRight'> {
  if (tokens.accept('fill')) {
    const value = parseFillValue(tokens);
    return { fillLeft: value, fillRight: value };
  }
  let fillLeft: number | undefined;
  let fillRight: number | undefined;
  if (tokens.accept('fill_left')) {
    fillLeft = parseFillValue(tokens);
    if (tokens.accept('fill_right')) fillRight = parseFillValue(tokens);
  } else if (tokens.accept('fill_right')) {
    fillRight = parseFillValue(tokens);
    if (tokens.accept('fill_left')) fillLeft = parseFillValue(tokens);
  }
  return { fillLeft, fillRight };
}

function parseFillValue(tokens: TokenStream): number {
  if (!tokens.accept('(')) throw tokens.unexpected();
  const sign = tokens.accept('-') ? -1 : 1;
  if (sign === 1) tokens.accept('+');
  const value = parseNumberToken(tokens);
  if (value === undefined || !tokens.accept(')')) throw tokens.unexpected();
  return sign * value;
}

/** The value of a number or duration token (a duration in seconds), or undefined when the next token is neither. */
export function parseNumberToken(tokens: TokenStream): number | undefined {
  const { kind } = tokens.peek();
  if (kind !== 'number' && kind !== 'duration') return undefined;
  const token = tokens.take();
  if (kind === 'duration') {
    const duration = parseDurationLiteral(token.text);
    if ('problem' in duration) throw syntaxError(duration.problem, token.start, token.end);
    return duration.seconds;
  }
  const value = parseNumber(token.text);
  if (value !== undefined) return value;
  const reason = /^[\d.eE+_-]+$/.test(token.text) ? 'value out of range' : 'invalid syntax';
  const message = `error parsing number: strconv.ParseFloat: parsing ${quote(token.text)}: ${reason}`;
  throw syntaxError(message, token.start, token.end);
}
