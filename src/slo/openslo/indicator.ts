// From the definition of an SLI to queries: which are PromQL, whether they parse, and how they come to speak of a
// window.

import { type Expr, typeOf } from '../../promql/ast.ts';
import { parseExpr } from '../../promql/parser.ts';
import { childrenOf } from '../../promql/walk.ts';
import type { Query, QueryForm, RatioSli, RawSli } from '../objective.ts';
import { hasWindowPlaceholder, withPaddedWindow } from '../sli-over.ts';
import type { MetricDefinition, SliDefinition } from './definition.ts';
import type { Findings } from './findings.ts';
import type { References } from './references.ts';

/** An SLI without what only an objective says: the limit of a threshold. */
export type Indicator = RatioSli | RawSli | { readonly type: 'threshold'; readonly query: Query };

export class Indicators {
  readonly #references: References;
  readonly #findings: Findings;
  /** Undefined is an SLI that cannot be evaluated, which has been told. */
  readonly #known = new Map<SliDefinition, Indicator | undefined>();
  /** SLIs of which it is told already that their queries are in another language. */
  readonly #foreign = new Set<SliDefinition>();

  constructor(references: References, findings: Findings) {
    this.#references = references;
    this.#findings = findings;
  }

  /** Undefined when it cannot be evaluated; what keeps it from that is told once. */
  of(definition: SliDefinition): Indicator | undefined {
    if (!this.#known.has(definition)) this.#known.set(definition, this.#read(definition));
    return this.#known.get(definition);
  }

  #read(definition: SliDefinition): Indicator | undefined {
    const { metric } = definition;
    switch (metric.type) {
      case 'threshold': {
        const query = this.#query(definition, metric.query, () => 'value');
        if (query && hasWindowPlaceholder(query.promql)) {
          const { document, query: written, path } = metric.query;
          this.#findings.error(
            'FD853',
            'a threshold is held against each sample: it has no window to fill in',
            document,
            written?.at ?? path,
            'a range of its own',
          );
          return undefined;
        }
        return query && { type: 'threshold', query };
      }
      case 'raw': {
        const query = this.#query(definition, metric.query, () => 'value');
        return query && { type: 'raw', query, rawType: metric.rawType };
      }
      case 'ratio':
        return this.#ratio(definition, metric);
    }
  }

  #ratio(
    definition: SliDefinition,
    metric: Extract<SliDefinition['metric'], { type: 'ratio' }>,
  ): RatioSli | undefined {
    const formOf = (expr: Expr): QueryForm => eventsForm(expr, metric.counter);
    const part = this.#query(definition, metric.part, formOf);
    const total = this.#query(definition, metric.total, formOf);
    if (!part || !total) return undefined;
    const forms = [part.form, total.form];
    if (forms.includes('counter') && forms.includes('value')) {
      const { document, path } = metric.total;
      this.#findings.error(
        'FD851',
        `${metric.side} is the ${wordsOf(part.form)}, total the ${wordsOf(total.form)}: their quotient is no ratio`,
        document,
        path,
        'two queries of one sort',
      );
      return undefined;
    }
    const grouping: readonly string[] = [];
    return metric.side === 'good'
      ? { type: 'ratio', good: part, total, grouping }
      : { type: 'ratio', bad: part, total, grouping };
  }

  #query(
    definition: SliDefinition,
    metric: MetricDefinition,
    formOf: (expr: Expr) => QueryForm,
  ): Query | undefined {
    const type = this.#typeOf(definition.version, metric);
    if (type === undefined) return undefined;
    const { document, path, query } = metric;
    if (!isPromqlSource(type)) {
      const at = metric.type?.at ?? metric.source?.at ?? path;
      if (this.#foreign.has(definition)) return undefined;
      this.#foreign.add(definition);
      this.#findings.warn(
        'FD853',
        `the source is of the type ${JSON.stringify(type)}: its queries are not evaluated here, nor objectives that need them`,
        document,
        at,
      );
      return undefined;
    }
    if (query === undefined) {
      this.#findings.error('FD853', 'holds no query', document, [...path], 'PromQL under the key query');
      return undefined;
    }
    const promql = query.value;
    if (typeof promql !== 'string') {
      this.#findings.error('FD105', 'the query is no text', document, query.at, 'a PromQL expression');
      return undefined;
    }
    const expr = this.#parse(promql, document, query.at);
    if (!expr) return undefined;
    return {
      promql,
      form: hasWindowPlaceholder(promql) ? 'placeholder' : formOf(expr),
      source: { name: metric.source?.name, type },
      place: document.placeOf(query.at),
    };
  }

  #parse(
    promql: string,
    document: MetricDefinition['document'],
    at: MetricDefinition['path'],
  ): Expr | undefined {
    const parsed = parseExpr(withPaddedWindow(promql));
    if (!parsed.ok) {
      this.#findings.errorInside(parsed.error.code, parsed.error.message, document, at, parsed.error);
      return undefined;
    }
    const type = typeOf(parsed.expr);
    if (type === 'vector' || type === 'scalar') return parsed.expr;
    const message = type === 'matrix' ? 'the query is a range of samples' : 'the query is a string';
    this.#findings.error('FD202', message, document, at, 'an expression with one value at an instant');
    return undefined;
  }

  /** The type of the data source, which the metric or the DataSource names. */
  #typeOf(version: SliDefinition['version'], metric: MetricDefinition): string | undefined {
    const { document, type, source } = metric;
    const known = source && this.#references.find(version, 'DataSource', source.name);
    if (type && known && known.type.toLowerCase() !== type.name.toLowerCase()) {
      this.#findings.error(
        'FD851',
        `the type is ${JSON.stringify(type.name)} here, and ${JSON.stringify(known.type)} in the DataSource ${JSON.stringify(source.name)}`,
        document,
        type.at,
        'one type',
      );
      return undefined;
    }
    // A source that only other tools know is no mistake as long as its type is said.
    if (type || known || !source) return type?.name ?? known?.type;
    this.#references.resolve('DataSource', version, {
      reference: source.name,
      document,
      at: source.at,
    });
    return undefined;
  }
}

/** Databases whose queries are PromQL, by the types that files give them. */
const promqlTypes = new Set(['prometheus', 'promql', 'thanos', 'cortex', 'mimir', 'victoriametrics']);

function isPromqlSource(type: string): boolean {
  return promqlTypes.has(type.toLowerCase().replaceAll(/[^a-z]/g, ''));
}

/**
 * `counter: true` with ranges of its own is a rate already. Where the file says nothing, the names decide, by the
 * conventions of exposition formats.
 */
function eventsForm(expr: Expr, counter: boolean | undefined): QueryForm {
  if (counter === false || hasRange(expr)) return 'value';
  if (counter === true) return 'counter';
  const names = selectorNames(expr);
  return names.length > 0 && names.every((name) => /_(total|count|bucket|sum)$/.test(name))
    ? 'counter'
    : 'value';
}

function hasRange(expr: Expr): boolean {
  return expr.kind === 'matrixSelector' || expr.kind === 'subquery' || childrenOf(expr).some(hasRange);
}

function selectorNames(expr: Expr): string[] {
  if (expr.kind === 'vectorSelector') return [expr.name];
  return childrenOf(expr).flatMap(selectorNames);
}

function wordsOf(form: QueryForm): string {
  return form === 'counter' ? 'reading of a counter' : 'value of an expression';
}
