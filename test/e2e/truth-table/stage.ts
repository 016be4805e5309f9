// The stage on which rows are played: a metrics server that shows each row's value of the second, Debian's Prometheus
// and Alertmanager, and our capture receiver as everybody's webhook. All rows are played at once, in real time.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type CapturedNotification, CaptureReceiver } from '../../../src/alertmanager/capture.ts';
import type { AlertmanagerConfig } from '../../../src/alertmanager/config/model.ts';
import { readAlertmanagerConfig } from '../../../src/alertmanager/config/read.ts';
import { systemClock } from '../../../src/base/clock.ts';
import type { Labels } from '../../../src/base/labels.ts';
import { scrapesOf } from '../../experiment/judge/truth-table/scrapes.ts';
import { freePort, type Program, startProgram } from '../../support/processes.ts';
import { alertmanagerYaml, type PlayedRow, prometheusYaml, rulesYaml } from './configuration.ts';
import { disguisedReceiver, disguisedText } from './disguise.ts';

export interface Stage {
  readonly prometheusUrl: string;
  readonly alertmanager: { readonly url: string; readonly config: AlertmanagerConfig };
  /** Unix milliseconds of each row's time zero; resolves at the first scrape that shows it. */
  readonly curtain: Promise<number>;
  stop(): Promise<void>;
}

export async function openStage(
  folder: string,
  rows: readonly PlayedRow[],
  onNotification: (captured: CapturedNotification) => void,
): Promise<Stage> {
  mkdirSync(folder, { recursive: true });
  const metrics = await startMetrics(rows);
  const capture = new CaptureReceiver({
    spec: { listen: '127.0.0.1:0', token: undefined, answers: failing(rows) },
    clock: systemClock,
    folder: undefined,
    secrets: [],
    onNotification,
    onError: () => {},
  });
  const programs: Program[] = [];
  const stop = async () => {
    for (const program of programs.reverse()) await program.stop();
    await capture.stop();
    metrics.server.closeAllConnections();
    await new Promise((done) => metrics.server.close(done));
  };
  try {
    await capture.start();
    const alertmanager = await freePort();
    const prometheus = await freePort();
    const write = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const notifierFile = write('alertmanager.yml', alertmanagerYaml(rows, capture.url.href));
    programs.push(
      await startProgram(
        [
          'prometheus-alertmanager',
          `--config.file=${notifierFile}`,
          `--storage.path=${join(folder, 'alertmanager')}`,
          `--web.listen-address=127.0.0.1:${alertmanager}`,
          '--cluster.listen-address=',
        ],
        `http://127.0.0.1:${alertmanager}/-/ready`,
      ),
    );
    await silence(`http://127.0.0.1:${alertmanager}`, rows);
    const sourceFile = write(
      'prometheus.yml',
      prometheusYaml({ metrics: metrics.port, alertmanager }, write('rules.yml', rulesYaml(rows))),
    );
    programs.push(
      await startProgram(
        [
          'prometheus',
          `--config.file=${sourceFile}`,
          `--storage.tsdb.path=${join(folder, 'tsdb')}`,
          `--web.listen-address=127.0.0.1:${prometheus}`,
          '--rules.alert.resend-delay=1s',
        ],
        `http://127.0.0.1:${prometheus}/-/ready`,
      ),
    );
    return {
      prometheusUrl: `http://127.0.0.1:${prometheus}`,
      alertmanager: { url: `http://127.0.0.1:${alertmanager}`, config: configOf(notifierFile) },
      curtain: metrics.curtain,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configOf(file: string): AlertmanagerConfig {
  const read = readAlertmanagerConfig(file, readFileSync(file, 'utf8'));
  if (!read.ok) throw new Error(read.diagnostics.map((each) => each.message).join('; '));
  return read.value;
}

function failing(rows: readonly PlayedRow[]) {
  return Object.fromEntries(
    rows.flatMap(({ id, story }) =>
      (story.failing ?? []).map((receiver) => [
        disguisedReceiver(receiver, id),
        { status: 500, delayMs: 0, forMs: undefined },
      ]),
    ),
  );
}

async function silence(url: string, rows: readonly PlayedRow[]): Promise<void> {
  for (const { id, story } of rows) {
    if (!story.silence) continue;
    const { alert, author: createdBy, comment } = story.silence;
    const matchers = [
      { name: 'alertname', value: alert, isRegex: false, isEqual: true },
      { name: 'row', value: id, isRegex: false, isEqual: true },
    ];
    const startsAt = new Date().toISOString();
    const endsAt = new Date(Date.now() + 3_600_000).toISOString();
    const answer = await fetch(`${url}/api/v2/silences`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ matchers, startsAt, endsAt, createdBy, comment }),
    });
    if (!answer.ok) throw new Error(`no silence: ${await answer.text()}`);
  }
}

/** Prometheus needs a moment until its scrapes come in their rhythm. */
const rehearsals = 2;

/** The scrape says which second it is: each shows the next values, unless one was left out. */
async function startMetrics(
  rows: readonly PlayedRow[],
): Promise<{ server: Server; port: number; curtain: Promise<number> }> {
  const plays = rows.flatMap(({ id, story }) => textsOf(id, story));
  let scrapes = 0;
  let zeroAt: number | undefined;
  let raise: (at: number) => void = () => {};
  const curtain = new Promise<number>((resolve) => {
    raise = resolve;
  });
  const server = createServer((_request, response) => {
    const now = Date.now();
    if (zeroAt === undefined && scrapes++ === rehearsals) {
      zeroAt = now;
      raise(now);
    }
    const second = zeroAt === undefined ? -1 : Math.round((now - zeroAt) / 1000);
    const text = plays.map((play) => play[second] ?? '').join('');
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { server, port: (server.address() as AddressInfo).port, curtain };
}

/** What a row exposes in each second. */
function textsOf(id: string, story: PlayedRow['story']): string[][] {
  const series = Object.fromEntries(
    Object.entries(story.series ?? {}).map(([name, values]) => [disguisedText(name, id), values]),
  );
  const texts = scrapesOf({ ...story, series }).map(({ samples }) =>
    samples
      .filter(({ stale }) => !stale)
      .map(({ labels, value }) => `${exposed(labels)} ${value}\n`)
      .join(''),
  );
  return [texts];
}

function exposed(labels: Labels): string {
  const pairs = labels.pairs.filter(([name]) => name !== '__name__');
  return `${labels.name}{${pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}}`;
}
