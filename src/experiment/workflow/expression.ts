// Conditions of a Task's branches: `exitCode == 0 && stdout contains "ready"`. The names, the operators and their ranks
// are those of the expression language that Chaos Mesh uses, as far as a comparison of these two values needs them.

export interface TaskOutcome {
  readonly exitCode: number;
  /** Without white space at its ends. */
  readonly stdout: string;
}

type Value = number | string | boolean;
type Node = (outcome: TaskOutcome) => Value;

export type ParsedCondition =
  | { readonly ok: true; readonly holds: (outcome: TaskOutcome) => boolean }
  | { readonly ok: false; readonly message: string; readonly offset: number };

class Mistake extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

interface Token {
  readonly text: string;
  readonly offset: number;
  readonly value?: number | string;
}

const textMax = 1000;

export function parseCondition(text: string): ParsedCondition {
  try {
    if (text.length > textMax) throw new Mistake(`longer than ${textMax} characters`, 0);
    const parser = new Parser(tokens(text), text.length);
    const node = parser.either();
    parser.end();
    return { ok: true, holds: (outcome) => node(outcome) === true };
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    return { ok: false, message: error.message, offset: error.offset };
  }
}

const pattern =
  /\s*(?:(?<number>\d+(?:\.\d+)?)|(?<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<word>[A-Za-z_]\w*)|(?<sign>&&|\|\||[=!<>]=|[<>!()]))/y;

function tokens(text: string): Token[] {
  const found: Token[] = [];
  pattern.lastIndex = 0;
  while (text.slice(pattern.lastIndex).trim() !== '') {
    const from = pattern.lastIndex;
    const match = pattern.exec(text);
    if (!match?.groups) throw new Mistake('a character that has no meaning here', from + leading(text, from));
    const { number, string } = match.groups;
    const offset = from + leading(text, from);
    const token = { text: match[0].trim(), offset };
    if (number !== undefined) found.push({ ...token, value: Number(number) });
    else if (string !== undefined) found.push({ ...token, value: unquoted(string) });
    else found.push(token);
  }
  return found;
}

function leading(text: string, from: number): number {
  return /^\s*/.exec(text.slice(from))![0].length;
}

function unquoted(text: string): string {
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
  return text.slice(1, -1).replace(/\\(.)/gs, (_, character: string) => escapes[character] ?? character);
}

type Comparison = (left: Value, right: Value) => boolean;

const comparisons: Readonly<Record<string, Comparison>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
  contains: (left, right) => String(left).includes(String(right)),
  startsWith: (left, right) => String(left).startsWith(String(right)),
  endsWith: (left, right) => String(left).endsWith(String(right)),
};

const names: Readonly<Record<string, Node>> = {
  exitCode: (outcome) => outcome.exitCode,
  stdout: (outcome) => outcome.stdout,
  true: () => true,
  false: () => false,
};

/** By falling rank: not, comparison, and, or. */
class Parser {
  readonly #tokens: readonly Token[];
  readonly #length: number;
  #at = 0;

  constructor(tokens: readonly Token[], length: number) {
    this.#tokens = tokens;
    this.#length = length;
  }

  either(): Node {
    let left = this.#both();
    while (this.#take('||', 'or')) {
      const [one, other] = [left, this.#both()];
      left = (outcome) => one(outcome) === true || other(outcome) === true;
    }
    return left;
  }

  end(): void {
    const token = this.#tokens[this.#at];
    if (token) throw new Mistake(`${token.text} is not expected here`, token.offset);
  }

  #both(): Node {
    let left = this.#compared();
    while (this.#take('&&', 'and')) {
      const [one, other] = [left, this.#compared()];
      left = (outcome) => one(outcome) === true && other(outcome) === true;
    }
    return left;
  }

  #compared(): Node {
    if (this.#take('!', 'not')) {
      const negated = this.#compared();
      return (outcome) => negated(outcome) !== true;
    }
    const left = this.#operand();
    const compare = comparisons[this.#tokens[this.#at]?.text ?? ''];
    if (!compare) return left;
    this.#at++;
    const right = this.#operand();
    return (outcome) => compare(left(outcome), right(outcome));
  }

  #operand(): Node {
    const token = this.#tokens[this.#at++];
    if (!token) throw new Mistake('it ends too early', this.#length);
    const { value, text, offset } = token;
    if (value !== undefined) return () => value;
    if (text === '(') {
      const inner = this.either();
      if (!this.#take(')'))
        throw new Mistake('a ) is missing', this.#tokens[this.#at]?.offset ?? this.#length);
      return inner;
    }
    const named = Object.hasOwn(names, text) ? names[text] : undefined;
    if (!named) throw new Mistake(`${text} is not known; there are exitCode and stdout`, offset);
    return named;
  }

  #take(...texts: readonly string[]): boolean {
    const token = this.#tokens[this.#at];
    if (token?.value !== undefined || !texts.includes(token?.text ?? '')) return false;
    this.#at++;
    return true;
  }
}
