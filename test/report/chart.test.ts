import { describe, expect, it } from 'vitest';
import { timeAxis } from '../../src/report/html/chart/axis.ts';
import { bandStrip } from '../../src/report/html/chart/band.ts';
import { areaPath, linePath, runsOf, splitRun, thinned } from '../../src/report/html/chart/line.ts';
import { pixelOf, shareOf, type TimeScale, valueScale } from '../../src/report/html/chart/scale.ts';
import { timeTicks, valueTicks } from '../../src/report/html/chart/ticks.ts';
import { dark, light, type Palette } from '../../src/report/html/style/palette.ts';

const time: TimeScale = { startMs: 0, endMs: 100_000, zeroMs: 20_000 };

describe('scales', () => {
  it('clamp what lies outside', () => {
    expect(shareOf(time, -5)).toBe(0);
    expect(shareOf(time, 25_000)).toBe(0.25);
    expect(shareOf(time, 200_000)).toBe(1);
    const scale = valueScale([0, 10], 10, 110);
    expect(pixelOf(scale, Number.POSITIVE_INFINITY)).toBe(10);
    expect(pixelOf(scale, 0)).toBe(110);
  });

  it('start at zero unless that would flatten the line', () => {
    expect(valueScale([20, 100], 0, 100).low).toBe(0);
    expect(valueScale([90, 100], 0, 100).low).toBeGreaterThan(80);
    expect(valueScale([], 0, 100)).toMatchObject({ low: 0 });
    expect(valueScale([5, 5], 0, 100)).toMatchObject({ low: 0, high: 6.25 });
    expect(valueScale([0, 0], 0, 100)).toMatchObject({ low: -1, high: 1 });
  });

  it('have round ticks around the injection', () => {
    const labels = timeTicks(time).map((tick) => tick.label);
    expect(labels).toEqual(
      ['−20s', '−10s', 'T+0', '+10s', '+20s', '+30s', '+40s', '+50s', '+1m', '+1m10s', '+1m20s'].slice(
        0,
        labels.length,
      ),
    );
    expect(labels.length).toBeLessThanOrEqual(11);
    const days = timeTicks({ startMs: 0, endMs: 90 * 86_400_000, zeroMs: 0 });
    expect(days.length).toBeLessThanOrEqual(11);
    expect(days.filter((tick) => !tick.fine).length).toBeLessThanOrEqual(6);
    expect(valueTicks(valueScale([0, 0.3], 0, 100))).toEqual([0, 0.2]);
    expect(valueTicks(valueScale([0, 200e6], 0, 100))).toEqual([0, 100e6, 200e6]);
  });
});

describe('the axis of time', () => {
  /** `T+0` and its like, as they stand below the lanes. */
  const labels = (scale: TimeScale) =>
    [...timeAxis(timeTicks(scale), scale).text.matchAll(/tick-offset"[^>]*>([^<]*)</g)].map(
      ([, label]) => label,
    );

  it('leaves out what would run into its neighbour at an end', () => {
    expect(labels({ startMs: 0, endMs: 4800, zeroMs: 1550 })).toEqual([
      ...['−1s', '−500ms', 'T+0', '+500ms', '+1s', '+1.5s', '+2s', '+2.5s', '+3s'],
    ]);
  });

  it('always shows the injection', () => {
    expect(labels({ startMs: 0, endMs: 4800, zeroMs: 0 })[0]).toBe('T+0');
  });
});

describe('bands', () => {
  const band = (toMs: number) =>
    bandStrip([{ name: 'baseline', label: 'baseline', title: '', fromMs: 0, toMs }], time).text;

  it('have their names where there is room for them', () => {
    expect(band(50_000)).toContain('<text x="8"');
    expect(band(20_000)).toContain('<text class="fine"');
    expect(band(8_000)).not.toContain('<text');
  });
});

describe('lines', () => {
  const run = (values: number[]) => values.map((value, index) => ({ atMs: index * 1000, value }));
  const below = (limit: number) => (point: { value: number }) => point.value < limit;

  it('are cut exactly where they cross the threshold', () => {
    const { holding, breached } = splitRun(run([0, 20, 0]), below(10), 10);
    expect(breached).toEqual([
      [
        { atMs: 500, value: 10 },
        { atMs: 1000, value: 20 },
        { atMs: 1500, value: 10 },
      ],
    ]);
    expect(holding.map((part) => part.length)).toEqual([2, 2]);
  });

  it('count a whole step as broken where there is nothing to cross', () => {
    const { breached } = splitRun(run([1, 0, 0, 1]), (point) => point.value === 1, undefined);
    expect(breached).toEqual([run([1, 0, 0, 1])]);
  });

  it('keep the ends of a run that never changes', () => {
    expect(splitRun(run([1, 2, 3]), below(10), 10)).toEqual({ holding: [run([1, 2, 3])], breached: [] });
    expect(splitRun(run([11]), below(10), 10)).toEqual({ holding: [], breached: [run([11])] });
    expect(splitRun([], below(10), 10)).toEqual({ holding: [], breached: [] });
  });

  it('survive infinite values', () => {
    const { breached } = splitRun(run([1, Number.POSITIVE_INFINITY, 1]), below(10), 10);
    const path = areaPath(breached, 10, time, valueScale([1, 10], 10, 110));
    expect(path).not.toContain('NaN');
  });

  it('are broken where samples are missing or not a number', () => {
    const runs = runsOf([0, 1000, 5000, 6000, 7000], [1, 2, 3, Number.NaN, 5], 1000);
    expect(runs.map((part) => part.map((point) => point.value))).toEqual([[1, 2], [3], [5]]);
  });

  it('are dots where there is one sample', () => {
    expect(linePath([[{ atMs: 50_000, value: 5 }]], time, valueScale([0, 10], 10, 110))).toMatch(
      /^M500 [\d.]+h0$/,
    );
  });

  it('keep the extremes of a long series', () => {
    const values = Array.from({ length: 100_000 }, (_, index) =>
      index === 54_321 ? 1e9 : index === 777 ? -1e9 : index % 7,
    );
    const thin = thinned(
      values.map((value, index) => ({ atMs: index, value })),
      time,
    );
    expect(thin.length).toBeLessThanOrEqual(2002);
    expect(thin.map((point) => point.value)).toContain(1e9);
    expect(thin.map((point) => point.value)).toContain(-1e9);
    expect(thin.map((point) => point.atMs)).toEqual(thin.map((point) => point.atMs).sort((a, b) => a - b));
  });
});

describe('colours', () => {
  const pairs: [keyof Palette, keyof Palette, number][] = [
    ['text', 'page', 4.5],
    ['text', 'panel', 4.5],
    ['quiet', 'page', 4.5],
    ['quiet', 'panel', 4.5],
    ['quiet', 'faultGround', 4.5],
    ['quiet', 'grid', 4.5],
    ['quiet', 'rule', 4.5],
    ['good', 'goodGround', 4.5],
    ['bad', 'badGround', 4.5],
    ['unsure', 'unsureGround', 4.5],
    ['warn', 'warnGround', 4.5],
    ['panel', 'fault', 4.5],
    ['measured', 'panel', 3],
    ['measured', 'faultGround', 3],
    ['bad', 'panel', 3],
    ['bad', 'faultGround', 3],
    ['threshold', 'faultGround', 3],
    ['good', 'panel', 3],
    ['warn', 'faultGround', 3],
    ['fault', 'faultGround', 3],
  ];
  for (const [name, palette] of Object.entries({ light, dark })) {
    it(`of the ${name} page can be told apart`, () => {
      const tooWeak = pairs.filter(([a, b, least]) => contrast(palette[a], palette[b]) < least);
      expect(tooWeak.map(([a, b]) => `${a} on ${b}: ${contrast(palette[a], palette[b]).toFixed(2)}`)).toEqual(
        [],
      );
    });
  }
});

/** WCAG 2.2 contrast ratio of two colours written as #rrggbb. */
function contrast(a: string, b: string): number {
  const [dim, bright] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (bright! + 0.05) / (dim! + 0.05);
}

function luminance(color: string): number {
  const channels = [1, 3, 5].map((start) => {
    const channel = Number.parseInt(color.slice(start, start + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * channels[0]! + 0.7152 * channels[1]! + 0.0722 * channels[2]!;
}
