import { describe, expect, it } from 'vitest';
import { checkFile, detectKind, type FileKind } from '../../../src/experiment/file/check.ts';
import { brief, goodDrill, goodFiles, readDrill } from './drill.ts';

const files = { read: async () => Promise.reject(new Error('ENOENT: nothing is there')) };

async function codes(text: string, kind?: FileKind): Promise<[string | undefined, string[]]> {
  const checked = await checkFile({ file: 'a.yaml', text, env: {}, files, ...(kind ? { kind } : {}) });
  return [
    checked.kind,
    checked.diagnostics.map((one) => `${one.at?.line ?? 0}:${one.at?.column ?? 0} ${one.code}`),
  ];
}

const dnsChaos = `apiVersion: chaos-mesh.org/v1alpha1
kind: DNSChaos
metadata: { name: dns, namespace: chaos }
spec:
  action: random
  mode: all
  patterns: [google.com]
  selector: { namespaces: [busybox] }
  duration: "50s"
`;

describe('the kind of a file', () => {
  it.each<[string, string]>([
    ['experiment', goodDrill],
    ['experiment', 'kind: Experiment'],
    ['rules', goodFiles['drills/alerts.yaml']!],
    ['rules', 'apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule'],
    ['alertmanager', goodFiles['drills/alertmanager.yaml']!],
    ['chaos-mesh', dnsChaos],
    ['kubernetes', 'apiVersion: v1\nkind: Pod'],
    ['rules', '{"groups": []}'],
  ])('%s', (kind, text) => {
    expect(detectKind('a.yaml', text)).toEqual({ ok: true, value: kind });
  });

  it.each(['[1, 2]', 'word', 'kind: Pod'])('%j is none', async (text) => {
    expect(await codes(text)).toEqual([undefined, ['1:1 FD109']]);
  });

  it('of a mistyped file is suggested', async () => {
    const checked = await checkFile({ file: 'a.yaml', text: 'gruops: []\n', env: {}, files });
    expect(checked.diagnostics[0]?.expected).toBe('the key groups');
  });

  it('is not guessed when it is given', async () => {
    expect(await codes('groups: []', 'alertmanager')).toEqual([
      'alertmanager',
      expect.arrayContaining(['1:1 FD106']),
    ]);
  });
});

describe('checking a file', () => {
  it.each<[FileKind, string, string[]]>([
    ['rules', goodFiles['drills/alerts.yaml']!, []],
    ['rules', goodFiles['drills/alerts.yaml']!.replace('up == 0', 'up =='), ['9:20 FD201']],
    ['alertmanager', goodFiles['drills/alertmanager.yaml']!, []],
    ['chaos-mesh', dnsChaos, []],
    ['chaos-mesh', dnsChaos.replace('action: random', 'action: randm'), ['5:11 FD105']],
    ['chaos-mesh', dnsChaos.replace('DNSChaos', 'DnsChaos'), ['2:7 FD105']],
    ['chaos-mesh', dnsChaos.replace('  duration: "50s"\n', ''), ['5:3 FD107']],
    ['chaos-mesh', dnsChaos.replace('patterns', 'paterns'), ['7:3 FD106']],
    ['experiment', goodDrill, ['17:13 FD101', '18:19 FD101']],
  ])('%s %#', async (kind, text, expected) => {
    expect(await codes(text)).toEqual([kind, expected]);
  });

  it('finds a route to a receiver that does not exist', async () => {
    const text = goodFiles['drills/alertmanager.yaml']!.replace(
      'route: { receiver: platform-oncall',
      'route: { receiver: platform-oncal',
    );
    const checked = await checkFile({ file: 'a.yaml', text, env: {}, files });
    expect(checked.diagnostics.map((one) => [one.at?.line, one.at?.column, one.message])).toEqual([
      [1, 20, expect.stringContaining('platform-oncal')],
    ]);
  });
});

describe('a bare Chaos Mesh file', () => {
  it('is an experiment without objectives on the targets of the command line', async () => {
    const read = await readDrill(dnsChaos, { targets: ['a=process:port:8080', 'b=process:pid:2'] });
    expect(read.ok && read.value).toMatchObject({
      name: 'dns',
      faults: [
        {
          name: 'dns-chaos',
          targets: ['a', 'b'],
          mode: 'all',
          durationMs: 50_000,
          spec: { action: 'random', patterns: ['google.com'] },
        },
      ],
      objectives: [],
      alerts: [],
    });
    const again = await readDrill(read.ok ? read.value.resolvedText : '');
    expect(again).toEqual(read);
  });

  it('needs a target', async () => {
    expect(await brief(readDrill(dnsChaos))).toEqual([
      'drills/drill.yaml:2:7 FD107 nothing stands for the pods that this file would choose ' +
        '<--target NAME=process:port:8080, or another target, once or more>',
    ]);
  });

  it('is named as itself in messages, and takes --set with its own paths', async () => {
    const targets = ['a=process:pid:2'];
    expect(await brief(readDrill(dnsChaos.replace('"50s"', '50'), { targets }))).toEqual([
      expect.stringContaining('drills/drill.yaml:9:13 FD105 spec.duration is the number 50'),
    ]);
    const set = await readDrill(dnsChaos, { targets, sets: ['spec.duration=5s'] });
    expect(set.ok && set.value.faults[0]?.durationMs).toBe(5000);
  });
});
