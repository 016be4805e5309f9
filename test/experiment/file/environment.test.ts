import { describe, expect, it } from 'vitest';
import { brief, goodDrill, readDrill, spoilt, told } from './drill.ts';

describe('${NAME} in a string', () => {
  it('is the value of the environment, or the default', async () => {
    const text = spoilt(
      ['A DNS outage must not leak memory', '${WHAT} on ${WHERE:-loopback}${NOTHING:-}'],
      ['command: [node, app.js]', 'command: [node, "$${HOME}", "${PROGRAM:-app.js}"]'],
    );
    const read = await readDrill(text, { env: { WHAT: 'Outage', NOTHING: undefined } });
    expect(read.ok && read.value.title).toBe('Outage on loopback');
    expect(read.ok && read.value.targets[0]?.kind).toMatchObject({ command: ['node', '${HOME}', 'app.js'] });
  });

  it('uses the default for an empty variable too, as a shell does', async () => {
    const read = await readDrill(spoilt(['A DNS outage', '${WHAT:-A} drill']), { env: { WHAT: '' } });
    expect(read.ok && read.value.title).toBe('A drill must not leak memory');
  });

  it('is a number where one belongs quoted or not', async () => {
    const text = spoilt(
      ['command: [node, app.js]', 'port: ${PORT}'],
      ['        ready: { http: "http://127.0.0.1:8080/healthz" }\n', ''],
      ['trials: 1', 'trials: ${TRIALS:-2}'],
      ['min: 10', 'min: "${HITS}"'],
    );
    const read = await readDrill(text, { env: { PORT: '8080', HITS: '3' } });
    expect(await told(Promise.resolve(read))).toBe('');
    expect(read.ok && read.value.targets[0]?.kind).toEqual({ type: 'port', port: 8080, only: false });
    expect(read.ok && [read.value.trials, read.value.faults[0]?.effect.min]).toEqual([2, 3]);
  });

  it('stays a string where one belongs, and what is no number is none', async () => {
    const title = await readDrill(spoilt(['A DNS outage must not leak memory', '${N}']), {
      env: { N: '12' },
    });
    expect(title.ok && title.value.title).toBe('12');
    expect(await brief(readDrill(spoilt(['trials: 1', 'trials: ${N}']), { env: { N: '1x' } }))).toEqual([
      'drills/drill.yaml:43:11 FD105 spec.trials is "1x" <a number>',
    ]);
  });

  it('needs quotes inside braces, and says so', async () => {
    expect(await told(readDrill(spoilt(['min: 10', 'min: ${HITS}'])))).toMatchInlineSnapshot(`
      "drills/drill.yaml:23:23: error FD103: not valid YAML: unexpected flow-map-start at node end
         23 |       effect: { min: \${HITS} }
            |                       ^
        hint: Inside { } and [ ], a text with \${…} needs quotes."
    `);
  });

  it('cannot change the structure of the file', async () => {
    const text = spoilt(['A DNS outage must not leak memory', '${WHAT}']);
    const read = await readDrill(text, { env: { WHAT: 'a: b\nspec: { trials: 9 }' } });
    expect(read.ok && [read.value.title, read.value.trials]).toEqual(['a: b\nspec: { trials: 9 }', 1]);
  });

  it('leaves the groups of regular expressions alone', async () => {
    const promql = `label_replace(up, "a", "$\{1}", "b", "(.*)") < 1`;
    const read = await readDrill(spoilt(['process_resident_memory_bytes{job="app"} < 100e6', `'${promql}'`]));
    expect(read.ok && read.value.objectives[0]?.promql).toBe(promql);
  });

  it('is refused where it is missing, malformed, or a key', async () => {
    const text = spoilt(
      ['A DNS outage', '${A} and ${B} and ${C'],
      ['    app:\n', '    "${NAME}":\n'],
      ['on: app', 'on: "${D:-${E}}"'],
    );
    expect(await told(readDrill(text, { env: { B: 'x' } }))).toMatchInlineSnapshot(`
      "drills/drill.yaml:5:10: error FD108: the environment variable A is not set
          5 |   title: \${A} and \${B} and \${C must not leak memory
            |          ^^^^
        hint: Set it, or write \`\${NAME:-default}\`; \`$\${\` stands for a plain \`\${\`.
      drills/drill.yaml:5:28: error FD114: \${C must not leak memory is no substitution
          5 |   title: \${A} and \${B} and \${C must not leak memory
            |                            ^^^^^^^^^^^^^^^^^^^^^^^^
        expected: \${NAME}, \${NAME:-default}, or $\${ for a plain \${
      drills/drill.yaml:7:5: error FD114: the key "\${NAME}" in spec.targets cannot come from the environment
          7 |     "\${NAME}":
            |     ^^^^^^^^^
        expected: a key without \${
      drills/drill.yaml:21:12: error FD114: \${D:-\${E} is no substitution
         21 |       on: "\${D:-\${E}}"
            |            ^^^^^^^^^
        expected: \${NAME}, \${NAME:-default}, or $\${ for a plain \${"
    `);
  });

  it('keeps the place of a mistake inside an expression', async () => {
    const text = spoilt([
      'process_resident_memory_bytes{job="app"} < 100e6',
      'process_resident_memory_bytes{job="${JOB}", pod=~"${POD}"} < 100e6 + +',
    ]);
    expect(await brief(readDrill(text, { env: { JOB: 'a-very-long-name-of-a-job', POD: '(' } }))).toEqual([
      'drills/drill.yaml:27:59 FD201 spec.objectives[0].promql: error parsing regexp: missing closing ): `(`',
    ]);
  });

  it('reads no variable from the prototype of objects', async () => {
    expect(await brief(readDrill(spoilt(['A DNS outage', '${constructor}'])))).toEqual([
      'drills/drill.yaml:5:10 FD108 the environment variable constructor is not set',
    ]);
  });
});

describe('--set', () => {
  const set = (...sets: string[]) => readDrill(goodDrill, { sets });

  it('replaces values by key, index and name, and adds what is not there', async () => {
    const read = await set(
      'spec.faults[0].spec.duration=1m',
      'spec.objectives.memory.breach.for=5s',
      'spec.seed=7',
      'spec.targets.app.labels["app.kubernetes.io/name"]=checkout',
      'spec.targets.app.process.command=[node, --inspect, app.js]',
      'spec.title=now: with a colon'.replace(': ', '- '),
    );
    expect(await told(Promise.resolve(read))).toBe('');
    if (!read.ok) return;
    expect(read.value.faults[0]?.durationMs).toBe(60_000);
    expect(read.value.objectives[0]?.breachForMs).toBe(5000);
    expect(read.value.seed).toBe(7);
    expect(read.value.targets[0]?.labels).toEqual({ app: 'checkout', 'app.kubernetes.io/name': 'checkout' });
    expect(read.value.targets[0]?.kind).toMatchObject({ command: ['node', '--inspect', 'app.js'] });
    expect(read.value.resolvedText).toContain('duration: 1m');
  });

  it('makes a variable of the environment unnecessary, and may use one', async () => {
    const text = spoilt(['A DNS outage must not leak memory', '${NOT_SET}']);
    const read = await readDrill(text, { sets: ['spec.title=${TITLE}'], env: { TITLE: 'set' } });
    expect(read.ok && read.value.title).toBe('set');
  });

  it('changes one place of a value that stands in several', async () => {
    const text = spoilt(
      ['labels: { app: checkout }', 'labels: &l { app: checkout }'],
      ['upstream: "127.0.0.1:8080" } }', 'upstream: "127.0.0.1:8080" }, labels: *l }'],
    );
    const read = await readDrill(text, { sets: ['spec.targets.link.labels.app=cart'] });
    expect(read.ok && read.value.targets.map((target) => target.labels.app)).toEqual(['checkout', 'cart']);
  });

  it.each([
    ['spec.trails=2', 'FD106 unknown key "trails" in spec <trials>'],
    ['spec.trials=many', '--set:1:13 FD105 spec.trials is "many" <a number>'],
    [
      'spec.faults[0].spec.duration=30',
      '--set:1:30 FD105 spec.faults[0].spec.duration is the number 30 <a duration',
    ],
    [
      'spec.objectives.memory.promql=up ==',
      '--set:1:36 FD201 spec.objectives[0].promql: unexpected end of input',
    ],
    ['spec.faults[3].on=app', '--set:1:1 FD115 spec.faults has 1 entry, and no 3 <an index from 0 to 0>'],
    ['spec.objectives.memroy.step=1s', 'FD115 spec.objectives has 1 entry, and no "memroy" <memory>'],
    ['spec.fautls[0].on=app', 'FD115 there is no list spec.fautls <faults>'],
    ['spec.title.deeper=1', 'FD115 spec.title has no parts <the path of a mapping or a list>'],
    ['spec.title', 'FD115 no path=value'],
    ['=1', 'FD115 no path=value'],
    ['.spec=1', 'FD115 no path such as spec.faults[0].spec.duration'],
    ['spec..title=1', 'FD115 no path such as'],
    ['spec.title=[1', 'FD115 the value is not valid YAML'],
    ['title=1', 'FD106 unknown key "title" <one of apiVersion, kind, metadata, spec>'],
  ])('%s is refused at the argument', async (argument, expected) => {
    const found = await brief(set(argument));
    expect(found.join('\n')).toContain(expected);
    expect(found.join('\n')).toMatch(/^--set:/);
  });
});

describe('--target', () => {
  it('takes the place of a target and keeps its labels, or stands beside it', async () => {
    const read = await readDrill(goodDrill, {
      targets: ['app=process:port:9000', 'other=proxy:127.0.0.1:0>[::1]:8080', 'third=process:pid:12'],
    });
    expect(read.ok && read.value.targets).toEqual([
      {
        name: 'app',
        namespace: 'default',
        labels: { app: 'checkout' },
        kind: { type: 'port', port: 9000, only: false },
      },
      expect.objectContaining({ name: 'link' }),
      {
        name: 'other',
        namespace: 'default',
        labels: {},
        kind: { type: 'proxy', listen: '127.0.0.1:0', upstream: '[::1]:8080' },
      },
      { name: 'third', namespace: 'default', labels: {}, kind: { type: 'pid', pid: 12 } },
    ]);
    expect(read.ok && read.value.resolvedText).toContain('port: 9000');
  });

  it('takes the place of the short form', async () => {
    const text = `apiVersion: firedrill.dev/v1
kind: Experiment
metadata: { name: short }
spec:
  target: { process: { command: [node, app.js] } }
  faults: [{ kind: PodChaos, spec: { action: pod-kill } }]
`;
    const read = await readDrill(text, { targets: ['target=process:pid:7'] });
    expect(read.ok && read.value.targets.map((target) => target.kind)).toEqual([{ type: 'pid', pid: 7 }]);
  });

  it.each([
    'app',
    'app=process:port:0',
    'app=process:port:70000',
    'app=process:name:x',
    'app=proxy:127.0.0.1:1',
    'app=proxy:127.0.0.1:1>127.0.0.1:0',
    '=process:pid:1',
    'my app=process:pid:1',
  ])('%s is no target', async (argument) => {
    expect(await brief(readDrill(goodDrill, { targets: [argument] }))).toEqual([
      `--target:1:1 FD115 ${JSON.stringify(argument)} is no target ` +
        '<NAME=process:port:8080, NAME=process:pid:123, NAME=container:NAME, NAME=proxy:LISTEN>UPSTREAM or NAME=host, ' +
        'with ,label=KEY=VALUE and ,namespace=NAME behind it where a selector asks for them>',
    ]);
  });

  it('reaches no other machine either', async () => {
    expect(await brief(readDrill(goodDrill, { targets: ['link=proxy:0.0.0.0:80>10.0.0.7:80'] }))).toEqual([
      '--target:1:6 FD117 0.0.0.0 is not this machine <loopback, or limits.hosts: [0.0.0.0]>',
      '--target:1:6 FD117 10.0.0.7 is not this machine <loopback, or limits.hosts: [10.0.0.7]>',
    ]);
  });
});

describe('hosts beyond loopback', () => {
  it('are allowed by name', async () => {
    const text = spoilt(
      ['http: { url: "http://127.0.0.1:8080/" }', 'http: { url: "http://shop.example/" }'],
      ['share: 50%', 'share: 50%, hosts: [shop.example]'],
    );
    expect(await brief(readDrill(text))).toEqual([]);
  });

  it.each(['http://localhost:80/', 'http://127.1.2.3/', 'http://[::1]:8080/'])(
    '%s is loopback',
    async (url) => {
      expect(
        await brief(
          readDrill(spoilt(['http: { url: "http://127.0.0.1:8080/" }', `http: { url: "${url}" }`])),
        ),
      ).toEqual([]);
    },
  );

  it.each([
    'http://127.0.0.1.evil.example/',
    'http://localhost.evil.example/',
    'http://2130706433.example/',
    'http://user@10.0.0.1/',
  ])('%s is not', async (url) => {
    const found = await brief(
      readDrill(spoilt(['http: { url: "http://127.0.0.1:8080/" }', `http: { url: "${url}" }`])),
    );
    expect(found).toEqual([expect.stringContaining('FD117')]);
  });
});
