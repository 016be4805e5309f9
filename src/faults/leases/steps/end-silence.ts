// Ends the silence that held the real pager while a drill was on. When the Alertmanager cannot be reached, it ends by
// itself soon after: nobody renews it any more.

import type { HttpClientSpec } from '../../../telemetry/http-client-spec.ts';
import { done, left, type StepContext, type StepOutcome } from './outcome.ts';

export async function endSilence(
  { url, http, run }: { readonly url: string; readonly http: HttpClientSpec; readonly run: string },
  { clock }: StepContext,
): Promise<StepOutcome> {
  // Loaded only here: the watchdog must be ready at once, and most leases have no such step.
  const [{ RemoteAlertmanager }, { endShadows, shadowLeaseMs }] = await Promise.all([
    import('../../../alertmanager/remote.ts'),
    import('../../../alertmanager/shadow/shadow-silence.ts'),
  ]);
  try {
    const remote = new RemoteAlertmanager(url, http, clock);
    try {
      const ended = await endShadows(remote, run);
      return done(
        ended === 0 ? `no silence of run ${run} is in force` : `the silence of run ${run} is ended`,
      );
    } finally {
      await remote.close();
    }
  } catch (error) {
    return left(
      `the silence of run ${run} on ${url} could not be ended (${(error as Error).message}): it ends by itself ${shadowLeaseMs / 1000} s after the run's last sign of life`,
    );
  }
}
