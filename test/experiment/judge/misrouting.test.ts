import { describe, expect, test } from 'vitest';
import { readAlertmanagerConfig } from '../../../src/alertmanager/config/read.ts';
import { wayMissed, wayTaken } from '../../../src/experiment/judge/misrouting.ts';
import { judgedRouting } from '../../../src/experiment/plan/routing.ts';

const config = readAlertmanagerConfig(
  '/alertmanager.yml',
  `
route:
  receiver: default
  routes:
    - receiver: audit
      matchers: [severity=~"page|ticket"]
      continue: true
    - receiver: shop
      matchers: [team="shop"]
      routes:
        - { receiver: shop-pager, matchers: [severity="page", env!="test"] }
        - { receiver: shop-night, matchers: [severity="page"] }
    - receiver: search
      matchers: [team=~"search|shop"]
receivers: [{ name: default }, { name: audit }, { name: shop }, { name: shop-pager }, { name: shop-night }, { name: search }, { name: unused }]
`,
);
if (!config.ok) throw new Error(config.diagnostics.map(({ message }) => message).join());
const tree = judgedRouting(config.value).routing!;

describe('the way through the routing tree', () => {
  test.each([
    [{ team: 'shop', severity: 'page' }, 'shop-pager', '{} > {team="shop"} > {env!="test",severity="page"}'],
    [{ team: 'shop', severity: 'page' }, 'audit', '{} > {severity=~"page|ticket"}'],
    [{ team: 'shop' }, 'shop', '{} > {team="shop"}'],
    [{}, 'default', '{}'],
    [{ team: 'shop' }, 'search', undefined],
  ])('of %j to %s is %s', (labels, receiver, way) => {
    expect(wayTaken(tree, labels, receiver)).toBe(way);
  });

  test.each([
    [{ severity: 'page' }, 'shop-pager', 'the way there asks for team="shop", and it has no team'],
    [
      { team: 'shop', severity: 'ticket' },
      'shop-pager',
      'the way there asks for severity="page", and it has severity="ticket"',
    ],
    [
      { team: 'shop', severity: 'page', env: 'test' },
      'shop-pager',
      'the way there asks for env!="test", and it has env="test"',
    ],
    [
      { team: 'shop', severity: 'page' },
      'shop-night',
      'the route {env!="test",severity="page"} stands before it and takes the alert',
    ],
    [{ team: 'shop' }, 'search', 'the route {team="shop"} stands before it and takes the alert'],
    [{ team: 'search' }, 'default', 'its child {team=~"search|shop"} takes the alert from it'],
    [{ team: 'shop' }, 'unused', 'no route leads to unused'],
  ])('of %j misses %s because %s', (labels, receiver, why) => {
    expect(wayMissed(tree, labels, receiver)).toBe(why);
  });
});
