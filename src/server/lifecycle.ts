// /-/healthy, /-/ready, and what may be done to the server by a request where that is enabled: /-/reload and /-/quit.

import { UserError } from '../base/diagnostics.ts';
import { text } from './http/answer.ts';
import { HttpError } from './http/api-error.ts';
import type { Router } from './http/router.ts';

interface Lifecycle {
  readonly enabled: boolean;
  /** Rejects with a UserError that says what is wrong with the configuration. */
  reload(): Promise<void>;
  quit(): void;
}

export function addLifecycleRoutes(router: Router, { enabled, reload, quit }: Lifecycle): void {
  router.add('GET', '/-/healthy', () => text(200, 'Prometheus Server is Healthy.\n'));
  router.add('GET', '/-/ready', () => text(200, 'Prometheus Server is Ready.\n'));
  router.add('POST PUT', '/-/reload', async () => {
    if (!enabled) throw notEnabled();
    try {
      await reload();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new HttpError(500, `failed to reload config: ${error.message}`);
    }
    return text(200, '');
  });
  router.add('POST PUT', '/-/quit', () => {
    if (!enabled) throw notEnabled();
    quit();
    return text(200, 'Requesting termination... Goodbye!');
  });
  for (const path of ['/-/reload', '/-/quit'])
    router.add('GET', path, () => {
      throw new HttpError(405, 'Only POST or PUT requests allowed');
    });
}

function notEnabled(): HttpError {
  return new HttpError(403, 'Lifecycle API is not enabled.');
}
