// Bare Chaos Mesh files: what their mistakes look like, what of them runs here, and which targets they choose.

import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { checkFile } from '../../../src/experiment/file/check.ts';
import { brief, readDrill } from '../file/drill.ts';

const selector = { labelSelectors: { app: 'web' } };
const pause = { action: 'pod-failure', mode: 'all', selector, duration: '30s' };
const files = { read: () => Promise.reject(new Error('no file is named')) };

function object(kind: string, spec: object, metadata: object = {}): string {
  return stringify({
    apiVersion: 'chaos-mesh.org/v1alpha1',
    kind,
    metadata: { name: 'try', ...metadata },
    spec,
  });
}

const pod = stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: {} });

async function checked(text: string): Promise<string[]> {
  const { diagnostics } = await checkFile({ file: 'f.yaml', text, env: {}, files });
  return diagnostics.map(
    ({ code, severity, at, message }) => `${at?.line}:${at?.column} ${severity} ${code} ${message}`,
  );
}

describe('targets of a Chaos Mesh file', () => {
  const chosen = async (spec: object, ...targets: string[]) => {
    const read = await readDrill(object('PodChaos', spec), { targets });
    return read.ok ? read.value.faults[0]!.targets : read.diagnostics.map((one) => one.code);
  };

  it('are those that its selector chooses, by labels and namespaces', async () => {
    const targets = [
      'a=process:pid:11,label=app=web,label=tier=front',
      'b=process:pid:12,label=app=db',
      'c=process:pid:13,namespace=shop,label=app=web',
      'd=container:web-4,label=app=web',
      'e=proxy:127.0.0.1:0>127.0.0.1:80,label=app=web',
    ];
    expect(await chosen(pause, ...targets)).toEqual(['a', 'c', 'd', 'e']);
    expect(await chosen({ ...pause, selector: { namespaces: ['shop'] } }, ...targets)).toEqual(['c']);
    expect(await chosen({ ...pause, selector: { pods: { default: ['b'] } } }, ...targets)).toEqual(['b']);
    expect(await chosen({ ...pause, selector: { namespaces: ['none'] } }, ...targets)).toEqual(['FD110']);
  });

  it('stand for whatever it chooses when nothing is said of them', async () => {
    expect(await chosen(pause, 'a=process:pid:11', 'b=process:pid:12,label=app=db')).toEqual(['a']);
  });

  it('stay what they are when the resolved experiment is read again', async () => {
    const read = await readDrill(object('PodChaos', pause), {
      targets: ['a=process:pid:11', 'b=process:pid:12,label=app=web'],
    });
    const again = await readDrill(read.ok ? read.value.resolvedText : '');
    expect(again.ok && again.value.faults).toEqual(read.ok && read.value.faults);
  });

  it.each([
    'a=process:pid:1,label=app',
    'a=process:pid:1,label==x',
    'a=process:pid:1,namespace=',
    'a=process:pid:1,colour=red',
    'a=container:',
  ])('are not declared by %s', async (target) => {
    expect(await chosen(pause, target)).toContain('FD115');
  });
});

describe('a file of several documents', () => {
  const text = [
    pod,
    object('PodChaos', pause),
    object('JVMChaos', { action: 'gc', mode: 'one', selector }),
  ].join('---\n');

  it('has each of them checked, at its own place', async () => {
    expect(await checked(text)).toEqual([
      '2:7 warning FD131 Pod web is no fault, and nothing here applies it',
      '20:7 warning FD130 JVMChaos acts only through Chaos Mesh on a cluster',
    ]);
    const wrong = [
      object('PodChaos', { ...pause, action: 'nap' }),
      object('PodChaos', { ...pause, mod: 'all' }),
    ];
    expect(await checked(wrong.join('---\n'))).toEqual([
      expect.stringMatching(/^6:11 error FD105 spec.action/),
      '24:3 error FD106 unknown key "mod" in spec',
    ]);
  });

  it('runs when every fault of it can be made here', async () => {
    const targets = ['a=process:pid:11'];
    const two = [
      pod,
      object('PodChaos', pause),
      object('StressChaos', { mode: 'one', selector, duration: '5s', stressors: { cpu: { workers: 1 } } }),
    ];
    const read = await readDrill(two.join('---\n'), { targets });
    expect(read.ok && read.value.faults.map((fault) => fault.kind)).toEqual(['PodChaos', 'StressChaos']);
    expect((await brief(readDrill(text, { targets })))[1]).toContain('FD130');
  });

  it('without a fault is not run', async () => {
    expect(await brief(readDrill(pod))).toEqual([
      expect.stringContaining('FD131 Pod web is no fault'),
      expect.stringContaining('FD131 nothing in this file breaks anything'),
    ]);
  });
});

describe('what a cluster would do otherwise', () => {
  it('is said of a paused experiment', async () => {
    const text = object('PodChaos', pause, { annotations: { 'experiment.chaos-mesh.org/pause': 'true' } });
    expect(await checked(text)).toEqual([expect.stringMatching(/^6:5 warning FD132 PodChaos try is paused/)]);
    expect(await brief(readDrill(text, { targets: ['a=process:pid:2'] }))).toEqual([
      expect.stringContaining('FD132'),
    ]);
  });

  it('is said of another cluster', async () => {
    const text = object('PodChaos', { ...pause, remoteCluster: 'far' });
    expect(await checked(text)).toEqual([
      expect.stringContaining('warning FD130 it acts on another cluster, far'),
    ]);
    expect((await brief(readDrill(text, { targets: ['a=process:pid:2'] })))[0]).toContain('FD130');
  });

  it('is said of what chooses among pods', async () => {
    const text = object('PodChaos', {
      ...pause,
      selector: { ...selector, nodes: ['n'], annotationSelectors: { a: 'b' } },
    });
    expect((await checked(text)).map((line) => line.split(' ')[2])).toEqual(['FD120', 'FD120']);
  });

  it('is said of a fault that never ends, which --duration ends', async () => {
    const { duration: _, ...forever } = pause;
    const text = object('PodChaos', forever);
    expect(await checked(text)).toEqual([expect.stringContaining('warning FD107 PodChaos has no duration')]);
    const targets = ['a=process:pid:2'];
    expect(await brief(readDrill(text, { targets }))).toEqual([expect.stringContaining('or --duration 30s')]);
    const read = await readDrill(text, { targets, durationMs: 4000 });
    expect(read.ok && read.value.faults[0]!.durationMs).toBe(4000);
    const kept = await readDrill(object('PodChaos', pause), { targets, durationMs: 4000 });
    expect(kept.ok && kept.value.faults[0]!.durationMs).toBe(30_000);
  });
});

describe('a Workflow', () => {
  const chaos = {
    name: 'fault',
    templateType: 'PodChaos',
    deadline: '5s',
    podChaos: { action: 'pod-failure', mode: 'all', selector },
  };
  const workflow = (...templates: object[]) => object('Workflow', { entry: 'fault', templates });

  it.each<[string, string, string]>([
    ['a template twice', workflow(chaos, chaos), 'FD111 the template "fault" is there already'],
    [
      'an entry that is not there',
      workflow({ ...chaos, name: 'other' }),
      'FD110 there is no template "fault"',
    ],
    [
      'a duration of its own',
      workflow({ ...chaos, podChaos: { ...chaos.podChaos, duration: '5s' } }),
      'FD105 PodChaos has a duration of its own',
    ],
    ['no deadline', workflow({ ...chaos, deadline: undefined }), 'FD107 PodChaos has no deadline'],
    [
      'a circle',
      workflow(
        { name: 'fault', templateType: 'Serial', children: ['again'] },
        { name: 'again', templateType: 'Parallel', children: ['fault'] },
      ),
      'FD135 the template fault calls itself',
    ],
    [
      'parts of two types',
      workflow({ ...chaos, children: ['fault'] }),
      'FD105 spec.templates[0].children: not of a template of type PodChaos',
    ],
    [
      'a type without its part',
      workflow({ name: 'fault', templateType: 'NetworkChaos' }),
      'FD107 spec.templates[0]: a template of type NetworkChaos needs networkChaos',
    ],
    [
      'a name that is none',
      workflow({ ...chaos, name: 'Fault_1' }),
      'FD105 spec.templates[0].name: "Fault_1" is no name',
    ],
    [
      'a mistake in a fault',
      workflow({ ...chaos, podChaos: { ...chaos.podChaos, acton: 'x' } }),
      'FD106 unknown key "acton" in spec.templates[0].podChaos',
    ],
    [
      'a task without a command',
      workflow({ name: 'fault', templateType: 'Task', task: { container: { name: 'c', image: 'busybox' } } }),
      'FD130 the task fault runs what its image says',
    ],
    [
      'a fault for a cluster',
      workflow({
        name: 'fault',
        templateType: 'JVMChaos',
        jvmChaos: { action: 'gc', mode: 'one', selector },
      }),
      'FD130 JVMChaos acts only through Chaos Mesh',
    ],
  ])('with %s is told', async (_, text, expected) => {
    expect((await checked(text)).join('\n')).toContain(expected);
  });

  it('has faults and nodes that the run knows, without what it never reaches', async () => {
    const text = workflow(
      { name: 'fault', templateType: 'Serial', deadline: '9s', children: ['one'] },
      { ...chaos, name: 'one' },
      { ...chaos, name: 'never' },
    );
    const read = await readDrill(text, { targets: ['a=process:pid:2'] });
    expect(
      read.ok && read.value.faults.map(({ name, workflow: by, durationMs }) => ({ name, by, durationMs })),
    ).toEqual([{ name: 'one', by: 'workflow', durationMs: 5000 }]);
    expect(read.ok && read.value.workflows).toMatchObject([
      { entry: 'fault', lengthMs: 5000, nodes: [{ name: 'fault' }, { name: 'one' }] },
    ]);
  });
});

describe('a Schedule', () => {
  const podChaos = { action: 'pod-kill', mode: 'one', selector };

  it.each<[string, object, string]>([
    ['no cron expression', { schedule: 'often', type: 'PodChaos', podChaos }, 'FD133'],
    [
      'nothing to start',
      { schedule: '@hourly', type: 'StressChaos', podChaos },
      'FD107 spec: type StressChaos needs what it starts',
    ],
    [
      'a policy that does not exist',
      { schedule: '@hourly', type: 'PodChaos', podChaos, concurrencyPolicy: 'Replace' },
      'FD105 spec.concurrencyPolicy is "Replace"',
    ],
    [
      'a history of nothing',
      { schedule: '@hourly', type: 'PodChaos', podChaos, historyLimit: 0 },
      'FD105 spec.historyLimit is the number 0',
    ],
  ])('with %s is told', async (_, spec, expected) => {
    expect((await checked(object('Schedule', spec))).join('\n')).toContain(expected);
  });

  it('may start whole Workflows', async () => {
    const template = { name: 'kill', templateType: 'PodChaos', podChaos };
    const workflow = { entry: 'kill', templates: [template] };
    const text = object('Schedule', { schedule: '@hourly', type: 'Workflow', workflow });
    const read = await readDrill(text, { targets: ['a=process:pid:2'], durationMs: 60_000 });
    expect(read.ok && read.value.workflows).toMatchObject([
      {
        entry: 'schedule',
        lengthMs: 60_000,
        nodes: [
          { type: 'Fault', fault: 'kill' },
          { type: 'Schedule', run: 'kill' },
        ],
      },
    ]);
  });
});
