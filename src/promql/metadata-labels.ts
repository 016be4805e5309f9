// Labels that describe a metric rather than a series. Whatever changes the meaning of a value drops them.

import { type Labels, metricName } from '../base/labels.ts';

// Stored label sets live as long as their series, so the set without its name is kept beside it.
const withoutMetadata = new WeakMap<Labels, Labels>();

/** The labels without name, type and unit. */
export function dropMetadata(labels: Labels): Labels {
  let dropped = withoutMetadata.get(labels);
  if (!dropped) {
    dropped = labels.without(metricName, '__type__', '__unit__');
    withoutMetadata.set(labels, dropped);
  }
  return dropped;
}
