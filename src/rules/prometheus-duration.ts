// Durations as Prometheus and Alertmanager accept them in their files: whole numbers, units in falling order, each
// at most once. `1.5h`, which Go would read, is refused there, so it is refused here.

import { parseDuration } from '../base/duration.ts';

const pattern = /^(?:0|(?=\d)(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?)$/;

/** Milliseconds, or undefined when the text is not such a duration. */
export function parsePrometheusDuration(text: string): number | undefined {
  return pattern.test(text) ? parseDuration(text) : undefined;
}
