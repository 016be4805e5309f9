import { describe, expect, it } from 'vitest';
import { Labels } from '../../src/base/labels.ts';
import { ExemplarStore } from '../../src/telemetry/metrics/exemplars.ts';
import {
  type ExpositionFormat,
  parseExposition,
} from '../../src/telemetry/metrics/exposition/content-type.ts';
import { SeriesTable } from '../../src/telemetry/metrics/exposition/exposition.ts';
import type { IngestOptions } from '../../src/telemetry/metrics/ingest-options.ts';
import { MetadataStore } from '../../src/telemetry/metrics/metadata.ts';
import { readOtlpJson } from '../../src/telemetry/metrics/otlp/json.ts';
import { translateOtlp } from '../../src/telemetry/metrics/otlp/translate.ts';
import { push } from '../../src/telemetry/metrics/push.ts';
import { Version2Reader } from '../../src/telemetry/metrics/remote-write/version2.ts';
import { type BatchSample, type SampleBatch, SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { otlpJson, version2Message } from '../server/write-bodies.ts';
import { samplesOf } from './samples.ts';

const typed: IngestOptions = { typeAndUnitLabels: true };

function parsed(body: string | Buffer, format: ExpositionFormat, ingest?: IngestOptions, table = tableOf()) {
  return parseExposition(Buffer.from(body), format, table, ingest).samples;
}

const tableOf = () => new SeriesTable((pairs) => Labels.from(pairs).toString());

describe('type and unit as labels', () => {
  const openMetrics = `# TYPE a_seconds counter
# UNIT a_seconds seconds
a_seconds_total{__type__="gauge",__unit__="x"} 1
# TYPE h histogram
h_bucket{le="+Inf"} 1
# TYPE u unknown
u{__type__="mine"} 1
# EOF
`;

  it('come from the metadata of an exposition, and stand for what a target wrote', () => {
    expect(parsed(openMetrics, 'openmetrics', typed).map(({ series }) => series)).toEqual([
      'a_seconds_total{__type__="counter", __unit__="seconds"}',
      'h_bucket{__type__="histogram", le="+Inf"}',
      'u{__type__="mine"}',
    ]);
    expect(parsed('# TYPE g gauge\ng 1\n', 'text', typed)[0]!.series).toBe('g{__type__="gauge"}');
    // A family `c`, a counter of one sample.
    const family = Buffer.from([
      0x0a,
      1,
      0x63,
      0x18,
      0,
      0x22,
      13,
      0x1a,
      11,
      0x09,
      ...Buffer.alloc(8),
      0x12,
      0,
    ]);
    const delimited = Buffer.concat([Buffer.from([family.length]), family]);
    expect(parsed(delimited, 'protobuf', typed)[0]!.series).toBe('c{__type__="counter"}');
  });

  it('are not made without the option', () => {
    expect(parsed(openMetrics, 'openmetrics')[1]!.series).toBe('h_bucket{le="+Inf"}');
  });

  it('follow a target that changes its mind about a type', () => {
    const table = tableOf();
    for (const type of ['gauge', 'counter', 'gauge'])
      expect(parsed(`# TYPE a ${type}\na 1\n`, 'text', typed, table)[0]!.series).toBe(
        `a{__type__="${type}"}`,
      );
  });

  it('come from the metadata of remote write 2.0', () => {
    const body = Buffer.from(
      version2Message([{ labels: { __name__: 'm' }, samples: [{ value: 1, atMs: 1 }] }]),
    );
    const labels = (ingest?: IngestOptions) =>
      new Version2Reader(ingest).read(body).series[0]!.labels.toString();
    expect([labels(), labels(typed)]).toEqual(['m', 'm{__type__="counter"}']);
  });

  it("come from OTLP's kinds and units", () => {
    const resources = readOtlpJson(JSON.stringify(otlpJson(2000)));
    if (typeof resources === 'string') throw new Error(resources);
    const texts = translateOtlp(resources, typed).series.map(({ labels }) =>
      labels.keep(['__name__', '__type__', '__unit__', 'le']).toString(),
    );
    expect(texts).toContain('process_memory_bytes{__type__="gauge", __unit__="bytes"}');
    expect(texts).toContain('http_requests_total{__type__="counter"}');
    expect(texts).toContain(
      'http_duration_seconds_bucket{__type__="histogram", __unit__="seconds", le="+Inf"}',
    );
    expect(texts).toContain('queue_wait_milliseconds{__type__="histogram", __unit__="milliseconds"}');
    expect(texts).toContain('target_info');
  });
});

describe('created lines of OpenMetrics', () => {
  const text = `# TYPE a counter
a_total{x="1"} 5
a_created{x="1"} 1.5
a_total{x="2"} 6
# TYPE h histogram
h_bucket{x="1",le="1"} 1
h_bucket{x="1",le="+Inf"} 2
h_count{x="1"} 2
h_sum{x="1"} 2
h_created{x="1"} 2.25
# TYPE g_created gauge
g_created 7
# EOF
`;

  it('become the start of the series beside them', () => {
    const samples = parsed(text, 'openmetrics', { createdLinesAsStarts: true });
    expect(samples.map(({ series, startMs }) => `${series} ${startMs}`)).toEqual([
      'a_total{x="1"} 1500',
      'a_total{x="2"} undefined',
      'h_bucket{le="1.0", x="1"} 2250',
      'h_bucket{le="+Inf", x="1"} 2250',
      'h_count{x="1"} 2250',
      'h_sum{x="1"} 2250',
      'g_created undefined',
    ]);
  });

  it('are samples like others without the option', () => {
    expect(parsed(text, 'openmetrics').map(({ series }) => series)).toContain('a_created{x="1"}');
  });
});

describe('a store that puts a zero at the start', () => {
  const labels = Labels.from({ __name__: 'a_total' });
  const at = (atMs: number, value: number, more: Partial<BatchSample> = {}): SampleBatch => ({
    source: 's',
    atMs,
    samples: [{ labels, value, ...more }],
  });

  it('does so once for each start that lies after the samples before it, and tells its subscribers', () => {
    const store = new SeriesStore(undefined, undefined, { zeroAtStart: true });
    const replayed = new SeriesStore();
    store.subscribe((batch) => replayed.appendBatch(batch));
    for (const batch of [
      at(1000, 5, { startMs: 400 }),
      at(2000, 6, { startMs: 400 }),
      at(3000, 1, { startMs: 2500 }),
      // A start that is not before its sample says nothing.
      at(4000, 2, { startMs: 4000 }),
    ])
      store.appendBatch(batch);
    const expected = [
      [400, 0],
      [1000, 5],
      [2000, 6],
      [2500, 0],
      [3000, 1],
      [4000, 2],
    ];
    expect(samplesOf(store, 'a_total')).toEqual(expected);
    expect(samplesOf(replayed, 'a_total')).toEqual(expected);
    expect(store.droppedCount).toBe(0);
  });

  it('does not without the option', () => {
    const store = new SeriesStore();
    store.appendBatch(at(1000, 5, { startMs: 400 }));
    expect(samplesOf(store, 'a_total')).toEqual([[1000, 5]]);
  });
});

it('what is written far ahead of the clock is refused, where there is one', () => {
  const store = new SeriesStore();
  const limits = { count: 0, nameBytes: 0, valueBytes: 0 };
  const sinks = {
    store,
    metadata: new MetadataStore(),
    exemplars: new ExemplarStore(),
    labelLimits: limits,
    source: 'w',
  };
  const request = (atMs: number) => {
    const sample = { atMs, value: 1, stale: false, histogram: undefined, startMs: undefined };
    const labels = Labels.from({ __name__: 'a' });
    return { series: [{ labels, samples: [sample], exemplars: [] }], families: [], mistakes: [] };
  };
  const clock = { now: () => 1_000_000, sleep: async () => {} };
  expect(push(request(1_600_000), { ...sinks, clock })).toMatchObject({ samples: 1, rejected: 0 });
  const refused = push(request(1_600_001), { ...sinks, clock });
  expect(refused).toMatchObject({ samples: 0, rejected: 1 });
  expect(refused.mistakes[0]).toContain('too far in the future');
});
