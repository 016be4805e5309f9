// Where targets come from while we run. A source that cannot be read leaves its last targets in place.

import type { Clock } from '../../../base/clock.ts';
import type { DiscoverySpec } from '../scrape-spec.ts';
import { discoverFromFiles } from './file.ts';
import { discoverFromHttp } from './http.ts';
import type { DiscoveryListener } from './listener.ts';

/** Looks for targets until `signal` is aborted. */
export function discover(
  spec: DiscoverySpec,
  clock: Clock,
  listener: DiscoveryListener,
  signal: AbortSignal,
): Promise<void> {
  return spec.type === 'file'
    ? discoverFromFiles(spec, clock, listener, signal)
    : discoverFromHttp(spec, clock, listener, signal);
}
