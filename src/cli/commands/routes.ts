// routes show|test: the routing tree and where it takes an alert, with amtool's arguments and output, and a file of
// cases.

import { readAlertmanagerConfig } from '../../alertmanager/config/read.ts';
import { buildRoute, labelSetText, type Route } from '../../alertmanager/dispatch/route.ts';
import { matchRoutes } from '../../alertmanager/dispatch/routing.ts';
import { MatcherSyntaxError } from '../../alertmanager/matcher/matcher.ts';
import { type MatcherMode, parseMatcher } from '../../alertmanager/matcher/parse.ts';
import { fetchRemoteConfig } from '../../alertmanager/remote.ts';
import { type RouteCaseResult, readRouteCases, tryRouteCase } from '../../alertmanager/routes/cases.ts';
import { matchingTreeText, routingTreeText } from '../../alertmanager/routes/tree-text.ts';
import { exitCodes } from '../../base/catalogue.ts';
import { systemClock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { Labels } from '../../base/labels.ts';
import { matcherMode } from '../features.ts';
import { readSourceConfig } from '../source.ts';
import { print, printJson, readUserFile } from '../surroundings.ts';

export interface RoutesOptions {
  readonly 'config.file'?: string;
  readonly 'alertmanager.url'?: string;
  readonly 'http.config.file'?: string;
  readonly enableFeature?: readonly string[];
}

export interface RoutesTestOptions extends RoutesOptions {
  readonly tree?: boolean;
  readonly 'verify.receivers'?: string;
  readonly cases?: string;
  readonly output: 'text' | 'json';
}

export async function routesShow(options: RoutesOptions): Promise<number> {
  print(`Routing tree:\n${routingTreeText(await readTree(options))}\n`);
  return exitCodes.pass;
}

export async function routesTest(pairs: readonly string[], options: RoutesTestOptions): Promise<number> {
  const root = await readTree(options);
  if (options.cases !== undefined) return testCases(root, options.cases, pairs, options);
  const labels = alertLabels(pairs, matcherMode(options.enableFeature));
  const routed = matchRoutes(root, labels);
  const receivers = routed.map(({ receiver }) => receiver).join(',');
  const expected = options['verify.receivers'] ?? '';
  const met = expected === '' || expected === receivers;
  if (options.output === 'json') {
    printJson({
      labels: labels.toRecord(),
      routes: routed.map(({ receiver, path }) => ({ receiver, path })),
    });
  } else {
    if (options.tree) print(`Matching routes:\n${matchingTreeText(root, labels)}\n\n`);
    print(`${receivers}\n`);
    if (!met) print('WARNING: Expected receivers did not match resolved receivers.');
  }
  return met ? exitCodes.pass : exitCodes.fail;
}

async function readTree(options: RoutesOptions): Promise<Route> {
  const { 'config.file': file, 'alertmanager.url': url, 'http.config.file': httpFile } = options;
  const name = file ?? url;
  if (name === undefined)
    throw UserError.of('FD107', 'nothing says where the routes are', {
      expected: '--config.file or --alertmanager.url',
    });
  const http = httpFile === undefined ? {} : await readSourceConfig(httpFile);
  const text =
    file === undefined ? await fetchRemoteConfig(name, http, systemClock) : await readUserFile(file);
  const read = readAlertmanagerConfig(name, text, matcherMode(options.enableFeature));
  if (!read.ok) throw new UserError(read.diagnostics);
  return buildRoute(read.value.route);
}

/** `k=v` as amtool takes them: each a matcher of equality; the last one of a name wins. */
function alertLabels(pairs: readonly string[], mode: MatcherMode): Labels {
  return Labels.from(
    pairs.map((pair) => {
      const matcher = parsePair(pair, mode);
      if (matcher.operator !== '=')
        throw UserError.of('FD401', `${JSON.stringify(pair)} is no label`, { expected: 'name=value' });
      return [matcher.name, matcher.value] as const;
    }),
  );
}

function parsePair(pair: string, mode: MatcherMode): ReturnType<typeof parseMatcher> {
  try {
    return parseMatcher(pair, mode);
  } catch (error) {
    if (!(error instanceof MatcherSyntaxError)) throw error;
    throw UserError.of('FD401', `${JSON.stringify(pair)}: ${error.message}`, { expected: 'name=value' });
  }
}

async function testCases(
  root: Route,
  file: string,
  pairs: readonly string[],
  { output, 'verify.receivers': expected }: RoutesTestOptions,
): Promise<number> {
  if (pairs.length > 0 || expected !== undefined)
    throw UserError.of('FD120', '--cases brings its own labels and receivers');
  const read = readRouteCases(file, await readUserFile(file));
  if (!read.ok) throw new UserError(read.diagnostics);
  const results = read.value.map((routeCase) => tryRouteCase(root, routeCase));
  const failed = results.filter(hasFailed);
  if (output === 'json') printJson({ cases: results.map(caseJson) });
  else {
    for (const result of failed) print(failureText(file, result));
    const count = `${results.length} ${results.length === 1 ? 'case' : 'cases'}`;
    print(failed.length === 0 ? `${count}: ok` : `${count}: ${failed.length} failed`);
  }
  return failed.length > 0 ? exitCodes.fail : exitCodes.pass;
}

function hasFailed({ missing, unexpected }: RouteCaseResult): boolean {
  return missing.length + unexpected.length > 0;
}

function failureText(file: string, { routeCase, missing, unexpected }: RouteCaseResult): string {
  const name = routeCase.name === '' ? '' : ` ${routeCase.name}`;
  const lines = [`${file}:${routeCase.line}:${name} ${labelSetText(routeCase.labels)}`];
  for (const { receiver, turn } of missing) {
    lines.push(`  does not reach ${receiver}`);
    if (turn) lines.push(`    by ${turn.wanted.join(' > ')}`, `    because ${turn.reason}`);
    else lines.push('    because no route leads to it');
  }
  for (const { receiver, path } of unexpected)
    lines.push(`  reaches ${receiver} instead`, `    by ${path.join(' > ')}`);
  return lines.join('\n');
}

function caseJson(result: RouteCaseResult) {
  const { routeCase, routed, missing, unexpected } = result;
  return {
    name: routeCase.name,
    line: routeCase.line,
    ok: !hasFailed(result),
    labels: routeCase.labels.toRecord(),
    receivers: routed.map(({ receiver, path }) => ({ receiver, path })),
    missing: missing.map(({ receiver, turn }) => ({ receiver, ...turn })),
    unexpected: unexpected.map(({ receiver }) => receiver),
  };
}
