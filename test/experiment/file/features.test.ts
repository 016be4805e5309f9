// `telemetry.features`: what stands behind a flag in Prometheus stands behind the same flag here.

import { describe, expect, test } from 'vitest';
import { checkFile } from '../../../src/experiment/file/check.ts';
import { goodFiles, readDrill, spoilt, told } from './drill.ts';

const objective = 'process_resident_memory_bytes{job="app"} < 100e6';
const experimental = 'max(mad_over_time(process_resident_memory_bytes[1m])) < 100e6';
const withFeatures = (names: string) =>
  [
    '    alertmanager: alertmanager.yaml',
    `    alertmanager: alertmanager.yaml\n    features: [${names}]`,
  ] as const;
const rules = (goodFiles['drills/alerts.yaml'] ?? '').replace('up == 0', 'sum(limitk(2, up)) == 0');

describe('an expression behind a flag', () => {
  test('is refused with the flag that it needs, at its place', async () => {
    const text = await told(readDrill(spoilt([objective, experimental])));
    expect(text).toContain('telemetry.features with promql-experimental-functions');
    expect(text).toContain('mad_over_time');
    expect(text).toContain('drills/drill.yaml:27:');
  });

  test.each([
    ['a stop condition', `up{job="other"} == 0`, 'max(mad_over_time(up[1m])) == 0'],
    ['an effect', 'effect: { min: 10 }', "effect: { promql: 'max(mad_over_time(up[1m]))' }"],
  ])('is refused in %s', async (_, from, to) => {
    expect(await told(readDrill(spoilt([from, to])))).toContain(
      'telemetry.features with promql-experimental-functions',
    );
    expect((await readDrill(spoilt([from, to], withFeatures('promql-experimental-functions')))).ok).toBe(
      true,
    );
  });

  test('is taken where the flag is on, in objectives and in rule files', async () => {
    const extraFiles = { 'drills/alerts.yaml': rules };
    const without = await told(readDrill(spoilt(), { extraFiles }));
    expect(without).toContain('drills/alerts.yaml');
    const read = await readDrill(
      spoilt([objective, experimental], withFeatures('promql-experimental-functions')),
      { extraFiles },
    );
    expect(read.ok && read.value.telemetry.features).toEqual(['promql-experimental-functions']);
  });

  test('is taken in a bare rule file where check is told so', async () => {
    const options = { file: 'r.yaml', text: rules, env: {}, files: { read: async () => '' } };
    expect((await checkFile(options)).diagnostics).toHaveLength(1);
    const features = new Set(['promql-experimental-functions'] as const);
    expect((await checkFile({ ...options, features })).diagnostics).toEqual([]);
  });
});

describe('the name of a flag', () => {
  test('that nobody knows is refused with the nearest', async () => {
    const text = await told(readDrill(spoilt(withFeatures('promql-experimental-function'))));
    expect(text).toContain('FD903');
    expect(text).toContain('promql-experimental-functions');
  });

  test('that changes nothing here is warned of, and one that is always on is not', async () => {
    const text = await told(readDrill(spoilt(withFeatures('old-ui, native-histograms'))));
    expect(text).toContain('FD120');
    expect(text).toContain('old-ui changes nothing here');
    expect(text).not.toContain('native-histograms changes');
  });
});
