// Runs a parsed template. Output, steps and the depth of template calls are bounded, so that a template that
// recurses or prints without end becomes an error and not a hang.

import { builtins } from './builtins.ts';
import { checkArguments, type FunctionMap, type TemplateFunction, TemplateValueError } from './function.ts';
import type { Command, ControlNode, Operand, Pipeline, Span, TemplateNode } from './nodes.ts';
import type { ParsedTemplate } from './parser.ts';
import { sizeOf, valueSizeMax } from './value-size.ts';
import { isList, isTrue, methodOf, printValue, StringMap, Struct, typeName, type Value } from './values.ts';

interface TemplateLimits {
  readonly outputCharactersMax: number;
  readonly stepsMax: number;
  /** How deep templates may call templates. */
  readonly depthMax: number;
}

const defaultTemplateLimits: TemplateLimits = {
  outputCharactersMax: 1024 * 1024,
  stepsMax: 1_000_000,
  depthMax: 200,
};

/** A failure while running, with its place in the template's text. */
export class TemplateExecutionError extends Error {
  readonly start: number;
  readonly end: number;

  constructor(message: string, span: Span) {
    super(message);
    this.name = 'TemplateExecutionError';
    this.start = span.start;
    this.end = span.end;
  }
}

/** Stands between a template and its output: html/template escapes what actions print by the text around them. */
export interface TemplateWriter {
  /** What the template says itself. */
  text(text: string): string;
  /** What an action gives. */
  value(value: Value): string;
}

const plainWriter: TemplateWriter = {
  text: (text) => text,
  value: (value) => (value === null ? '<no value>' : printValue(value)),
};

export interface ExecuteOptions {
  readonly functions: FunctionMap;
  /** Variables that exist from the start, with their `$`. */
  readonly variables?: Readonly<Record<string, Value>>;
  readonly limits?: TemplateLimits;
  /** Prints everything as it is when absent. */
  readonly writer?: TemplateWriter;
}

/** The text that the template gives for `data`. Throws a TemplateExecutionError. */
export function executeTemplate(template: ParsedTemplate, data: Value, options: ExecuteOptions): string {
  return new Execution(template, options).run(data);
}

type Flow = 'next' | 'break' | 'continue';

interface Variable {
  readonly name: string;
  value: Value;
}

class Execution {
  readonly #template: ParsedTemplate;
  readonly #functions: FunctionMap;
  readonly #limits: TemplateLimits;
  readonly #writer: TemplateWriter;
  readonly #initial: readonly Variable[];
  #variables: Variable[] = [];
  #output: string[] = [];
  #outputCharacters = 0;
  #steps = 0;
  #depth = 0;

  constructor(template: ParsedTemplate, options: ExecuteOptions) {
    this.#template = template;
    this.#functions = options.functions;
    this.#limits = options.limits ?? defaultTemplateLimits;
    this.#writer = options.writer ?? plainWriter;
    this.#initial = Object.entries(options.variables ?? {}).map(([name, value]) => ({ name, value }));
  }

  run(data: Value): string {
    this.#variables = [{ name: '$', value: data }, ...this.#initial.map((variable) => ({ ...variable }))];
    this.#walk(this.#template.body, data);
    return this.#output.join('');
  }

  #walk(nodes: readonly TemplateNode[], dot: Value): Flow {
    for (const node of nodes) {
      const flow = this.#node(node, dot);
      if (flow !== 'next') return flow;
    }
    return 'next';
  }

  #node(node: TemplateNode, dot: Value): Flow {
    switch (node.type) {
      case 'text':
        this.#write(this.#writer.text(node.text), { start: 0, end: 0 });
        return 'next';
      case 'action': {
        const value = this.#pipeline(node.pipeline, dot);
        if (node.pipeline.variables.length === 0) this.#write(this.#writer.value(value), node.pipeline.span);
        return 'next';
      }
      case 'if':
      case 'with': {
        const declared = this.#variables.length;
        const value = this.#pipeline(node.pipeline, dot);
        const flow = isTrue(value)
          ? this.#walk(node.body, node.type === 'with' ? value : dot)
          : this.#walk(node.otherwise, dot);
        this.#variables.length = declared;
        return flow;
      }
      case 'range':
        return this.#range(node, dot);
      case 'template':
        this.#call(node, dot);
        return 'next';
      default:
        return node.type;
    }
  }

  #range(node: ControlNode, dot: Value): Flow {
    const declared = this.#variables.length;
    // The variables of a range hold its elements, not the collection.
    const { variables } = node.pipeline;
    const collection = this.#pipeline({ ...node.pipeline, variables: [] }, dot);
    const entries = this.#entries(collection, node.pipeline.span);
    const outer = this.#variables.length;
    for (const [key, value] of entries) {
      this.#step(node.pipeline.span);
      const names = variables.length === 2 ? [key, value] : variables.length === 1 ? [value] : [];
      names.forEach((bound, i) => {
        this.#bind(variables[i]!, bound, node.pipeline);
      });
      const flow = this.#walk(node.body, value);
      this.#variables.length = outer;
      if (flow === 'break') break;
    }
    const flow = entries.length === 0 ? this.#walk(node.otherwise, dot) : 'next';
    this.#variables.length = declared;
    return flow;
  }

  #entries(collection: Value, span: Span): [Value, Value][] {
    if (collection === null) return [];
    if (isList(collection)) return collection.map((item, i) => [BigInt(i), item]);
    if (collection instanceof Map) return [...collection].sort(([a], [b]) => (a < b ? -1 : 1));
    if (typeof collection === 'bigint') {
      if (collection > BigInt(this.#limits.stepsMax)) throw this.#tooMany(span);
      return Array.from({ length: Math.max(0, Number(collection)) }, (_, i) => [BigInt(i), BigInt(i)]);
    }
    throw new TemplateExecutionError(`range can't iterate over ${printValue(collection)}`, span);
  }

  #call(node: TemplateNode & { type: 'template' }, dot: Value): void {
    const body = this.#template.defined.get(node.name);
    if (!body)
      throw new TemplateExecutionError(`template ${JSON.stringify(node.name)} not defined`, node.span);
    if (++this.#depth > this.#limits.depthMax)
      throw new TemplateExecutionError(
        `templates call each other more than ${this.#limits.depthMax} deep`,
        node.span,
      );
    const value = node.pipeline ? this.#pipeline(node.pipeline, dot) : null;
    const outer = this.#variables;
    this.#variables = [{ name: '$', value }];
    this.#walk(body, value);
    this.#variables = outer;
    this.#depth--;
  }

  #pipeline(pipeline: Pipeline, dot: Value): Value {
    let value: Value | undefined;
    for (const command of pipeline.commands) value = this.#command(command, dot, value);
    for (const name of pipeline.variables) this.#bind(name, value!, pipeline);
    return value!;
  }

  #bind(name: string, value: Value, { declares, span }: Pipeline): void {
    if (declares) this.#variables.push({ name, value });
    else this.#variable(name, span).value = value;
  }

  #variable(name: string, span: Span): Variable {
    for (let i = this.#variables.length - 1; i >= 0; i--) {
      if (this.#variables[i]!.name === name) return this.#variables[i]!;
    }
    throw new TemplateExecutionError(`undefined variable: ${name}`, span);
  }

  /** `piped` is the result of the command before, which becomes the last argument. */
  #command(command: Command, dot: Value, piped: Value | undefined): Value {
    this.#step(command.span);
    const [first, ...rest] = command.operands as [Operand, ...Operand[]];
    if (first.type === 'function') return this.#function(first.name, first.span, rest, dot, piped);
    if (first.type === 'nil') throw new TemplateExecutionError('nil is not a command', first.span);
    const names = operandNames(first);
    if (names.length === 0) {
      if (rest.length > 0 || piped !== undefined)
        throw new TemplateExecutionError(
          `can't give argument to non-function ${operandName(first)}`,
          first.span,
        );
      return this.#operand(first, dot);
    }
    const args = rest.map((operand) => this.#operand(operand, dot));
    if (piped !== undefined) args.push(piped);
    return this.#chain(this.#base(first, dot), names, args, first.span);
  }

  #operand(operand: Operand, dot: Value): Value {
    if (operand.type === 'function') return this.#function(operand.name, operand.span, [], dot, undefined);
    return this.#chain(this.#base(operand, dot), operandNames(operand), [], operand.span);
  }

  /** The value that an operand's field names begin at. */
  #base(operand: Operand, dot: Value): Value {
    switch (operand.type) {
      case 'dot':
      case 'field':
        return dot;
      case 'nil':
        return null;
      case 'constant':
        return operand.value;
      case 'variable':
        return this.#variable(operand.name, operand.span).value;
      case 'pipeline':
        return this.#pipeline(operand.pipeline, dot);
      default:
        throw new Error(`a ${operand.type} has no value of its own`);
    }
  }

  /** `.A.B.C arg`: the arguments go to the last name. */
  #chain(base: Value, names: readonly string[], args: readonly Value[], span: Span): Value {
    return names.reduce<Value>(
      (value, name, i) => this.#field(value, name, i === names.length - 1 ? args : [], span),
      base,
    );
  }

  #field(value: Value, name: string, args: readonly Value[], span: Span): Value {
    const method = methodOf(value, name);
    if (method) return this.#guard(span, name, () => method(...args));
    if (value instanceof Struct) {
      const member = value.member(name);
      if (typeof member === 'function') return this.#guard(span, name, () => member(...args));
      if (member !== undefined && args.length === 0) return member;
      if (member !== undefined)
        throw new TemplateExecutionError(`${name} has arguments but cannot be invoked as function`, span);
    } else if (value instanceof Map) {
      if (args.length > 0)
        throw new TemplateExecutionError(`${name} is not a method but has arguments`, span);
      return value.get(name) ?? (value instanceof StringMap ? '' : null);
    }
    if (value === null)
      throw new TemplateExecutionError(`nil data; no entry for key ${JSON.stringify(name)}`, span);
    throw new TemplateExecutionError(`can't evaluate field ${name} in type ${typeName(value)}`, span);
  }

  #function(
    name: string,
    span: Span,
    operands: readonly Operand[],
    dot: Value,
    piped: Value | undefined,
  ): Value {
    if (name === 'and' || name === 'or') return this.#andOr(name, span, operands, dot, piped);
    const fn = this.#functions.get(name) ?? builtins.get(name);
    if (!fn) throw new Error(`function ${name} passed the parser but does not exist`);
    const args = operands.map((operand) => this.#operand(operand, dot));
    if (piped !== undefined) args.push(piped);
    return this.#guard(span, name, () => bounded([invoke(name, fn, bounded(args))])[0]!);
  }

  #andOr(
    name: 'and' | 'or',
    span: Span,
    operands: readonly Operand[],
    dot: Value,
    piped: Value | undefined,
  ): Value {
    if (operands.length === 0 && piped === undefined)
      throw new TemplateExecutionError(`wrong number of args for ${name}: want at least 1 got 0`, span);
    let value: Value = null;
    for (const operand of operands) {
      value = this.#operand(operand, dot);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return piped === undefined ? value : piped;
  }

  #guard(span: Span, name: string, call: () => Value): Value {
    try {
      return call();
    } catch (error) {
      if (error instanceof TemplateValueError)
        throw new TemplateExecutionError(`error calling ${name}: ${error.message}`, span);
      throw error;
    }
  }

  #write(text: string, span: Span): void {
    this.#step(span);
    this.#outputCharacters += text.length;
    if (this.#outputCharacters > this.#limits.outputCharactersMax)
      throw new TemplateExecutionError(
        `prints more than ${this.#limits.outputCharactersMax} characters`,
        span,
      );
    this.#output.push(text);
  }

  #step(span: Span): void {
    if (++this.#steps > this.#limits.stepsMax) throw this.#tooMany(span);
  }

  #tooMany(span: Span): TemplateExecutionError {
    return new TemplateExecutionError(`takes more than ${this.#limits.stepsMax} steps`, span);
  }
}

/** Throws when the values hold more than a template may work with. */
function bounded(values: readonly Value[]): readonly Value[] {
  let size = 0;
  for (const value of values) size += sizeOf(value);
  if (size > valueSizeMax) throw new TemplateValueError(`a value has more than ${valueSizeMax} characters`);
  return values;
}

function invoke(name: string, fn: TemplateFunction, args: readonly Value[]): Value {
  checkArguments(name, fn, args);
  return fn.call(...args);
}

function operandNames(operand: Operand): readonly string[] {
  return operand.type === 'field' || operand.type === 'variable' || operand.type === 'pipeline'
    ? operand.names
    : [];
}

function operandName(operand: Operand): string {
  if (operand.type === 'constant') return printValue(operand.value);
  return operand.type === 'variable' ? operand.name : operand.type;
}
