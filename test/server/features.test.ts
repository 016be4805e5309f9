// What stands behind a feature flag in Prometheus is behind the same one here, wherever an expression or a sample
// comes in.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FeatureName, featureNames, namedFeature } from '../../src/promql/features.ts';
import { configOf, smallStore, startApp, stopApps } from './support.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firedrill-features-'));
});

afterEach(async () => {
  await stopApps();
  rmSync(folder, { recursive: true, force: true });
});

describe('syntax behind a flag', () => {
  test.each<[FeatureName, string]>([
    ['promql-experimental-functions', 'mad_over_time(up[1m])'],
    ['promql-experimental-functions', 'limitk(1, up)'],
    ['promql-duration-expr', 'rate(up[1m * 2])'],
    ['promql-extended-range-selectors', 'rate(up[1m] anchored)'],
    ['promql-binop-fill-modifiers', 'up + fill(0) up'],
  ])('%s: %s', async (feature, expression) => {
    const store = smallStore();
    const path = (query: string) => `query?query=${encodeURIComponent(query)}&time=1700000060`;
    const without = await startApp({ store });
    expect(await without.api(path(expression))).toMatchObject({ status: 'error', errorType: 'bad_data' });
    expect(await without.api(`format_query?query=${encodeURIComponent(expression)}`)).toMatchObject({
      status: 'error',
    });
    const others = new Set(featureNames.filter((name) => name !== feature));
    const withOthers = await startApp({ store, features: others });
    expect((await withOthers.api(path(expression))).status).toBe('error');
    const withIt = await startApp({ store, features: new Set([feature]) });
    expect((await withIt.api(path(expression))).status).toBe('success');
    expect((await withIt.api(`parse_query?query=${encodeURIComponent(expression)}`)).status).toBe('success');
  });

  test('in a rule file', async () => {
    writeFileSync(
      join(folder, 'rules.yml'),
      'groups: [{ name: g, interval: 100ms, rules: [{ record: r, expr: "sum(limitk(1, vector(7)))" }] }]',
    );
    const yaml = 'rule_files: [rules.yml]\n';
    await expect(configOf(folder, yaml)).rejects.toThrow('limitk');
    const features = new Set(['promql-experimental-functions'] as const);
    const { api } = await startApp({ config: await configOf(folder, yaml, features), features });
    for (let attempt = 0; attempt < 200; attempt++) {
      if ((await api('query?query=r')).data.result.length > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    expect((await api('query?query=r')).data.result[0].value[1]).toBe('7');
  });
});

test('promql-delayed-name-removal keeps a name for label_replace', async () => {
  const path = `query?query=${encodeURIComponent('label_replace(-up, "was", "$1", "__name__", "(.+)")')}&time=1700000060`;
  const was = async (features: Set<FeatureName>) => {
    const { api } = await startApp({ store: smallStore(), features });
    return (await api(path)).data.result[0].metric;
  };
  expect(await was(new Set())).toEqual({ job: 'a' });
  expect(await was(new Set(['promql-delayed-name-removal']))).toEqual({ job: 'a', was: 'up' });
});

test('type-and-unit-labels are set on what is scraped', async () => {
  const server = createServer((_, response) =>
    response.setHeader('content-type', 'text/plain; version=0.0.4').end('# TYPE beats counter\nbeats 3\n'),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const yaml = `scrape_configs: [{ job_name: a, scrape_interval: 100ms, static_configs: [{ targets: ["127.0.0.1:${port}"] }] }]`;
    const typeOf = async (features: Set<FeatureName>) => {
      const { api } = await startApp({ config: await configOf(folder, yaml), features });
      for (let attempt = 0; attempt < 200; attempt++) {
        const [series] = (await api('query?query=beats')).data.result;
        if (series) return series.metric.__type__;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      throw new Error('it was not scraped');
    };
    expect(await typeOf(new Set())).toBeUndefined();
    expect(await typeOf(new Set(['type-and-unit-labels']))).toBe('counter');
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('names are known, always on, without effect, or unknown with the nearest', () => {
  expect(namedFeature('use-start-timestamps')).toEqual({ kind: 'feature', feature: 'use-start-timestamps' });
  expect(namedFeature('native-histograms')).toEqual({ kind: 'always on' });
  expect(namedFeature('memory-snapshot-on-shutdown')).toEqual({ kind: 'without effect' });
  expect(namedFeature('promql-duration-exp')).toEqual({ kind: 'unknown', nearest: 'promql-duration-expr' });
});
