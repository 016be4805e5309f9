// What both servers are loaded with: counters that reset, histogram buckets and gauges of imaginary scrape targets, as
// OpenMetrics text with timestamps. The same numbers every time.

import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

const scrapeMs = 15_000;
const samplesPerSeries = 1440;

/** The edge of one of Prometheus's two-hour blocks, in Unix milliseconds. */
export const beginMs = 1_699_999_200_000;
export const endMs = beginMs + samplesPerSeries * scrapeMs;

const jobs = ['api', 'cart', 'login', 'mail', 'search'];
const paths = ['/a', '/b', '/c', '/d', '/e'];
const codes = ['200', '404', '500', '503'];
const zones = ['east', 'north', 'south'];
const bounds = ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '+Inf'];
const pools = ['code', 'heap', 'page', 'stack', 'swap'];

/** 20 counters, 30 buckets and 5 gauges. */
export const seriesPerTarget = codes.length * paths.length + zones.length * bounds.length + pools.length;

type Random = () => number;

/** Marsaglia's xorshift, 32 bits ("Xorshift RNGs", 2003). */
function randomFrom(seed: number): Random {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

interface Line {
  readonly series: string;
  readonly values: Float64Array;
}

function* linesOfTarget(target: number, family: string, random: Random): Generator<Line> {
  const labels = `job="${jobs[target % jobs.length]}",instance="host-${target}:9100"`;
  if (family === 'requests') {
    for (const path of paths) {
      for (const code of codes) {
        const series = `requests_total{${labels},path="${path}",code="${code}"}`;
        yield { series, values: counter(random, 5 + 40 * random()) };
      }
    }
  } else if (family === 'latency_seconds') {
    for (const zone of zones) {
      let below: Float64Array | undefined;
      const resetAt = resetPosition(random);
      for (const bound of bounds) {
        const own = counter(random, 1 + 9 * random(), resetAt);
        const values = below ? own.map((value, i) => thousandths(value + below![i]!)) : own;
        below = values;
        yield { series: `latency_seconds_bucket{${labels},zone="${zone}",le="${bound}"}`, values };
      }
    }
  } else {
    for (const pool of pools)
      yield { series: `memory_bytes{${labels},pool="${pool}"}`, values: gauge(random) };
  }
}

/** One counter in ten starts again once. */
function resetPosition(random: Random): number {
  return random() < 0.1 ? Math.floor(random() * samplesPerSeries) : -1;
}

/**
 * Fractions keep sums of rates from being equal, which topk would decide by chance. Counters begin far from zero, since
 * Prometheus before 3.0 bounds the extrapolation of a window that begins before the samples do by another rule.
 */
function counter(random: Random, speed: number, resetAt = resetPosition(random)): Float64Array {
  let value = thousandths(1e5 + 1000 * random());
  return Float64Array.from({ length: samplesPerSeries }, (_, i) => {
    value = i === resetAt ? 0 : thousandths(value + speed * random());
    return value;
  });
}

function gauge(random: Random): Float64Array {
  let value = 1000 + 1000 * random();
  return Float64Array.from({ length: samplesPerSeries }, () => {
    value += 20 * (random() - 0.5);
    return thousandths(value);
  });
}

function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/**
 * A target's samples lie up to a scrape after the whole quarters of a minute at which windows begin and end, never on
 * them. Eighths of a second are exact in binary: every reader finds the same millisecond.
 */
function offsetMs(target: number): number {
  return 125 * (1 + ((target * 37) % 119));
}

export async function writeOpenMetrics(path: string, targets: number): Promise<void> {
  const file = createWriteStream(path);
  const random = randomFrom(20_231_114);
  for (const [family, type] of [
    ['requests', 'counter'],
    ['latency_seconds', 'histogram'],
    ['memory_bytes', 'gauge'],
  ] as const) {
    file.write(`# TYPE ${family} ${type}\n`);
    for (let target = 0; target < targets; target++) {
      for (const { series, values } of linesOfTarget(target, family, random)) {
        const first = beginMs + offsetMs(target);
        let text = '';
        values.forEach((value, i) => {
          text += `${series} ${value} ${(first + i * scrapeMs) / 1000}\n`;
        });
        if (!file.write(text)) await new Promise<void>((resolve) => file.once('drain', resolve));
      }
    }
  }
  file.end('# EOF\n');
  await finished(file);
}
