// Hostile bodies: real ones, mutated. One seed makes one case, so that a case that failed can be made again.

import { UserError } from '../../src/base/diagnostics.ts';
import { Labels } from '../../src/base/labels.ts';
import { seededRandom } from '../../src/base/random.ts';
import { parseExpr } from '../../src/promql/parser.ts';
import { ExemplarStore } from '../../src/telemetry/metrics/exemplars.ts';
import { parseExposition } from '../../src/telemetry/metrics/exposition/content-type.ts';
import { SeriesTable } from '../../src/telemetry/metrics/exposition/exposition.ts';
import { parseOpenMetrics } from '../../src/telemetry/metrics/exposition/openmetrics.ts';
import { MetadataStore } from '../../src/telemetry/metrics/metadata.ts';
import { readOtlpJson } from '../../src/telemetry/metrics/otlp/json.ts';
import { readOtlpProtobuf } from '../../src/telemetry/metrics/otlp/protobuf.ts';
import { translateOtlp } from '../../src/telemetry/metrics/otlp/translate.ts';
import { type PushSinks, push } from '../../src/telemetry/metrics/push.ts';
import { Version1Reader } from '../../src/telemetry/metrics/remote-write/version1.ts';
import { Version2Reader } from '../../src/telemetry/metrics/remote-write/version2.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { ProtobufError } from '../../src/telemetry/protobuf-reader.ts';
import { frame, segmentMark } from '../../src/telemetry/recording/frame.ts';
import { replaySegment } from '../../src/telemetry/recording/reader.ts';
import { RecordEncoder } from '../../src/telemetry/recording/record-codec.ts';
import { decodeSnappy, SnappyError } from '../../src/telemetry/snappy.ts';
import {
  type BodySeries,
  otlpJson,
  otlpProtobuf,
  snappy,
  version1Message,
  version2Message,
} from './write-bodies.ts';

const series: BodySeries[] = [
  {
    labels: { __name__: 'a_total', job: 'j', instance: 'i', zone: 'é' },
    samples: [
      { value: 1.5, atMs: 1_700_000_000_000, startMs: 5 },
      { value: -0, atMs: 1_700_000_015_000 },
    ],
    exemplars: [{ labels: { trace_id: 'abc' }, value: 2, atMs: 1_700_000_000_000 }],
  },
  { labels: { __name__: 'h' }, histograms: [{ atMs: 1_700_000_000_000, count: 4, deltas: [1, 2] }] },
];

const text = `# HELP a_total Help \\\\ text.
# TYPE a_total counter
a_total{job="j",zone="\\"x\\""} 1.5 1700000000
# TYPE h histogram
h_bucket{le="1"} 1 # {trace_id="abc"} 0.5 1700000000.1
h_bucket{le="+Inf"} 2
h_sum 3e-5
h_count 2
{"my.metric", "a b"="c"} NaN
# EOF
`;

/** A delimited MetricFamily: counter `c` with one label. */
const family = Buffer.from([
  ...[
    30, 0x0a, 1, 0x63, 0x12, 1, 0x68, 0x18, 4, 0x22, 20, 0x0a, 6, 0x0a, 1, 0x6c, 0x12, 1, 0x76, 0x3a, 10,
    0x08, 3,
  ],
  ...[0x28, 2, 0x6a, 4, 2, 2, 2, 1],
]);

const expressions = [
  'sum by (job) (rate(http_requests_total{code=~"5..", path!~"/a|/b"}[5m] offset 1h)) / on (job) group_left (x) up > bool 0.5',
  'histogram_quantile(0.9, sum without (instance) (rate(h_bucket[1m:15s] @ 1700000000.5))) or label_replace(up, "a", "$1", "b", "(.*)")',
  '-{__name__=~"a.+", "my.label"="\\u00e9\\x41"}[1h30m] @ start() and topk(3, up) unless absent(foo)',
];

/** One record of each kind, the first with all that the others refer to. */
function records(): Buffer[] {
  const encoder = new RecordEncoder();
  const read = new Version2Reader().read(Buffer.from(version2Message(series)));
  const samples = read.series.flatMap(({ labels, samples: list }) =>
    list.map(({ value, atMs, startMs, histogram }) => ({
      ...{ labels, value, atMs },
      ...(startMs !== undefined && { startMs }),
      ...(histogram && { histogram }),
    })),
  );
  const stale = samples.map((sample) => ({ ...sample, atMs: sample.atMs + 60_000, stale: true }));
  const [first] = read.series;
  const exemplars = first!.exemplars.map((exemplar) => ({ series: first!.labels, exemplar, atMs: 5 }));
  // The encoder writes each record into the same memory.
  return [
    Buffer.from(encoder.batch({ source: 's', atMs: 1_700_000_000_000, samples })),
    Buffer.from(encoder.batch({ source: 's', atMs: 1_700_000_060_000, samples: stale })),
    Buffer.from(encoder.exemplars(exemplars)),
    Buffer.from(encoder.metadata({ source: 's', families: read.families, replaces: false })),
  ];
}

const recorded = records();

function replayed(segment: Buffer): void {
  const store = new SeriesStore();
  replaySegment(segment, { store, exemplars: new ExemplarStore(100), metadata: new MetadataStore() });
}

class Sinks {
  readonly version1 = new Version1Reader();
  readonly version2 = new Version2Reader();

  fresh(): PushSinks {
    return {
      store: new SeriesStore({ series: 1000, samples: 10_000 }),
      metadata: new MetadataStore(),
      exemplars: new ExemplarStore(100),
      labelLimits: { count: 128, nameBytes: 1024, valueBytes: 16_384 },
      source: 'fuzz',
    };
  }
}

const sinks = new Sinks();

export interface FuzzTarget {
  readonly name: string;
  readonly seeds: readonly Buffer[];
  /** Takes the body or refuses it with a typed error; anything else is a finding. */
  take(body: Buffer): void;
}

const tableOf = () => new SeriesTable((pairs) => Labels.from(pairs));

export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: 'text format',
    seeds: [Buffer.from(text)],
    take: (body) => refusable(() => parseExposition(body, 'text', tableOf())),
  },
  {
    name: 'OpenMetrics',
    seeds: [Buffer.from(text)],
    take: (body) => {
      refusable(() => parseExposition(body, 'openmetrics', tableOf()));
      refusable(() => parseOpenMetrics(body.toString(), tableOf(), { strict: true }));
    },
  },
  {
    name: 'protobuf exposition',
    seeds: [family, Buffer.concat([family, family])],
    take: (body) => refusable(() => parseExposition(body, 'protobuf', tableOf())),
  },
  {
    name: 'snappy',
    seeds: [snappy(version1Message(series)), snappy(Buffer.alloc(5000, 'abcdefg'))],
    take: (body) => refusable(() => decodeSnappy(body, 1_000_000)),
  },
  {
    name: 'remote write 1.0',
    seeds: [Buffer.from(version1Message(series))],
    take: (body) => refusable(() => push(sinks.version1.read(body), sinks.fresh())),
  },
  {
    name: 'remote write 2.0',
    seeds: [Buffer.from(version2Message(series))],
    take: (body) => refusable(() => push(sinks.version2.read(body), sinks.fresh())),
  },
  {
    name: 'OTLP protobuf',
    seeds: [Buffer.from(otlpProtobuf(1_700_000_000_000, 0.5))],
    take: (body) => refusable(() => push(translateOtlp(readOtlpProtobuf(body)), sinks.fresh())),
  },
  {
    name: 'OTLP JSON',
    seeds: [Buffer.from(JSON.stringify(otlpJson(1_700_000_000_000)))],
    take: (body) =>
      refusable(() => {
        const read = readOtlpJson(body.toString());
        if (typeof read !== 'string') push(translateOtlp(read), sinks.fresh());
      }),
  },
  {
    name: 'recording',
    seeds: [Buffer.concat([segmentMark, ...recorded.map(frame)])],
    take: replayed,
  },
  {
    // With the right checksum, so that its content is looked at.
    name: 'records of a recording',
    seeds: recorded,
    take: (body) => replayed(Buffer.concat([segmentMark, frame(recorded[0]!), frame(body)])),
  },
  {
    name: 'PromQL',
    seeds: expressions.map((expression) => Buffer.from(expression)),
    take: (body) => void parseExpr(body.toString()),
  },
];

function refusable(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError || error instanceof ProtobufError || error instanceof SnappyError) return;
    throw error;
  }
}

/** Bytes that formats give a meaning to, and numbers at their borders. */
const interesting = [0, 1, 0x0a, 0x20, 0x22, 0x23, 0x5c, 0x7b, 0x7d, 0x7f, 0x80, 0xff];

/** A case of a target: one of its seeds after one to eight mutations. */
export function fuzzCase(target: FuzzTarget, seed: number): Buffer {
  const random = seededRandom(seed * fuzzTargets.length + fuzzTargets.indexOf(target));
  const below = (limit: number) => Math.floor(random() * limit);
  let body = Buffer.from(target.seeds[below(target.seeds.length)]!);
  for (let left = 1 + below(8); left > 0; left--) {
    const at = below(body.length + 1);
    const end = Math.min(body.length, at + 1 + below(16));
    switch (below(6)) {
      case 0:
        if (at < body.length) body[at] = body[at]! ^ (1 << below(8));
        break;
      case 1:
        if (at < body.length) body[at] = interesting[below(interesting.length)]!;
        break;
      case 2:
        body = Buffer.concat([body.subarray(0, at), body.subarray(end)]);
        break;
      case 3:
        body = Buffer.concat([body.subarray(0, end), body.subarray(at)]);
        break;
      case 4:
        body = Buffer.concat([
          body.subarray(0, at),
          Buffer.from([below(256), below(256)]),
          body.subarray(at),
        ]);
        break;
      default:
        body = body.subarray(0, at);
    }
    body = Buffer.from(body);
  }
  return body;
}

/** Milliseconds of processor time that this process needs for `work`: a busy machine does not count. */
export function processorMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
