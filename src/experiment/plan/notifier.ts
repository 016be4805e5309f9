// Who notifies, and who would be told. Nobody is paged by surprise: an embedded Alertmanager hands everything to the
// capture receiver; a remote one cannot be held back, so its receivers are listed and the run is refused until the
// user says that they may be told.

import type { AlertmanagerConfig } from '../../alertmanager/config/model.ts';
import { readAlertmanagerConfig } from '../../alertmanager/config/read.ts';
import { RemoteAlertmanager, type RemoteStatus } from '../../alertmanager/remote.ts';
import { UserError } from '../../base/diagnostics.ts';
import type { HttpClientSpec } from '../../telemetry/http-client-spec.ts';
import { RemoteApi } from '../../telemetry/remote/api.ts';
import type { Experiment } from '../model.ts';
import type { JudgedPlan } from '../timeline.ts';
import type { Routing } from './alerts.ts';
import type { Planning } from './plan.ts';
import { judgedRouting, routingOf } from './routing.ts';
import { planShadow, type ShadowPlan } from './shadow.ts';

export interface Notifier {
  /** The embedded Alertmanager's configuration. */
  readonly config: AlertmanagerConfig | undefined;
  readonly routing: Routing;
  /** The tree behind the routing, and the inhibitions, for the judge. */
  readonly judged: Pick<JudgedPlan, 'routing' | 'inhibitions'>;
  /** What a real Alertmanager is configured with. */
  readonly remote: AlertmanagerConfig | undefined;
  /** Set when its pager is to be held. */
  readonly shadow: ShadowPlan | undefined;
}

export async function readNotifier(experiment: Experiment, planning: Planning): Promise<Notifier> {
  const { alertmanager, prometheus, rules } = experiment.telemetry;
  // A remote that evaluates rules of its own notifies its own Alertmanagers, whatever we do with ours.
  const pagers = prometheus ? (await new RemoteApi(prometheus, planning.clock).alertmanagers()).active : [];
  const embedded =
    alertmanager && 'file' in alertmanager ? await readEmbedded(alertmanager.file, planning) : undefined;
  const remote =
    alertmanager && 'url' in alertmanager
      ? await readRemote(alertmanager.url, alertmanager.http, planning)
      : undefined;
  if (planning.notify === 'capture') refuseSurprise(remote?.config, pagers);
  const shadow = planning.notify === 'shadow' ? planShadow(experiment, remote, pagers) : undefined;
  const evaluatesOurs = !prometheus || rules.length > 0;
  const notifies = remote?.config ?? (evaluatesOurs ? embedded : undefined);
  return {
    config: evaluatesOurs ? embedded : undefined,
    routing: routingOf(notifies),
    judged: judgedRouting(notifies),
    remote: remote?.config,
    shadow,
  };
}

async function readEmbedded(file: string, planning: Planning): Promise<AlertmanagerConfig> {
  const read = readAlertmanagerConfig(file, await planning.readFile(file));
  if (!read.ok) throw new UserError(read.diagnostics);
  return read.value;
}

async function readRemote(
  url: string,
  http: HttpClientSpec,
  planning: Planning,
): Promise<{ readonly config: AlertmanagerConfig; readonly status: RemoteStatus }> {
  const remote = new RemoteAlertmanager(url, http, planning.clock);
  try {
    const status = await remote.status();
    const read = readAlertmanagerConfig(url, status.config);
    if (!read.ok) throw new UserError(read.diagnostics);
    return { config: read.value, status };
  } finally {
    await remote.close();
  }
}

function refuseSurprise(remote: AlertmanagerConfig | undefined, pagers: readonly string[]): void {
  if (!remote && pagers.length === 0) return;
  const told =
    remote?.receivers.filter(({ integrations }) => integrations.length > 0).map(({ name }) => name) ?? [];
  const who = [
    ...(remote ? [`the receivers of ${remote.file}: ${told.join(', ') || 'none'}`] : []),
    ...(pagers.length > 0 ? [`whoever ${pagers.map((url) => new URL(url).origin).join(', ')} notifies`] : []),
  ];
  throw UserError.of('FD803', `the drill's alerts would really go to ${who.join(' and ')}`);
}
