// An embedded Alertmanager on real time that tells the services themselves, as `--notify deliver` does.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PostedAlert } from '../../../src/alertmanager/alert.ts';
import { Dispatcher, type NotificationIntent } from '../../../src/alertmanager/dispatch/dispatcher.ts';
import { Pipeline } from '../../../src/alertmanager/dispatch/pipeline.ts';
import type { Delivery } from '../../../src/alertmanager/notify/deliver.ts';
import type { Line } from '../../../src/alertmanager/notify/notifier.ts';
import { NotificationSender } from '../../../src/alertmanager/notify/sender.ts';
import { ServiceLines } from '../../../src/alertmanager/notify/service-line.ts';
import { readTemplates } from '../../../src/alertmanager/notify/templates/template-files.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { freePort, startProgram } from '../../support/processes.ts';
import { configOf } from '../timeline.ts';

export type Cleanups = (() => unknown)[];

export function temporaryFolder(cleanups: Cleanups): string {
  const folder = mkdtempSync(join(tmpdir(), 'firedrill-notify-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Embedded {
  post(alerts: readonly PostedAlert[]): void;
  readonly deliveries: readonly { readonly integration: string; readonly delivery: Delivery }[];
}

export async function startEmbedded(
  text: string,
  cleanups: Cleanups,
  more: {
    readonly externalUrl?: string;
    openLine?(intent: NotificationIntent, signal: AbortSignal): Line;
  } = {},
): Promise<Embedded> {
  const config = configOf(text);
  const deliveries: { integration: string; delivery: Delivery }[] = [];
  const lines = new ServiceLines(systemClock, new Set(config.secrets));
  const sender = new NotificationSender({
    templates: await readTemplates(config),
    clock: systemClock,
    externalUrl: more.externalUrl ?? 'http://alertmanager.test/am',
    openLine: more.openLine ?? ((intent, signal) => lines.open(intent, signal)),
  });
  const pipeline = new Pipeline({
    dispatcher: new Dispatcher(config),
    clock: systemClock,
    deliver: async (intent, signal) => {
      const delivery = await sender.send(intent, () => 0.5, signal);
      const { type, index } = intent.integration;
      deliveries.push({ integration: `${type}[${index}]`, delivery });
      return delivery;
    },
    onBug: (error) => {
      throw error;
    },
  });
  pipeline.start();
  cleanups.push(async () => {
    await pipeline.stop();
    await lines.close();
  });
  return { post: (alerts) => pipeline.receive(alerts), deliveries };
}

/** The address of Debian's Alertmanager with this configuration. */
export async function startAlertmanager(
  text: string,
  cleanups: Cleanups,
  externalUrl = 'http://alertmanager.test/am',
): Promise<{ url: string; output(): string }> {
  const folder = temporaryFolder(cleanups);
  writeFileSync(join(folder, 'alertmanager.yml'), text);
  const address = `127.0.0.1:${await freePort()}`;
  const program = await startProgram(
    [
      'prometheus-alertmanager',
      `--config.file=${folder}/alertmanager.yml`,
      `--storage.path=${folder}/data`,
      `--web.listen-address=${address}`,
      `--web.external-url=${externalUrl}`,
      '--web.route-prefix=/',
      '--cluster.listen-address=',
    ],
    `http://${address}/-/ready`,
  );
  cleanups.push(() => program.stop());
  return { url: `http://${address}`, output: () => program.output() };
}

export async function until(done: () => boolean, what: () => string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!done()) {
    if (Date.now() > deadline) throw new Error(`timed out: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
