// Who notifies, and who would be told. Nobody is paged by surprise: an embedded Alertmanager hands everything to the
// capture receiver; a remote one cannot be held back, so its receivers are listed and the run is refused until the
// user says that they may be told.

import type { AlertmanagerConfig } from '../../alertmanager/config/model.ts';
import { readAlertmanagerConfig } from '../../alertmanager/config/read.ts';
import { buildRoute } from '../../alertmanager/dispatch/route.ts';
import { matchRoutes } from '../../alertmanager/dispatch/routing.ts';
import { fetchRemoteConfig } from '../../alertmanager/remote.ts';
import { UserError } from '../../base/diagnostics.ts';
import { Labels } from '../../base/labels.ts';
import type { HttpClientSpec } from '../../telemetry/http-client-spec.ts';
import { RemoteApi } from '../../telemetry/remote/api.ts';
import type { Experiment } from '../model.ts';
import type { Routing } from './alerts.ts';
import type { Planning } from './plan.ts';

export interface Notifier {
  /** The embedded Alertmanager's configuration. */
  readonly config: AlertmanagerConfig | undefined;
  readonly routing: Routing;
}

export async function readNotifier(experiment: Experiment, planning: Planning): Promise<Notifier> {
  const { alertmanager, prometheus, rules } = experiment.telemetry;
  if (alertmanager && 'file' in alertmanager) {
    const read = readAlertmanagerConfig(alertmanager.file, await planning.readFile(alertmanager.file));
    if (!read.ok) throw new UserError(read.diagnostics);
    // Rules that the remote evaluates are not ours to route: it sends to its own Alertmanagers.
    if (!prometheus || rules.length > 0) return { config: read.value, routing: routingOf(read.value) };
  }
  const remote =
    alertmanager && 'url' in alertmanager
      ? await readRemote(alertmanager.url, alertmanager.http, planning)
      : undefined;
  const pagers =
    prometheus && rules.length === 0
      ? (await new RemoteApi(prometheus, planning.clock).alertmanagers()).active
      : [];
  if (planning.notify !== 'deliver') refuseSurprise(experiment, remote, pagers);
  return { config: undefined, routing: remote ? routingOf(remote) : () => [] };
}

async function readRemote(
  url: string,
  http: HttpClientSpec,
  planning: Planning,
): Promise<AlertmanagerConfig> {
  const read = readAlertmanagerConfig(url, await fetchRemoteConfig(url, http, planning.clock));
  if (!read.ok) throw new UserError(read.diagnostics);
  return read.value;
}

function refuseSurprise(
  experiment: Experiment,
  remote: AlertmanagerConfig | undefined,
  pagers: readonly string[],
): void {
  if (!remote && pagers.length === 0) return;
  const routing = remote ? routingOf(remote) : undefined;
  const called = experiment.alerts.flatMap(
    (alert) => routing?.({ ...alert.labels, alertname: alert.name }).map((route) => route.receiver) ?? [],
  );
  const who = remote
    ? `receivers such as ${[...new Set(called)].join(', ') || remote.route.receiver}`
    : `whoever ${pagers.join(', ')} notifies`;
  throw UserError.of('FD803', `a drill would really notify ${who}`);
}

function routingOf(config: AlertmanagerConfig): Routing {
  const root = buildRoute(config.route);
  return (labels) =>
    matchRoutes(root, Labels.from(labels)).map(({ route, receiver, path }) => ({
      receiver,
      path,
      groupWaitMs: route.groupWaitMs,
      groupIntervalMs: route.groupIntervalMs,
      sendResolved:
        config.receivers
          .find(({ name }) => name === receiver)
          ?.integrations.some(({ sendResolved }) => sendResolved) ?? false,
    }));
}
