// The tree of a parsed template. Every node that can fail while it is executed knows where it stands.

export interface Span {
  readonly start: number;
  readonly end: number;
}

export type TemplateNode =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'action'; readonly pipeline: Pipeline }
  | ControlNode
  | { readonly type: 'template'; readonly name: string; readonly pipeline?: Pipeline; readonly span: Span }
  | { readonly type: 'break' }
  | { readonly type: 'continue' };

export interface ControlNode {
  readonly type: 'if' | 'with' | 'range';
  readonly pipeline: Pipeline;
  readonly body: readonly TemplateNode[];
  /** What stands behind `else`. */
  readonly otherwise: readonly TemplateNode[];
}

/** `$i, $v := a | b c`: commands from left to right, each result the last argument of the next. */
export interface Pipeline {
  readonly variables: readonly string[];
  /** `$x = …` sets an existing variable, `$x := …` declares one. */
  readonly declares: boolean;
  readonly commands: readonly Command[];
  readonly span: Span;
}

/** A function, method or value with its arguments. */
export interface Command {
  readonly operands: readonly Operand[];
  readonly span: Span;
}

export type Operand = (
  | { readonly type: 'dot' }
  | { readonly type: 'nil' }
  | { readonly type: 'constant'; readonly value: string | boolean | bigint | number }
  | { readonly type: 'field'; readonly names: readonly string[] }
  | { readonly type: 'variable'; readonly name: string; readonly names: readonly string[] }
  | { readonly type: 'function'; readonly name: string }
  | { readonly type: 'pipeline'; readonly pipeline: Pipeline; readonly names: readonly string[] }
) & { readonly span: Span };
