// What a template function is: a name, the types that it takes, and what it does. Types are checked before the
// call, with Go's messages.

import { isList, printValue, StringMap, Struct, typeName, type Value } from './values.ts';

type ParameterType = 'any' | 'string' | 'int' | 'float' | 'list' | 'sample' | 'time';

export interface TemplateFunction {
  readonly parameters: readonly ParameterType[];
  /** Type of any number of further arguments. */
  readonly rest?: ParameterType;
  call(...args: Value[]): Value;
}

export type FunctionMap = ReadonlyMap<string, TemplateFunction>;

/** Why a call or an evaluation failed; the executor adds the place. */
export class TemplateValueError extends Error {}

export function checkArguments(name: string, fn: TemplateFunction, args: readonly Value[]): void {
  const wanted = fn.parameters.length;
  if (args.length < wanted || (args.length > wanted && !fn.rest)) {
    const atLeast = fn.rest ? 'at least ' : '';
    throw new TemplateValueError(
      `wrong number of args for ${name}: want ${atLeast}${wanted} got ${args.length}`,
    );
  }
  args.forEach((arg, i) => {
    const type = fn.parameters[i] ?? fn.rest!;
    if (!accepts(type, arg))
      throw new TemplateValueError(
        `wrong type for an argument of ${name}; expected ${goNames[type]}; got ${typeName(arg)} ${printValue(arg).slice(0, 60)}`,
      );
  });
}

const goNames: Record<ParameterType, string> = {
  any: 'any value',
  string: 'string',
  int: 'int',
  float: 'float64',
  list: 'a list',
  sample: 'a sample of a query',
  time: 'a time',
};

function accepts(type: ParameterType, value: Value): boolean {
  switch (type) {
    case 'any':
      return true;
    case 'string':
      return typeof value === 'string';
    case 'int':
      return typeof value === 'bigint';
    case 'float':
      return typeof value === 'number' || typeof value === 'bigint';
    case 'list':
      return isList(value);
    case 'sample':
      return value instanceof Struct && value.member('Labels') instanceof StringMap;
    case 'time':
      return value instanceof Struct && value.typeName === 'time.Time';
  }
}
