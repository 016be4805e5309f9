// What a share of few events says about the share of many: the score interval of E. B. Wilson, "Probable Inference, the
// Law of Succession, and Statistical Inference", Journal of the American Statistical Association 22 (1927), 209-212.
// Unlike the interval of the normal approximation it holds for shares near 0 and 1, where objectives live.

/** The standard normal quantile of 97.5 %: a two-sided interval of 95 %. */
const z = 1.959963984540054;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Where the true share lies, at 95 %, when `share` of `events` were good. Everything is possible of no events. */
export function wilsonInterval(share: number, events: number): Interval {
  if (events <= 0) return { low: 0, high: 1 };
  const z2 = z * z;
  const center = (share + z2 / (2 * events)) / (1 + z2 / events);
  const half =
    (z / (1 + z2 / events)) * Math.sqrt((share * (1 - share)) / events + z2 / (4 * events * events));
  return { low: Math.max(0, center - half), high: Math.min(1, center + half) };
}

/**
 * From how many events on the interval around this share leaves the target out. The interval holds every target t with
 * |share - t| <= z sqrt(t (1 - t) / n), which is solved for n; infinite for a share that lies on its target.
 */
export function eventsToSettle(share: number, target: number): number {
  const distance = share - target;
  return distance === 0
    ? Number.POSITIVE_INFINITY
    : Math.floor((z * z * target * (1 - target)) / (distance * distance)) + 1;
}
