// Compensated summation (Neumaier's variant of Kahan's): the sum and what rounding took from it, kept apart.
// Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", 1974.

export class KahanSum {
  sum = 0;
  compensation = 0;

  reset(): void {
    this.sum = 0;
    this.compensation = 0;
  }

  add(value: number): void {
    const total = this.sum + value;
    this.compensation = compensate(this.sum, value, total, this.compensation);
    this.sum = total;
  }

  get total(): number {
    return Number.isFinite(this.sum) ? this.sum + this.compensation : this.sum;
  }
}

/** The new compensation when `value` was added to `sum` and gave `total`. */
export function compensate(sum: number, value: number, total: number, compensation: number): number {
  if (total === Number.POSITIVE_INFINITY || total === Number.NEGATIVE_INFINITY) return 0;
  if (Math.abs(sum) >= Math.abs(value)) return compensation + (sum - total + value);
  return compensation + (value - total + sum);
}

/**
 * The mean of a sequence: the compensated sum divided by the count, or, from the value on that would make the sum
 * overflow, the compensated running mean.
 */
export class KahanMean {
  #count = 0;
  #sum = 0;
  #mean = 0;
  #compensation = 0;
  #incremental = false;

  /** The mean of what has been added up already, to which more is to come. */
  static after(count: number, sum: number, compensation: number): KahanMean {
    const mean = new KahanMean();
    mean.#count = count;
    mean.#sum = sum;
    mean.#compensation = compensation;
    return mean;
  }

  reset(): void {
    this.#count = 0;
    this.#sum = 0;
    this.#compensation = 0;
    this.#incremental = false;
  }

  add(value: number): void {
    this.#count++;
    if (this.#count === 1) {
      // The first value may itself be infinite, which is no overflow.
      this.#sum = value;
      return;
    }
    if (!this.#incremental) {
      const total = this.#sum + value;
      if (total !== Number.POSITIVE_INFINITY && total !== Number.NEGATIVE_INFINITY) {
        this.#compensation = compensate(this.#sum, value, total, this.#compensation);
        this.#sum = total;
        return;
      }
      this.#incremental = true;
      this.#mean = this.#sum / (this.#count - 1);
      this.#compensation /= this.#count - 1;
    }
    const share = (this.#count - 1) / this.#count;
    const scaledMean = share * this.#mean;
    const part = value / this.#count;
    this.#mean = scaledMean + part;
    this.#compensation = compensate(scaledMean, part, this.#mean, share * this.#compensation);
  }

  get mean(): number {
    if (this.#incremental) return this.#mean + this.#compensation;
    return this.#sum / this.#count + this.#compensation / this.#count;
  }
}
