// Go's text/template grammar, by recursive descent: https://pkg.go.dev/text/template describes the language. What
// is checked here, before anything runs: balanced actions, known functions, declared variables.

import { TemplateSyntaxError, type Token, type TokenKind, tokenize } from './lexer.ts';
import type { Command, Operand, Pipeline, TemplateNode } from './nodes.ts';

/** The body of a text and the templates that it defines by name. */
export interface ParsedTemplate {
  readonly body: readonly TemplateNode[];
  readonly defined: ReadonlyMap<string, readonly TemplateNode[]>;
}

export interface ParseOptions {
  /** Names of the functions that may be called beside the built-in ones. */
  readonly functions: { has(name: string): boolean };
  /** Variables that exist from the start, with their `$`. */
  readonly variables?: readonly string[];
}

const nestingMax = 100;

/** Throws a TemplateSyntaxError with the first mistake. */
export function parseTemplate(source: string, options: ParseOptions): ParsedTemplate {
  return new Parser(source, options).parse();
}

type EndWord = 'end' | 'else' | 'eof';

class Parser {
  readonly #tokens: readonly Token[];
  readonly #functions: ParseOptions['functions'];
  readonly #defined = new Map<string, readonly TemplateNode[]>();
  #variables: string[];
  #position = 0;
  #rangeDepth = 0;
  #nesting = 0;

  constructor(source: string, options: ParseOptions) {
    this.#tokens = tokenize(source);
    this.#functions = options.functions;
    this.#variables = ['$', ...(options.variables ?? [])];
  }

  parse(): ParsedTemplate {
    const { nodes, ended } = this.#list(['eof']);
    if (ended !== 'eof') throw new Error('parser stopped early');
    return { body: nodes, defined: this.#defined };
  }

  /** Nodes up to one of the words that may end this list; the ending action's keyword is consumed. */
  #list(enders: readonly EndWord[]): { nodes: TemplateNode[]; ended: EndWord } {
    const nodes: TemplateNode[] = [];
    if (++this.#nesting > nestingMax) this.#fail(`more than ${nestingMax} nested blocks`, this.#peek());
    for (;;) {
      const token = this.#peek();
      if (token.kind === 'end') {
        if (!enders.includes('eof')) this.#fail('unexpected EOF', token);
        this.#nesting--;
        return { nodes, ended: 'eof' };
      }
      this.#position++;
      if (token.kind === 'text') {
        nodes.push({ type: 'text', text: token.text });
        continue;
      }
      this.#skipSpace();
      const word = this.#peek();
      if (word.kind === 'word' && (word.text === 'end' || word.text === 'else')) {
        if (!enders.includes(word.text)) this.#fail(`unexpected {{${word.text}}}`, word);
        this.#position++;
        if (word.text === 'end') this.#close('end');
        this.#nesting--;
        return { nodes, ended: word.text };
      }
      const node = this.#action(word);
      if (node) nodes.push(node);
    }
  }

  #action(word: Token): TemplateNode | undefined {
    const keyword = word.kind === 'word' ? word.text : '';
    switch (keyword) {
      case 'if':
      case 'with':
      case 'range':
        this.#position++;
        return this.#control(keyword);
      case 'define':
        if (this.#nesting > 1) this.#fail('unexpected {{define}} inside another block', word);
        this.#position++;
        return this.#define();
      case 'block':
        this.#position++;
        return this.#block(word);
      case 'template':
        this.#position++;
        return this.#templateCall(word);
      case 'break':
      case 'continue':
        this.#position++;
        if (this.#rangeDepth === 0) this.#fail(`{{${keyword}}} outside {{range}}`, word);
        this.#close(keyword);
        return { type: keyword };
      default: {
        const pipeline = this.#pipeline('close', 'command');
        return { type: 'action', pipeline };
      }
    }
  }

  #control(type: 'if' | 'with' | 'range'): TemplateNode {
    const declared = this.#variables.length;
    const pipeline = this.#pipeline('close', type);
    if (type === 'range') this.#rangeDepth++;
    const { nodes: body, ended } = this.#list(['else', 'end']);
    if (type === 'range') this.#rangeDepth--;
    let otherwise: readonly TemplateNode[] = [];
    if (ended === 'else') otherwise = this.#else(type);
    this.#variables.length = declared;
    return { type, pipeline, body, otherwise };
  }

  /** `{{else if x}}` and `{{else with x}}` nest without an `end` of their own. */
  #else(type: 'if' | 'with' | 'range'): readonly TemplateNode[] {
    this.#skipSpace();
    const next = this.#peek();
    if (next.kind === 'word' && next.text === type && type !== 'range') {
      this.#position++;
      return [this.#control(type)];
    }
    this.#close('else');
    return this.#list(['end']).nodes;
  }

  #define(): undefined {
    const name = this.#name('define');
    this.#close('define');
    this.#defineBody(name);
    return undefined;
  }

  #block(word: Token): TemplateNode {
    const name = this.#name('block');
    const pipeline = this.#pipeline('close', 'block');
    this.#defineBody(name);
    return { type: 'template', name, pipeline, span: word };
  }

  #defineBody(name: string): void {
    const outer = this.#variables;
    const outerRange = this.#rangeDepth;
    this.#variables = ['$'];
    this.#rangeDepth = 0;
    this.#defined.set(name, this.#list(['end']).nodes);
    this.#variables = outer;
    this.#rangeDepth = outerRange;
  }

  #templateCall(word: Token): TemplateNode {
    const name = this.#name('template');
    this.#skipSpace();
    if (this.#peek().kind === 'close') {
      this.#position++;
      return { type: 'template', name, span: word };
    }
    return { type: 'template', name, pipeline: this.#pipeline('close', 'template'), span: word };
  }

  #name(context: string): string {
    this.#skipSpace();
    const token = this.#peek();
    if (token.kind !== 'string')
      this.#fail(`${describe(token)} in ${context}: a quoted name belongs here`, token);
    this.#position++;
    return token.text;
  }

  #close(context: string): void {
    this.#skipSpace();
    const token = this.#peek();
    if (token.kind !== 'close') this.#fail(`unexpected ${describe(token)} in ${context}`, token);
    this.#position++;
  }

  #pipeline(end: 'close' | 'paren-close', context: string): Pipeline {
    this.#skipSpace();
    const start = this.#peek().start;
    const { variables, declares } = this.#assignment(context);
    const commands: Command[] = [];
    for (;;) {
      this.#skipSpace();
      const token = this.#peek();
      if (token.kind === end) {
        this.#position++;
        // A pipe with nothing behind it passes, as in Go.
        if (commands.length === 0) this.#fail(`missing value for ${context}`, token);
        this.#checkPiped(commands);
        if (declares) for (const name of variables) this.#variables.push(name);
        return { variables, declares, commands, span: { start, end: token.start } };
      }
      if (commands.length > 0 && token.kind !== 'pipe')
        this.#fail(`unexpected ${describe(token)} in ${context}`, token);
      if (commands.length > 0) {
        this.#position++;
        this.#skipSpace();
        if (this.#peek().kind === end) continue;
      }
      commands.push(this.#command(context));
    }
  }

  /** `$x :=`, `$x =` and, in range, `$i, $v :=`. Nothing is consumed when there is none. */
  #assignment(context: string): { variables: string[]; declares: boolean } {
    const saved = this.#position;
    const variables: Token[] = [];
    for (;;) {
      this.#skipSpace();
      const token = this.#peek();
      if (token.kind !== 'variable') break;
      this.#position++;
      variables.push(token);
      this.#skipSpace();
      const next = this.#peek();
      if (next.kind === 'declare' || next.kind === 'assign') {
        this.#position++;
        const names = variables.map((variable) => variable.text);
        // As in Go, setting a variable that nobody has declared fails only when it is executed.
        if (next.kind === 'assign') this.#variables.push(...names);
        return { variables: names, declares: next.kind === 'declare' };
      }
      if (next.kind !== 'comma' || context !== 'range' || variables.length === 2) break;
      this.#position++;
    }
    this.#position = saved;
    return { variables: [], declares: false };
  }

  /** A constant cannot take an argument, so it cannot stand behind a pipe. */
  #checkPiped(commands: readonly Command[]): void {
    for (const command of commands.slice(1)) {
      const first = command.operands[0]!;
      if (first.type === 'constant' || first.type === 'dot' || first.type === 'nil')
        throw new TemplateSyntaxError('non executable command in pipeline', first.span.start, first.span.end);
    }
  }

  #command(context: string): Command {
    this.#skipSpace();
    const operands: Operand[] = [];
    for (;;) {
      const token = this.#peek();
      const operand = this.#operand(token);
      if (!operand) {
        if (operands.length === 0)
          this.#fail(
            token.kind === 'close'
              ? `missing value for ${context}`
              : `unexpected ${describe(token)} in ${context}`,
            token,
          );
        break;
      }
      operands.push(operand);
      if (this.#peek().kind !== 'space') break;
      this.#skipSpace();
    }
    return { operands, span: { start: operands[0]!.span.start, end: operands.at(-1)!.span.end } };
  }

  #operand(token: Token): Operand | undefined {
    const span = { start: token.start, end: token.end };
    switch (token.kind) {
      case 'string':
        this.#position++;
        return this.#noFields({ type: 'constant', value: token.text, span });
      case 'char':
        this.#position++;
        return this.#noFields({ type: 'constant', value: BigInt(token.text.codePointAt(0) ?? 0), span });
      case 'number':
        this.#position++;
        return this.#noFields({ type: 'constant', value: parseNumber(token), span });
      case 'field': {
        this.#position++;
        if (token.text === '.') return this.#noFields({ type: 'dot', span });
        return { type: 'field', names: [token.text.slice(1), ...this.#fields()], span };
      }
      case 'variable':
        this.#position++;
        this.#checkVariable(token);
        return { type: 'variable', name: token.text, names: this.#fields(), span };
      case 'word':
        this.#position++;
        return this.#word(token);
      case 'paren-open': {
        this.#position++;
        if (++this.#nesting > nestingMax) this.#fail(`more than ${nestingMax} nested expressions`, token);
        const pipeline = this.#pipeline('paren-close', 'parenthesized pipeline');
        this.#nesting--;
        return { type: 'pipeline', pipeline, names: this.#fields(), span };
      }
      default:
        return undefined;
    }
  }

  #word(token: Token): Operand {
    const span = { start: token.start, end: token.end };
    if (token.text === 'true' || token.text === 'false')
      return this.#noFields({ type: 'constant', value: token.text === 'true', span });
    if (token.text === 'nil') return this.#noFields({ type: 'nil', span });
    if (!this.#functions.has(token.text))
      this.#fail(`function ${JSON.stringify(token.text)} not defined`, token);
    const call: Operand = { type: 'function', name: token.text, span };
    const names = this.#fields();
    if (names.length === 0) return call;
    const commands = [{ operands: [call], span }];
    return { type: 'pipeline', pipeline: { variables: [], declares: false, commands, span }, names, span };
  }

  #fields(): string[] {
    const names: string[] = [];
    while (this.#peek().kind === 'field') {
      const token = this.#peek();
      if (token.text === '.') this.#fail('unexpected <.> in operand', token);
      names.push(token.text.slice(1));
      this.#position++;
    }
    return names;
  }

  #noFields(operand: Operand): Operand {
    const next = this.#peek();
    if (next.kind === 'field')
      this.#fail(`unexpected . after term ${JSON.stringify(operandText(operand))}`, next);
    return operand;
  }

  #checkVariable(token: Token): void {
    if (!this.#variables.includes(token.text))
      this.#fail(`undefined variable ${JSON.stringify(token.text)}`, token);
  }

  #skipSpace(): void {
    while (this.#peek().kind === 'space') this.#position++;
  }

  #peek(): Token {
    return this.#tokens[this.#position]!;
  }

  #fail(message: string, token: Token): never {
    throw new TemplateSyntaxError(message, token.start, Math.max(token.end, token.start + 1));
  }
}

const tokenNames: Partial<Record<TokenKind, string>> = { close: '}}', end: 'EOF', text: 'text', open: '{{' };

function describe(token: Token): string {
  return tokenNames[token.kind] ?? `<${token.text}>`;
}

function operandText(operand: Operand): string {
  return operand.type === 'constant' ? String(operand.value) : operand.type === 'dot' ? '.' : operand.type;
}

/** Whole numbers are Go's int (a bigint here), the rest float64 (a number). */
function parseNumber(token: Token): bigint | number {
  const text = token.text.replaceAll('_', '');
  if (/^[+-]?(?:0[xXbBoO][0-9a-fA-F]+|\d+)$/.test(text)) {
    const sign = text.startsWith('-') ? -1n : 1n;
    const digits = text.replace(/^[+-]/, '');
    return sign * BigInt(/^0\d+$/.test(digits) ? `0o${digits}` : digits);
  }
  const value = Number(text);
  if (Number.isNaN(value))
    throw new TemplateSyntaxError(`bad number syntax: ${JSON.stringify(token.text)}`, token.start, token.end);
  return value;
}
