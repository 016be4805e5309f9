// What the served Alertmanager does with its notifications. Nobody is paged by a server that somebody tries out: unless
// told to deliver, a notification is a line that says who would be told.

import type { AlertmanagerConfig } from '../alertmanager/config/model.ts';
import { readAlertmanagerConfig } from '../alertmanager/config/read.ts';
import type { NotificationIntent } from '../alertmanager/dispatch/dispatcher.ts';
import { NotificationSender } from '../alertmanager/notify/sender.ts';
import { ServiceLines } from '../alertmanager/notify/service-line.ts';
import { readTemplates } from '../alertmanager/notify/templates/template-files.ts';
import { systemClock } from '../base/clock.ts';
import { UserError } from '../base/diagnostics.ts';
import { seededRandom } from '../base/random.ts';
import { redact } from '../base/redact.ts';
import { maskedYaml } from '../server/alerts/masked-yaml.ts';
import type { ServerOptions } from '../server/app.ts';
import { showDiagnostics } from './failure.ts';
import { readUserFile } from './surroundings.ts';

type ServedNotifier = NonNullable<ServerOptions['alertmanager']>;

/** `how` is log or deliver. Throws a UserError. */
export async function servedNotifier(
  file: string,
  how: string,
  externalUrl: string,
): Promise<ServedNotifier> {
  if (how !== 'log' && how !== 'deliver')
    throw UserError.of('FD105', `--notify ${how}`, { expected: 'log or deliver' });
  const text = await readUserFile(file);
  const read = readAlertmanagerConfig(file, text);
  if (!read.ok) throw new UserError(read.diagnostics);
  const config = read.value;
  showDiagnostics(config.warnings);
  const configYaml = maskedYaml(text, config.secrets);
  const notify = how === 'deliver' ? await delivering(config, externalUrl) : logging;
  return { config, configYaml, notify };
}

const logging: ServedNotifier['notify'] = async (intent) => {
  say(`${intent.receiver} would be told by ${intent.integration.type}: ${wordsOf(intent)}`);
  return { ok: true, at: systemClock.now() };
};

async function delivering(
  config: AlertmanagerConfig,
  externalUrl: string,
): Promise<ServedNotifier['notify']> {
  const secrets = new Set(config.secrets);
  const services = new ServiceLines(systemClock, secrets);
  const sender = new NotificationSender({
    templates: await readTemplates(config),
    clock: systemClock,
    externalUrl,
    openLine: (intent, signal) => services.open(intent, signal),
  });
  return async (intent, signal) => {
    const outcome = await sender.send(intent, seededRandom(intent.id), signal);
    if (!outcome.ok) {
      const why = redact(outcome.reason, [...secrets]);
      say(`${intent.receiver} could not be told by ${intent.integration.type}: ${wordsOf(intent)}: ${why}`);
    }
    return outcome;
  };
}

function wordsOf({ reason, alerts, groupKey }: NotificationIntent): string {
  const told = (['firing', 'resolved'] as const).flatMap((status) => {
    const names = new Set(
      alerts.filter((each) => each.status === status).map(({ alert }) => alert.labels.get('alertname')),
    );
    return names.size === 0 ? [] : [`${[...names].slice(0, 10).join(', ')} ${status}`];
  });
  return `${told.join('; ')} (${reason}) ${groupKey}`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
