// A drill whose alerts a real Prometheus sends to a real Alertmanager, with its pager held: the drill's alerts reach the
// capture receiver and nobody else, a real incident gets through, and after a crash the silence ends.

import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { RemoteAlertmanager, type RemoteSilence } from '../../src/alertmanager/remote.ts';
import { systemClock } from '../../src/base/clock.ts';
import { Labels } from '../../src/base/labels.ts';
import type { TimelineEvent } from '../../src/experiment/timeline.ts';
import type { Verdict } from '../../src/experiment/verdict.ts';
import { firedrill, firedrillBin, type Workplace, workplace } from '../support/firedrill.ts';
import { freePort, type Program, startProgram } from '../support/processes.ts';
import { describeWith } from '../support/requires.ts';

const example = resolve('examples/dns-outage');
const password = 'correct-horse-battery';

interface Page {
  readonly alerts: readonly { readonly labels: Readonly<Record<string, string>> }[];
}

/** The part of an experiment that is changed here. */
interface Changeable {
  collateral: unknown;
  readonly telemetry: { readonly alertmanager: { basic_auth: object } };
}

interface Scene {
  readonly place: Workplace;
  readonly file: string;
  readonly remote: RemoteAlertmanager;
  /** What the people on call really got. */
  readonly pages: Page[];
  end(): Promise<void>;
}

describeWith(['prometheus', 'prometheus-alertmanager'], 'a drill in the shadow of a real pager', () => {
  // Each has programs and ports of its own, so they can run side by side.
  const sceneTest = (name: string, body: (scene: Scene) => Promise<void>) =>
    test.concurrent(name, { timeout: 120_000 }, async () => {
      const scene = await openScene();
      await body(scene).finally(() => scene.end());
    });

  sceneTest('tells the capture receiver, and the real pager only of what is no drill', async (scene) => {
    const run = firedrill(scene.place, ['run', scene.file, '--notify', 'shadow', '--output', 'json']);
    await silenceInForce(scene.remote);
    const incident = Labels.from({ alertname: 'RealIncident', job: 'payments', severity: 'page' });
    await scene.remote.postAlerts([{ labels: incident, annotations: {} }]);
    const { stdout, stderr } = await run;
    expect(stdout, stderr).not.toBe('');
    const verdict = JSON.parse(stdout) as Verdict;
    expect(verdict.alerts[0], JSON.stringify(verdict, null, 1)).toMatchObject({
      verdict: 'rang',
      receivers: ['platform-oncall'],
    });
    expect(verdict.detection).toBe('pass');

    const told = scene.pages.flatMap(({ alerts }) => alerts.map(({ labels }) => labels.alertname));
    expect(new Set(told)).toEqual(new Set(['RealIncident']));

    const silences = await scene.remote.silences();
    expect(silences.map(({ status, matchers }) => ({ ...status, matchers }))).toEqual([
      { state: 'expired', matchers: [{ name: 'job', value: 'app', isRegex: false, isEqual: true }] },
    ]);
    const events = timelineOf(verdict.runFolder!);
    expect(events.find(({ type }) => type === 'alert.grouped')).toMatchObject({
      alert: 'ContainerMemoryHigh',
      receiver: 'platform-oncall',
      opens: true,
    });
    expect(events.filter(({ type }) => type === 'alert.suppressed')).toEqual([]);
    const captured = readdirSync(join(verdict.runFolder!, 'notifications'));
    expect(captured.length).toBeGreaterThanOrEqual(2);
    for (const name of captured) {
      const text = readFileSync(join(verdict.runFolder!, 'notifications', name), 'utf8');
      expect(JSON.parse(text).run).toBe(verdict.run);
      expect(text).toContain(`firedrill_run=${verdict.run}`);
    }
    expect(readFileSync(join(verdict.runFolder!, 'timeline.jsonl'), 'utf8')).not.toContain(password);
  });

  sceneTest(
    'leaves no silence when the runner is killed, and none for long when its watchdog is too',
    async (scene) => {
      const first = await startedRun(scene);
      const journal = readdirSync(join(scene.place.folder, 'state', 'leases'))
        .map((name) => readFileSync(join(scene.place.folder, 'state', 'leases', name), 'utf8'))
        .join();
      expect(journal).toContain('end-silence');
      expect(journal).not.toContain(password);
      first.kill();
      // Its watchdog ends what it held.
      await eventually(() => statesOf(scene.remote), ['expired'], 15_000);

      const second = await startedRun(scene);
      process.kill(second.watchdog, 'SIGKILL');
      second.kill();
      const silence = (await scene.remote.silences()).find(({ status }) => status.state === 'active')!;
      expect(silence.endsAt - systemClock.now()).toBeLessThanOrEqual(31_000);
      // Nobody is left who could end it.
      await eventually(() => statesOf(scene.remote), ['expired', 'expired'], 40_000);
      expect((await scene.remote.silence(silence.id)).endsAt).toBe(silence.endsAt);
      const { exitCode, stdout, stderr } = await firedrill(scene.place, ['undo']);
      expect(exitCode, stdout + stderr).toBe(0);
    },
  );

  sceneTest('that is stopped leaves the silence to its end while its alert still fires', async (scene) => {
    const run = execa(process.execPath, [firedrillBin, 'run', scene.file, '--notify', 'shadow'], {
      cwd: scene.place.folder,
      env: scene.place.env,
      reject: false,
    });
    await silenceInForce(scene.remote);
    const runs = join(scene.place.folder, '.firedrill', 'runs');
    const folder = join(runs, readdirSync(runs)[0]!);
    await eventually(
      async () => timelineOf(folder).some(({ type }) => type === 'notification.captured'),
      true,
      60_000,
    );
    run.kill('SIGINT');
    const { exitCode, stdout, stderr } = await run;
    expect(exitCode, `${stdout}${stderr}`).toBe(4);
    expect(await statesOf(scene.remote)).toEqual(['active']);
    const [silence] = await scene.remote.silences();
    expect(silence!.endsAt - systemClock.now()).toBeLessThanOrEqual(31_000);
    const warnings = timelineOf(folder).flatMap((event) => (event.type === 'warning' ? event.message : []));
    expect(warnings.join()).toContain('ContainerMemoryHigh would still be told: the silence');
    expect(scene.pages).toEqual([]);
  });

  sceneTest(
    'is refused without the labels of the drill, or with a password that would stand in the journal',
    async (scene) => {
      const refused = async (change: (spec: Changeable) => void) => {
        const document = parse(readFileSync(scene.file, 'utf8'));
        change(document.spec);
        const file = join(scene.place.folder, 'refused.yaml');
        writeFileSync(file, stringify(document));
        return firedrill(scene.place, ['run', file, '--notify', 'shadow', '--dry-run']);
      };
      const planned = await refused(() => {});
      expect(planned).toMatchObject({ exitCode: 0 });
      expect(planned.stdout).toContain('a silence on {job="app"} holds the pager of');
      expect(await statesOf(scene.remote)).toEqual([]);
      const unscoped = await refused((spec) => {
        spec.collateral = undefined;
      });
      expect(unscoped).toMatchObject({ exitCode: 2 });
      expect(unscoped.stderr).toContain('FD808');
      expect(unscoped.stderr).toContain('collateral.scope');
      const inline = await refused((spec) => {
        spec.telemetry.alertmanager.basic_auth = { username: 'drill', password };
      });
      expect(inline.stderr).toContain('FD808');
      expect(inline.stderr).toContain('password_file');
      expect(inline.stderr).not.toContain(password);
    },
  );
});

/** A run that has silenced the pager, in a process of its own. */
async function startedRun({
  place,
  file,
  remote,
}: Scene): Promise<{ readonly watchdog: number; kill(): void }> {
  const before = (await remote.silences()).length;
  const child = execa(process.execPath, [firedrillBin, 'run', file, '--notify', 'shadow'], {
    cwd: place.folder,
    env: place.env,
    reject: false,
  });
  await eventually(async () => (await remote.silences()).length, before + 1, 30_000);
  const runs = join(place.folder, 'state', 'runs');
  const records = readdirSync(runs).map((name) => JSON.parse(readFileSync(join(runs, name), 'utf8')));
  const record = records.find(({ runner }) => runner.pid === child.pid);
  return { watchdog: record.watchdog.pid, kill: () => void process.kill(child.pid!, 'SIGKILL') };
}

async function silenceInForce(remote: RemoteAlertmanager): Promise<RemoteSilence> {
  await eventually(() => statesOf(remote), ['active'], 30_000);
  return (await remote.silences())[0]!;
}

async function statesOf(remote: RemoteAlertmanager): Promise<string[]> {
  return (await remote.silences()).map(({ status }) => status.state);
}

/** Tests that run side by side cannot poll with `expect`. */
async function eventually<T>(read: () => Promise<T>, expected: T, withinMs: number): Promise<void> {
  const deadline = systemClock.now() + withinMs;
  for (;;) {
    const found = await read();
    if (JSON.stringify(found) === JSON.stringify(expected)) return;
    if (systemClock.now() > deadline) expect(found).toEqual(expected);
    await systemClock.sleep(200);
  }
}

function timelineOf(runFolder: string): TimelineEvent[] {
  return readFileSync(join(runFolder, 'timeline.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TimelineEvent);
}

async function openScene(): Promise<Scene> {
  const place = workplace();
  const pages: Page[] = [];
  const pager = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      pages.push(JSON.parse(text) as Page);
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(pager, 'listening');
  const programs: Program[] = [];
  const end = async () => {
    for (const program of programs.reverse()) await program.stop();
    await remote?.close();
    closeServer(pager);
    await firedrill(place, ['undo']);
    place.remove();
  };
  let remote: RemoteAlertmanager | undefined;
  try {
    const ports = { app: await freePort(), prometheus: await freePort(), alertmanager: await freePort() };
    programs.push(await startAlertmanager(place.folder, ports.alertmanager, portOf(pager)));
    programs.push(await startPrometheus(place.folder, ports));
    remote = new RemoteAlertmanager(`http://127.0.0.1:${ports.alertmanager}`, {}, systemClock);
    const file = join(place.folder, 'experiment.yaml');
    writeFileSync(join(place.folder, 'password'), password, { mode: 0o600 });
    writeFileSync(file, experiment(ports, join(place.folder, 'password')));
    return { place, file, remote, pages, end };
  } catch (error) {
    await end();
    throw error;
  }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function closeServer(server: Server): void {
  server.closeAllConnections();
  server.close();
}

async function startAlertmanager(folder: string, port: number, pagerPort: number): Promise<Program> {
  const config = join(folder, 'alertmanager.yml');
  writeFileSync(
    config,
    `route: { receiver: default, group_by: [alertname], group_wait: 1s, group_interval: 2s, routes: [{ receiver: platform-oncall, matchers: ['severity="page"'] }] }
receivers:
  - name: default
  - name: platform-oncall
    webhook_configs: [{ url: "http://127.0.0.1:${pagerPort}/page" }]
`,
  );
  const address = `127.0.0.1:${port}`;
  return startProgram(
    [
      'prometheus-alertmanager',
      `--config.file=${config}`,
      `--storage.path=${join(folder, 'alertmanager')}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
    ],
    `http://${address}/-/ready`,
  );
}

async function startPrometheus(
  folder: string,
  ports: { app: number; prometheus: number; alertmanager: number },
): Promise<Program> {
  const config = join(folder, 'prometheus.yml');
  mkdirSync(join(folder, 'tsdb'));
  writeFileSync(
    config,
    `global: { scrape_interval: 1s, evaluation_interval: 1s }
alerting: { alertmanagers: [{ static_configs: [{ targets: ["127.0.0.1:${ports.alertmanager}"] }] }] }
rule_files: ${JSON.stringify([join(example, 'alerts.yaml')])}
scrape_configs: [{ job_name: app, static_configs: [{ targets: ["127.0.0.1:${ports.app}"] }] }]
`,
  );
  const address = `127.0.0.1:${ports.prometheus}`;
  return startProgram(
    [
      'prometheus',
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'tsdb')}`,
      `--web.listen-address=${address}`,
      '--rules.alert.resend-delay=1s',
    ],
    `http://${address}/-/ready`,
  );
}

/** The leaky act, watched and notified by the real pair, with everything of job app in its scope. */
function experiment(
  ports: { app: number; prometheus: number; alertmanager: number },
  passwordFile: string,
): string {
  const document = parse(readFileSync(join(example, 'leaky.yaml'), 'utf8'));
  const { process: target } = document.spec.target;
  target.folder = example;
  target.env.PORT = String(ports.app);
  target.ready.http = `http://127.0.0.1:${ports.app}/healthz`;
  document.spec.telemetry = {
    prometheus: { url: `http://127.0.0.1:${ports.prometheus}`, interval: '1s' },
    alertmanager: {
      url: `http://127.0.0.1:${ports.alertmanager}`,
      basic_auth: { username: 'drill', password_file: passwordFile },
    },
  };
  document.spec.collateral = { scope: { job: 'app' } };
  return stringify(document);
}
