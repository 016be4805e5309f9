import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readChaosToolkit } from '../../../src/experiment/chaos-toolkit/read.ts';
import { checkFile } from '../../../src/experiment/file/check.ts';

const probe = {
  type: 'probe',
  name: 'answers',
  tolerance: 200,
  provider: { type: 'http', url: 'http://127.0.0.1:1/' },
};
const plain = { title: 'Does it hold?', description: 'It should.', method: [] as unknown[] };

function read(document: object | string, env: Record<string, string> = {}) {
  const text = typeof document === 'string' ? document : stringify(document);
  return readChaosToolkit({ file: 'e.yaml', text, env });
}

function told(document: object | string, env: Record<string, string> = {}): string[] {
  const result = read(document, env);
  const diagnostics = result.ok ? result.warnings : result.diagnostics;
  return diagnostics.map(({ code, message, at, expected }) =>
    [`${at?.line}:${at?.column} ${code} ${message}`, ...(expected ? [expected] : [])].join(' | '),
  );
}

describe('a Chaos Toolkit file', () => {
  test('is read with its values, references and strategies', () => {
    const result = read(
      {
        ...plain,
        title: '${who} holds',
        tags: ['a'],
        contributions: { reliability: 'high' },
        extensions: [{ name: 'x', anything: 1 }],
        configuration: {
          who: 'It',
          port: { type: 'env', key: 'PORT', env_var_type: 'int' },
          fallback: { type: 'env', key: 'NOT_SET', default: 'here' },
        },
        secrets: { web: { token: { type: 'env', key: 'TOKEN' }, deep: { inner: 'inline-secret' } } },
        runtime: { hypothesis: { strategy: 'after-method-only' }, rollbacks: { strategy: 'always' } },
        'steady-state-hypothesis': { title: 't', probes: [probe] },
        method: [{ ref: 'answers', background: true }],
      },
      { PORT: '8080', TOKEN: 'from-the-environment' },
    );
    if (!result.ok) throw new Error(JSON.stringify(result.diagnostics));
    const { chaosToolkit, experiment } = result.value;
    expect(chaosToolkit.title).toBe('It holds');
    expect(chaosToolkit.configuration).toEqual({ who: 'It', port: 8080, fallback: 'here' });
    expect(chaosToolkit.secrets.web).toMatchObject({ token: 'from-the-environment' });
    expect(chaosToolkit.strategies).toEqual({ hypothesis: 'after-method-only', rollbacks: 'always' });
    expect(chaosToolkit.method[0]).toMatchObject({
      name: 'answers',
      background: true,
      provider: probe.provider,
    });
    expect(experiment.secrets).toEqual(['from-the-environment', 'inline-secret']);
    expect(JSON.stringify(chaosToolkit.written)).not.toContain('inline-secret');
    expect(experiment.resolvedText).not.toContain('inline-secret');
  });

  test('tells every mistake at once, where it stands', () => {
    const text = `title: Wrong in many places
description: x
methods: []
configuration:
  port: {type: env, key: PORT_THAT_IS_NOT_SET}
  number: {type: env, key: WORD, env_var_type: int}
secrets:
  k8s:
    token: {type: vault, path: secret/x}
steady-state-hypothesis:
  title: t
  probes:
    - {type: probe, name: no-tolerance, provider: {type: http, url: "http://h/"}}
    - {type: probe, name: regex, tolerance: {type: regex, pattern: "a("}, provider: {type: http, url: "http://h/"}}
    - {type: probe, name: path, tolerance: {type: jsonpath, path: "$.a["}, provider: {type: http, url: "http://h/"}}
    - {type: probe, name: float, tolerance: 1.5, provider: {type: http, url: "http://h/"}}
    - {type: probe, name: kind, tolerance: {type: regexp}, provider: {type: http, url: "http://h/"}}
method:
  - {type: action, name: provider, provider: {type: proces, path: ls}}
  - {type: action, name: key, provider: {type: process, path: ls, argumnts: x}}
  - {type: action, name: value, provider: {type: process, path: ls, arguments: ["\${numbre}"]}}
  - {ref: nobody}
  - {name: a, ref: b}
  - {name: b, ref: a}
  - {type: action, name: pauses, pauses: {before: soon}, provider: {type: process, path: ls}}
`;
    expect(told(text, { WORD: 'seven' })).toEqual([
      expect.stringMatching(/^3:1 FD106 unknown key "methods" \| method$/),
      expect.stringMatching(/^5:26 FD108 the environment variable PORT_THAT_IS_NOT_SET is not set/),
      expect.stringMatching(/^6:48 FD105 the value of WORD is no int/),
      expect.stringMatching(/^9:12 FD143 secrets\.k8s\.token comes from Vault/),
      expect.stringMatching(/^13:7 FD107 steady-state-hypothesis\.probes\[0\] has no tolerance/),
      expect.stringMatching(/^14:\d+ FD140 .*missing closing/),
      expect.stringMatching(/^15:\d+ FD140 /),
      expect.stringMatching(/^16:\d+ FD105 .*tolerance cannot be compared with/),
      expect.stringMatching(/^17:\d+ FD105 .*"regexp" \| regex \(of regex, jsonpath, range, probe\)$/),
      expect.stringMatching(/^19:\d+ FD105 .*"proces" \| process \(of process, http, python\)$/),
      expect.stringMatching(/^20:\d+ FD106 unknown key "argumnts" .*\| arguments$/),
      expect.stringMatching(/^21:82 FD142 \$\{numbre\} is neither .* \| \$\{number\}$/),
      expect.stringMatching(/^22:\d+ FD110 there is no activity "nobody"/),
      expect.stringMatching(/^23:\d+ FD141 b refers to a refers to b/),
      expect.stringMatching(/^24:\d+ FD141 a refers to b refers to a/),
      expect.stringMatching(/^25:\d+ FD105 .*"soon" is no number \| seconds, as a number, or \$\{name\}$/),
    ]);
  });

  test('warns of controls once, and of variables that may be the shell’s', () => {
    const process = { type: 'process', path: 'sh', arguments: '-c "echo ${HOME}"' };
    const controls = [{ name: 'c', provider: { type: 'python', module: 'm' } }];
    const method = [{ type: 'action', name: 'a', provider: process, controls }];
    const warnings = told({ ...plain, controls, method });
    expect(warnings.map((warning) => warning.split(' ')[1])).toEqual(['FD142', 'FD144']);
    expect(warnings[1]).toContain('in 2 places');
  });

  test.each([
    ['$.a[?(@.b = $.c)]', 'root'],
    ['$.a[?(not @.b = 1)]', '`not` needs parentheses'],
    ['$.a[?(@.b and @.c or @.d)]', '`and` beside `or`'],
    ['a.b', 'begins with $'],
    ['$.a[?(@.b', 'not closed'],
  ])('refuses the path %s', (path, why) => {
    const tolerance = { type: 'jsonpath', path };
    const hypothesis = { title: 't', probes: [{ ...probe, tolerance }] };
    const [first] = told({ ...plain, 'steady-state-hypothesis': hypothesis });
    expect(first).toMatch(/FD140/);
    expect(first).toContain(why);
  });

  test('never shows a secret in what is wrong', () => {
    const text = `title: t
description: d
secrets: {web: {token: very-secret-token}}
method: [{type: action, name: very-secret-token, provider: {type: htp, url: very-secret-token}}]
`;
    const result = read(text);
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).not.toContain('very-secret-token');
  });

  test('is known by its shape, also as JSON with tabs', async () => {
    const text = JSON.stringify(
      { ...plain, 'steady-state-hypothesis': { title: 't', probes: [probe] } },
      null,
      '\t',
    );
    const checked = await checkFile({
      file: 'e.json',
      text,
      env: {},
      files: { read: async () => '' },
    });
    expect(checked).toEqual({ kind: 'chaos-toolkit', diagnostics: [] });
  });
});
