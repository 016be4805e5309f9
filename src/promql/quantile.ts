// The quantile of a set of values, interpolated between the two nearest ranks.

/** Up to here values are put in order one by one; larger sets are only parted around the ranks that matter. */
const insertionMax = 12;

/** Reorders the first `count` values. NaN counts as smaller than any number. */
export function quantileOf(q: number, values: Float64Array, count: number): number {
  if (count === 0 || Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  const nans = moveNaNsAhead(values, count);
  const rank = q * (count - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(count - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  if (lower >= nans) select(values, nans, count, lower);
  const atLower = values[lower]!;
  const atUpper = upper === lower || upper < nans ? values[upper]! : leastFrom(values, upper, count);
  return atLower * (1 - weight) + atUpper * weight;
}

/** Returns how many there are. */
function moveNaNsAhead(values: Float64Array, count: number): number {
  let nans = 0;
  for (let i = 0; i < count; i++) {
    if (!Number.isNaN(values[i]!)) continue;
    values[i] = values[nans]!;
    values[nans++] = Number.NaN;
  }
  return nans;
}

/** What stands behind a selected rank is not smaller, but in no order. */
function leastFrom(values: Float64Array, start: number, end: number): number {
  let least = values[start]!;
  for (let i = start + 1; i < end; i++) if (values[i]! < least) least = values[i]!;
  return least;
}

/**
 * Hoare's quickselect: afterwards the value at `rank` is the one that sorting the values from `start` to `end` would put
 * there, and none behind it is smaller. Where the pivots are so bad that it would take long, the rest is sorted.
 */
function select(values: Float64Array, start: number, end: number, rank: number): void {
  let [low, high] = [start, end - 1];
  for (let rounds = 2 * (32 - Math.clz32(end - start)); high - low >= insertionMax; rounds--) {
    if (rounds === 0) {
      values.subarray(low, high + 1).sort();
      return;
    }
    const pivot = medianOf(values[low]!, values[(low + high) >> 1]!, values[high]!);
    let [left, right] = [low, high];
    while (left <= right) {
      while (values[left]! < pivot) left++;
      while (values[right]! > pivot) right--;
      if (left > right) break;
      const held = values[left]!;
      values[left++] = values[right]!;
      values[right--] = held;
    }
    if (rank <= right) high = right;
    else if (rank >= left) low = left;
    else return;
  }
  insertionSort(values, low, high);
}

function medianOf(a: number, b: number, c: number): number {
  if (a < b) return b < c ? b : a < c ? c : a;
  return a < c ? a : b < c ? c : b;
}

function insertionSort(values: Float64Array, low: number, high: number): void {
  for (let i = low + 1; i <= high; i++) {
    const value = values[i]!;
    let at = i;
    for (; at > low && values[at - 1]! > value; at--) values[at] = values[at - 1]!;
    values[at] = value;
  }
}

/** The text of the warning that a quantile lies outside [0, 1], or undefined. */
export function quantileProblem(q: number, shown: string): string | undefined {
  return q >= 0 && q <= 1 ? undefined : `quantile value should be between 0 and 1, got ${shown}`;
}
