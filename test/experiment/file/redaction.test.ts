import { describe, expect, it } from 'vitest';
import { withoutSecrets } from '../../../src/experiment/file/secret-fields.ts';
import { goodDrill, goodFiles, readDrill, spoilt, told } from './drill.ts';

const literal = {
  password: 'pa55w0rd-of-the-file',
  token: 'capture-token-1',
  header: 'Bearer header-token-2',
  apiKey: 'key-in-the-environment-of-the-target',
  inUrl: 'url-p%40ss',
  receiver: 'https-hook-secret-3',
};

const secretDrill = spoilt(
  ['interval: 1s }', `interval: 1s, basic_auth: { username: me, password: ${literal.password} } }`],
  ['    rules:', `    capture: { token: ${literal.token} }\n    rules:`],
  [
    'http: { url: "http://127.0.0.1:8080/" }',
    `http: { url: "http://me:${literal.inUrl}@127.0.0.1:8080/", headers: { Authorization: "${literal.header}" } }`,
  ],
  [
    'command: [node, app.js]',
    `command: [node, app.js]\n        env: { API_KEY: ${literal.apiKey}, DATABASE: "\${DATABASE}", TOKENIZER: fast, LEVEL: debug }`,
  ],
  ['A DNS outage', 'Drill ${TICKET},'],
);
const env = { DATABASE: 'postgres://db.internal/main', TICKET: '#4242' };
const withHook = {
  'drills/alertmanager.yaml': goodFiles['drills/alertmanager.yaml']!.replace(
    'webhook_configs: [{ url: "http://127.0.0.1:9/" }]',
    `webhook_configs: [{ url: "http://127.0.0.1:9/", http_config: { authorization: { credentials: ${literal.receiver} } } }]`,
  ),
};

describe('secrets', () => {
  it('are known: from the environment, from secret fields, from the files that are named', async () => {
    const read = await readDrill(secretDrill, { env, extraFiles: withHook });
    expect(await told(Promise.resolve(read))).toBe('');
    expect(read.ok && read.value.secrets).toEqual(
      expect.arrayContaining([...Object.values(literal), ...Object.values(env)]),
    );
    expect(read.ok && read.value.secrets).not.toContain('debug');
  });

  it('are not what the file says itself', async () => {
    const text = spoilt(['A DNS outage', '${A} ${B} ${C} ${D:-default} ${E}']);
    const read = await readDrill(text, {
      env: { A: 'http', B: 'checkout', C: '10', D: 'default', E: 'something else' },
    });
    expect(read.ok && read.value.secrets).toEqual(['something else']);
    expect(read.ok && read.value.resolvedText).toContain(
      'title: <redacted> <redacted> <redacted> <redacted> <redacted> must',
    );
  });

  it('are nowhere in the resolved text, which is still the same experiment', async () => {
    const read = await readDrill(secretDrill, { env, extraFiles: withHook });
    if (!read.ok) throw new Error(await told(Promise.resolve(read)));
    const { resolvedText } = read.value;
    for (const secret of [...Object.values(literal), ...Object.values(env)])
      expect(resolvedText).not.toContain(secret);
    expect(resolvedText).toContain('title: Drill <redacted>, must not leak memory');
    expect(resolvedText).toContain('LEVEL: debug');
    const again = await readDrill(resolvedText, { extraFiles: withHook });
    expect(again.ok && again.value.faults).toEqual(read.value.faults);
    expect(again.ok && again.value.targets.map((target) => target.name)).toEqual(['app', 'link']);
  });

  it('of any length are removed where they stand', async () => {
    const text = spoilt(['interval: 1s }', 'interval: 1s, bearer_token: abc }']);
    const read = await readDrill(text);
    expect(read.ok && read.value.resolvedText).toContain('bearer_token: <redacted>');
  });

  it('are nowhere in the experiment as it may be written, which keeps our own words', async () => {
    const text = secretDrill
      .replace('interval: 1s,', 'interval: 1s, scheme: "${SCHEME}",')
      .replace(`password: ${literal.password}`, 'password: abc');
    const read = await readDrill(text, { env: { ...env, SCHEME: 'http' }, extraFiles: withHook });
    if (!read.ok) throw new Error(await told(Promise.resolve(read)));
    const written = withoutSecrets(read.value);
    for (const secret of read.value.secrets.filter((one) => one.length > 3))
      expect(JSON.stringify(written)).not.toContain(secret);
    expect(written.telemetry.scrape[0]).toMatchObject({ scheme: 'http', intervalMs: 1000 });
    expect(written.traffic[0]).toMatchObject({ type: 'http', ratePerSecond: 20 });
  });

  it('are not shown with a mistake', async () => {
    const text = spoilt(
      ['interval: 1s }', `interval: 1, basic_auth: { username: me, password: ${literal.password} } }`],
      ['20/s', '"${RATE}"'],
    );
    expect(await told(readDrill(text, { env: { RATE: 'not-a-rate-at-all' } }))).toMatchInlineSnapshot(`
      "drills/drill.yaml:14:68: error FD105: spec.traffic[0].rate: "<redacted>" is no rate
         14 |     - { name: shop, http: { url: "http://127.0.0.1:8080/" }, rate: "\${RATE}" }
            |                                                                    ^^^^^^^^^
        expected: a rate such as 20/s, 300/m or 0.5/s
      drills/drill.yaml:16:65: error FD105: spec.telemetry.scrape[0].interval is the number 1
        expected: a duration such as 500ms, 30s, 5m or 1h30m"
    `);
  });

  it('are no labels that happen to have such a name', async () => {
    const text = spoilt(['labels: { app: checkout }', 'labels: { app: checkout, token: blue-green }']);
    const read = await readDrill(text);
    expect(read.ok && read.value.secrets).toEqual([]);
  });
});

describe('the resolved text', () => {
  it('of an experiment without secrets reads back to the same experiment', async () => {
    const text = spoilt(['command: [node, app.js]', 'command: [sh, -c, "echo $${HOME} $${1}"]']);
    const first = await readDrill(text, { sets: ['spec.trials=3'], targets: ['link=process:pid:9'] });
    if (!first.ok) throw new Error(await told(Promise.resolve(first)));
    const again = await readDrill(first.value.resolvedText);
    expect(again).toEqual(first);
  });

  it('carries the values of anchors', async () => {
    const text = goodDrill
      .replace('labels: { app: checkout }', 'labels: &l { app: checkout }')
      .replace('upstream: "127.0.0.1:8080" } }', 'upstream: "127.0.0.1:8080" }, labels: *l }');
    const read = await readDrill(text);
    const again = await readDrill(read.ok ? read.value.resolvedText : '');
    expect(again.ok && again.value.targets).toEqual(read.ok && read.value.targets);
  });
});
