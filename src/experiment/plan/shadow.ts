// `--notify shadow`: what must hold so that nobody is called by surprise. The labels of the drill are the collateral's
// scope, because any alert of the drill may ring, also one that nobody listed.

import type { AlertmanagerConfig, ReceiverConfig } from '../../alertmanager/config/model.ts';
import type { RemoteStatus } from '../../alertmanager/remote.ts';
import { UserError } from '../../base/diagnostics.ts';
import type { LabelRecord } from '../../base/labels.ts';
import type { HttpClientSpec } from '../../telemetry/http-client-spec.ts';
import type { Experiment } from '../model.ts';

export interface ShadowPlan {
  readonly url: string;
  readonly http: HttpClientSpec;
  /** As the remote has it; routes the drill's alerts to the capture receiver. */
  readonly config: AlertmanagerConfig;
  /** Exactly the alerts with these labels are silenced on the remote. */
  readonly labels: LabelRecord;
  /** How far the remote's clock is ahead of ours. */
  readonly aheadMs: number;
}

/** `pagers` are the Alertmanagers that the remote Prometheus sends to. Throws FD808. */
export function planShadow(
  experiment: Experiment,
  remote: { readonly config: AlertmanagerConfig; readonly status: RemoteStatus } | undefined,
  pagers: readonly string[],
): ShadowPlan {
  const { alertmanager } = experiment.telemetry;
  if (!remote || !alertmanager || !('url' in alertmanager))
    throw refuse('there is no remote Alertmanager to silence', 'telemetry.alertmanager.url');
  const { scope } = experiment.collateral;
  if (!scope || Object.keys(scope).length === 0)
    throw refuse(
      'nothing says which alerts belong to the drill',
      'collateral.scope with the labels of what this drill can touch',
    );
  refuseInlineSecrets(alertmanager.url, alertmanager.http, experiment.secrets);
  refuseOthers(alertmanager.url, remote.status.members, pagers);
  const { url, http } = alertmanager;
  const config = { ...remote.config, receivers: remote.config.receivers.map(asWebhooks) };
  return { url, http, config, labels: scope, aheadMs: remote.status.aheadMs };
}

/**
 * An Alertmanager shows neither its secrets nor its template files, so what its integrations would send cannot be built:
 * the capture receiver gets the standard webhook of each, which says the same.
 */
function asWebhooks({ name, integrations }: ReceiverConfig): ReceiverConfig {
  return {
    name,
    integrations: integrations.map(({ sendResolved }, index) => ({
      ...{ type: 'webhook', index, sendResolved, http: {} },
      settings: { url: 'http://capture.invalid/' },
    })),
  };
}

/** Another process ends the silence after a crash; what it needs stands in the journal, where no secret may stand. */
function refuseInlineSecrets(url: string, http: HttpClientSpec, secrets: readonly string[]): void {
  const inline =
    new URL(url).password !== '' ||
    http.bearerToken !== undefined ||
    http.basicAuth?.password !== undefined ||
    Object.values(http.headers ?? {}).some((value) => secrets.includes(value));
  if (inline)
    throw refuse(
      'the credentials of the Alertmanager stand in the experiment, and after a crash nobody could end the silence',
      'password_file or credentials_file',
    );
}

/** Peers of one cluster share their silences; any other Alertmanager would call. */
function refuseOthers(url: string, members: number, pagers: readonly string[]): void {
  const { origin, port } = new URL(url);
  const isMeant = (pager: string): boolean => {
    const other = new URL(pager);
    // One machine has many names; the port is the same in all of them.
    return other.origin === origin || (other.port === port && pagers.length === 1);
  };
  if (pagers.every(isMeant) || (members > 1 && pagers.length <= members)) return;
  const others = pagers.filter((pager) => !isMeant(pager)).map((pager) => new URL(pager).origin);
  throw refuse(`the Prometheus also notifies ${others.join(', ')}, where nothing would be silenced`);
}

function refuse(message: string, expected?: string): UserError {
  return UserError.of('FD808', `--notify shadow: ${message}`, expected === undefined ? {} : { expected });
}
