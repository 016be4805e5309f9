import { describe, expect, it } from 'vitest';
import { buildRoute } from '../../src/alertmanager/dispatch/route.ts';
import { readRouteCases, tryRouteCase } from '../../src/alertmanager/routes/cases.ts';
import { wrongTurn } from '../../src/alertmanager/routes/misrouted.ts';
import { UserError } from '../../src/base/diagnostics.ts';
import { Labels } from '../../src/base/labels.ts';
import { configOf } from './timeline.ts';

const root = buildRoute(
  configOf(`
route:
  receiver: default
  routes:
    - matchers: [team="db"]
      receiver: dba
      routes:
        - {matchers: [severity="page"], receiver: dba-pager, continue: true}
        - {matchers: [env="prod"]}
    - {matchers: [severity="page"], receiver: pager}
    - {matchers: [severity=~".+"], receiver: chat}
receivers: [{name: default}, {name: dba}, {name: dba-pager}, {name: pager}, {name: chat}, {name: idle}]
`).route,
);

describe('a wrong turn', () => {
  const reason = (labels: Record<string, string>, receiver: string) =>
    wrongTurn(root, Labels.from(labels), receiver)?.reason;

  it.each([
    [{ severity: 'page' }, 'dba-pager', 'team="db" does not match: the alert has no label team'],
    [
      { team: 'db', severity: 'info' },
      'dba-pager',
      'severity="page" does not match: the alert has severity="info"',
    ],
    [
      { severity: 'page' },
      'chat',
      'the route {severity="page"} before it takes the alert, without continue: true',
    ],
    [{ severity: 'page' }, 'default', 'the route {severity="page"} below it takes the alert'],
    [{}, 'idle', undefined],
  ])('of %j to %s: %s', (labels, receiver, expected) => {
    expect(reason(labels, receiver)).toBe(expected);
  });

  it('is that of the route that comes nearest, with its path', () => {
    expect(wrongTurn(root, Labels.from({ team: 'db', severity: 'x' }), 'dba-pager')).toEqual({
      wanted: ['{}', '{team="db"}', '{severity="page"}'],
      depth: 2,
      reason: 'severity="page" does not match: the alert has severity="x"',
    });
  });
});

describe('a file of cases', () => {
  const resultsOf = (text: string) => {
    const read = readRouteCases('cases.yml', text);
    if (!read.ok) throw new UserError(read.diagnostics);
    return read.value.map((routeCase) => tryRouteCase(root, routeCase));
  };

  it('counts receivers without their order, and each as often as it is reached', () => {
    const [same, twice, other] = resultsOf(`
- {labels: {team: db, severity: page, env: prod}, receivers: [dba, dba-pager]}
- {labels: {severity: page}, receivers: [pager, pager]}
- {name: a chat, labels: {severity: 1.50}, receivers: [pager]}
`);
    expect([same!.missing, same!.unexpected]).toEqual([[], []]);
    expect(twice!.missing).toMatchObject([{ receiver: 'pager' }]);
    expect(other).toMatchObject({
      routeCase: { name: 'a chat', line: 4 },
      missing: [
        {
          receiver: 'pager',
          turn: { reason: 'severity="page" does not match: the alert has severity="1.50"' },
        },
      ],
      unexpected: [{ receiver: 'chat', path: ['{}', '{severity=~".+"}'] }],
    });
  });

  it.each([
    ['a: b', 'FD105', 1],
    ['- {labels: {a: b}}', 'FD107', 1],
    ['- {labels: {a: b}, receivers: []}', 'FD105', 1],
    ['- {labels: {a: b}, recievers: [x]}', 'FD106', 1],
    ['- {labels: {a: [b]}, receivers: [x]}', 'FD105', 1],
  ])('%j is refused', (text, code, line) => {
    const read = readRouteCases('cases.yml', text);
    expect(read.ok ? [] : read.diagnostics).toMatchObject([{ code, at: { line } }]);
  });
});
