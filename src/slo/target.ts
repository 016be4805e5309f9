// The share that must be good, with the text it was written in: `0.999` and `99.9 %` are one target, but the float
// arithmetic of rule generators starts from the text.

/** In [0, 1]; what lies outside a format's own bounds its reader refuses. */
export interface Target {
  /** As written: `99.9`, `0.999`, `1e-1`. */
  readonly text: string;
  readonly unit: 'ratio' | 'percent';
  /** The double nearest to the decimal, in [0, 1]. */
  readonly ratio: number;
  /** The same in per cent. */
  readonly percent: number;
  /** 1 - ratio in decimal arithmetic: 0.001 of 0.999, where doubles give 0.0010000000000000009. */
  readonly errorBudget: number;
}

const decimalPattern = /^[+]?(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,3}))?$/;

/** Undefined when the text is no decimal number of 0 or more. */
export function targetOf(text: string, unit: Target['unit']): Target | undefined {
  const [, whole = '', fraction = '', exponent = '0'] = decimalPattern.exec(text.trim()) ?? [];
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt(whole + fraction);
  const scale = Number(exponent) - fraction.length - (unit === 'percent' ? 2 : 0);
  return {
    text: text.trim(),
    unit,
    ratio: Number(`${digits}e${scale}`),
    percent: Number(`${digits}e${scale + 2}`),
    errorBudget: oneMinus(digits, scale),
  };
}

/** 1 - digits * 10^scale, correctly rounded. */
function oneMinus(digits: bigint, scale: number): number {
  if (scale >= 0) return Number(1n - digits * 10n ** BigInt(scale));
  return Number(`${10n ** BigInt(-scale) - digits}e${scale}`);
}
