// One criterion of a quality gate, in Keptn's words: `<600`, `<=+10%`, `>-5`. Syntax and meaning follow the specification of
// service level objectives of keptn/spec and the lighthouse service that carried it out; where that service read nonsense as
// something, it is a mistake with its place here.

export type CriterionOperator = '<' | '<=' | '=' | '>=' | '>';

export interface Criterion {
  readonly text: string;
  readonly operator: CriterionOperator;
  /** Never negative when `relative` is set: its direction says which way it goes. */
  readonly value: number;
  /** How `value` changes the earlier result; absent for a fixed threshold. */
  readonly relative?: { readonly by: 'percent' | 'amount'; readonly direction: 'up' | 'down' };
}

export type CriterionRead =
  | { readonly ok: true; readonly criterion: Criterion }
  | {
      readonly ok: false;
      readonly message: string;
      /** Where in the text, in UTF-16 units. */
      readonly offset: number;
      readonly length: number;
    };

export const criterionExpected = 'a comparison such as <600, <=+10%, >-5 or =0';

const operatorAt = /\s*(<=|>=|<|>|=)/y;
const signAt = /\s*([+-]?)/y;
const numberAt = /\s*(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)/y;
const percentAt = /\s*(%?)\s*/y;

/** A trailing % compares with the earlier result even without a sign: `<=10%` is `<=+10%` (keptn/keptn#1498). */
export function readCriterion(text: string): CriterionRead {
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match?.[1];
  };
  const wrong = (message: string): CriterionRead => ({
    ok: false,
    message: `${JSON.stringify(text)}: ${message}`,
    offset: Math.min(at, Math.max(0, text.length - 1)),
    length: Math.max(1, text.length - at),
  });
  const operator = take(operatorAt) as CriterionOperator | undefined;
  if (!operator) return wrong('no operator <, <=, =, >= or >');
  const sign = take(signAt);
  const number = take(numberAt);
  if (number === undefined) return wrong(`no number after ${text.slice(0, at).trim()}`);
  const percent = take(percentAt) === '%';
  if (at < text.length) return wrong('more follows where the criterion ends');
  const relative: Criterion['relative'] =
    percent || sign
      ? { by: percent ? 'percent' : 'amount', direction: sign === '-' ? 'down' : 'up' }
      : undefined;
  return { ok: true, criterion: { text, operator, value: Number(number), ...(relative && { relative }) } };
}

/** What the measured value is compared with; `earlier` is the aggregate of earlier results. */
export function targetOf({ value, relative }: Criterion, earlier: number): number {
  if (!relative) return value;
  const signed = relative.direction === 'up' ? value : -value;
  return relative.by === 'percent' ? (earlier * (100 + signed)) / 100 : earlier + signed;
}

export function isMet(operator: CriterionOperator, measured: number, target: number): boolean {
  switch (operator) {
    case '<':
      return measured < target;
    case '<=':
      return measured <= target;
    case '=':
      return measured === target;
    case '>=':
      return measured >= target;
    case '>':
      return measured > target;
  }
}
