// format_query, parse_query, query_exemplars: what can be asked about an expression without evaluating it.

import { formatPromqlError } from '../../promql/errors.ts';
import type { Features } from '../../promql/features.ts';
import { parseExpr } from '../../promql/parser.ts';
import { prettyExpr } from '../../promql/pretty.ts';
import { selectorsOf } from '../../promql/walk.ts';
import type { ExemplarStore } from '../../telemetry/metrics/exemplars.ts';
import { type Answer, success, successJson, text } from '../http/answer.ts';
import { ApiError } from '../http/api-error.ts';
import type { ApiRequest } from '../http/request.ts';
import type { Router } from '../http/router.ts';
import { expressionTree } from './expression-tree.ts';
import { labelsJson, timestampJson } from './json-result.ts';
import { expressionParameter, rangeParameters } from './parameters.ts';
import { valueText } from './value-text.ts';

export function addExpressionRoutes(router: Router, exemplars: ExemplarStore, features: Features): void {
  router.add('GET POST', '/api/v1/format_query', ({ parameters }) =>
    success(prettyExpr(expressionParameter(parameters, features).expr)),
  );
  router.add('GET POST', '/api/v1/parse_query', ({ parameters }) =>
    success(expressionTree(expressionParameter(parameters, features).expr)),
  );
  router.add('GET POST', '/api/v1/query_exemplars', (request) =>
    queryExemplars(request, exemplars, features),
  );
}

function queryExemplars({ parameters }: ApiRequest, exemplars: ExemplarStore, features: Features): Answer {
  const { startMs, endMs } = rangeParameters(parameters);
  if (endMs < startMs) throw new ApiError('bad_data', 'end timestamp must not be before start timestamp');
  const query = parameters.get('query') ?? '';
  const parsed = parseExpr(query, { features });
  if (!parsed.ok) throw new ApiError('bad_data', formatPromqlError(query, parsed.error));
  const selectors = selectorsOf(parsed.expr).map(({ matchers }) => matchers);
  if (selectors.length === 0) return text(204, '');
  const found = exemplars.select(selectors, startMs, endMs).map((list) => {
    const shown = list.map(
      ({ exemplar, atMs }) =>
        `{"labels":${JSON.stringify(Object.fromEntries(exemplar.labels))},"value":"${valueText(exemplar.value)}","timestamp":${timestampJson(atMs)}}`,
    );
    return `{"seriesLabels":${labelsJson(list[0]!.series)},"exemplars":[${shown.join(',')}]}`;
  });
  return successJson(`[${found.join(',')}]`);
}
