// Alertmanager's API v2 on the server's port: what amtool asks, and where a Prometheus sends its alerts.
// https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml

import { type Answer, text } from '../http/answer.ts';
import type { ApiRequest } from '../http/request.ts';
import type { Handler, Router } from '../http/router.ts';
import { timeText } from './alert-json.ts';
import type { Alertmanager } from './alertmanager.ts';
import { getAlertGroups, getAlerts, type PostLimits, postAlerts } from './alerts.ts';
import { json, RefusedRequest } from './answers.ts';
import { deleteSilence, getSilence, getSilences, postSilence } from './silences.ts';

type AlertmanagerHandler = (alertmanager: Alertmanager, request: ApiRequest) => Answer | Promise<Answer>;

/** Also below the prefix that an Alertmanager behind a proxy usually has: a Prometheus's `path_prefix`. */
const prefixes = ['', '/alertmanager'];

/** Without an Alertmanager, the paths say how there would be one. */
export function addAlertmanagerRoutes(
  router: Router,
  alertmanager: Alertmanager | undefined,
  limits: PostLimits,
): void {
  const add = (method: string, path: string, handler: AlertmanagerHandler): void => {
    for (const prefix of prefixes)
      router.add(method, `${prefix}/api/v2${path}`, alertmanager ? guarded(alertmanager, handler) : absent);
  };
  add('GET', '/status', ({ configYaml, version, startedMs }) => json(status(configYaml, version, startedMs)));
  add('GET', '/receivers', ({ config }) => json(config.receivers.map(({ name }) => ({ name }))));
  add('GET', '/alerts', getAlerts);
  add('POST', '/alerts', (served, request) => postAlerts(served, request, limits));
  add('GET', '/alerts/groups', getAlertGroups);
  add('GET', '/silences', getSilences);
  add('POST', '/silences', postSilence);
  add('GET', '/silence/:silenceID', getSilence);
  add('DELETE', '/silence/:silenceID', deleteSilence);
}

function guarded(alertmanager: Alertmanager, handler: AlertmanagerHandler): Handler {
  return async (request) => {
    try {
      return await handler(alertmanager, request);
    } catch (error) {
      if (error instanceof RefusedRequest) return error.answer;
      throw error;
    }
  };
}

const absent: Handler = () =>
  text(404, 'there is no Alertmanager here: start the server with --alertmanager alertmanager.yml\n');

function status(original: string, version: string, startedMs: number): object {
  const { node: nodeVersion } = process.versions;
  return {
    cluster: { peers: [], status: 'disabled' },
    config: { original },
    uptime: timeText(startedMs),
    versionInfo: {
      branch: '',
      buildDate: '',
      buildUser: '',
      goVersion: `node ${nodeVersion}`,
      revision: '',
      version: `firedrill ${version}`,
    },
  };
}
