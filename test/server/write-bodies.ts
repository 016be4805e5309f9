// Bodies of remote write and OTLP, written by another library than the one that reads them.

import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { compress } from 'snappyjs';

export interface BodySeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples?: readonly { readonly value: number; readonly atMs: number; readonly startMs?: number }[];
  readonly histograms?: readonly {
    readonly atMs: number;
    readonly count: number;
    readonly deltas: readonly number[];
  }[];
  readonly exemplars?: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
    readonly atMs: number;
  }[];
}

export const version1Headers = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
};

export const version2Headers = {
  'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '2.0.0',
};

export const staleMarker = new Float64Array(Uint32Array.of(2, 0x7ff00000).buffer)[0]!;

function message(writer: BinaryWriter, field: number, write: (inner: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
}

function double(writer: BinaryWriter, field: number, value: number): void {
  writer.tag(field, WireType.Bit64).double(value);
}

function histogram(
  writer: BinaryWriter,
  { atMs, count, deltas }: NonNullable<BodySeries['histograms']>[number],
): void {
  writer.tag(1, WireType.Varint).uint64(count);
  double(writer, 3, 12.5);
  writer.tag(4, WireType.Varint).sint32(0);
  double(writer, 5, 0.001);
  writer.tag(6, WireType.Varint).uint64(0);
  message(writer, 11, (span) => {
    span.tag(1, WireType.Varint).sint32(1);
    span.tag(2, WireType.Varint).uint32(deltas.length);
  });
  message(writer, 12, (packed) => {
    for (const delta of deltas) packed.sint64(delta);
  });
  writer.tag(15, WireType.Varint).int64(atMs);
}

export function version1Message(series: readonly BodySeries[]): Uint8Array {
  const writer = new BinaryWriter();
  const pairs = (labels: Readonly<Record<string, string>>) => {
    for (const [name, value] of Object.entries(labels))
      message(writer, 1, (pair) => {
        pair.tag(1, WireType.LengthDelimited).string(name);
        pair.tag(2, WireType.LengthDelimited).string(value);
      });
  };
  for (const one of series)
    message(writer, 1, () => {
      pairs(one.labels);
      for (const { value, atMs } of one.samples ?? [])
        message(writer, 2, () => {
          double(writer, 1, value);
          writer.tag(2, WireType.Varint).int64(atMs);
        });
      for (const { labels, value, atMs } of one.exemplars ?? [])
        message(writer, 3, () => {
          pairs(labels);
          double(writer, 2, value);
          writer.tag(3, WireType.Varint).int64(atMs);
        });
      for (const each of one.histograms ?? []) message(writer, 4, () => histogram(writer, each));
    });
  message(writer, 3, () => {
    writer.tag(1, WireType.Varint).int32(1);
    writer.tag(2, WireType.LengthDelimited).string('written_total');
    writer.tag(4, WireType.LengthDelimited).string('What was written.');
  });
  return writer.finish();
}

export function version2Message(
  series: readonly BodySeries[],
  { referencesOfFirst }: { readonly referencesOfFirst?: readonly number[] } = {},
): Uint8Array {
  const writer = new BinaryWriter();
  const symbols = [''];
  const symbol = (text: string) => {
    if (!symbols.includes(text)) symbols.push(text);
    return symbols.indexOf(text);
  };
  const references = (labels: Readonly<Record<string, string>>) =>
    message(writer, 1, () => {
      for (const text of Object.entries(labels).flat()) writer.uint32(symbol(text));
    });
  for (const one of series)
    message(writer, 5, () => {
      if (referencesOfFirst && one === series[0]) {
        for (const text of Object.entries(one.labels).flat()) symbol(text);
        message(writer, 1, () => {
          for (const reference of referencesOfFirst) writer.uint32(reference);
        });
      } else references(one.labels);
      for (const { value, atMs, startMs } of one.samples ?? [])
        message(writer, 2, () => {
          double(writer, 1, value);
          writer.tag(2, WireType.Varint).int64(atMs);
          if (startMs !== undefined) writer.tag(3, WireType.Varint).int64(startMs);
        });
      for (const each of one.histograms ?? []) message(writer, 3, () => histogram(writer, each));
      for (const { labels, value, atMs } of one.exemplars ?? [])
        message(writer, 4, () => {
          references(labels);
          double(writer, 2, value);
          writer.tag(3, WireType.Varint).int64(atMs);
        });
      message(writer, 5, () => {
        writer.tag(1, WireType.Varint).int32(1);
        writer.tag(3, WireType.Varint).uint32(symbol('What was written.'));
      });
    });
  for (const text of symbols) writer.tag(4, WireType.LengthDelimited).string(text);
  return writer.finish();
}

export function snappy(bytes: Uint8Array): Buffer {
  return Buffer.from(compress(Buffer.from(bytes)));
}

/** A gauge, a counter, a histogram and an exponential histogram of one resource, as OTLP's JSON. */
export function otlpJson(atMs: number): object {
  const timeUnixNano = `${atMs}000000`;
  const point = { timeUnixNano, attributes: [{ key: 'http.method', value: { stringValue: 'GET' } }] };
  return {
    resourceMetrics: [
      {
        resource: {
          attributes: [
            { key: 'service.name', value: { stringValue: 'checkout' } },
            { key: 'service.namespace', value: { stringValue: 'shop' } },
            { key: 'service.instance.id', value: { stringValue: 'one' } },
            { key: 'host.cores', value: { intValue: '4' } },
          ],
        },
        scopeMetrics: [
          {
            metrics: [
              { name: 'process.memory', unit: 'By', gauge: { dataPoints: [{ ...point, asInt: '1024' }] } },
              {
                name: 'http.requests',
                unit: '{request}',
                sum: {
                  isMonotonic: true,
                  aggregationTemporality: 2,
                  dataPoints: [{ ...point, asDouble: 7.5 }],
                },
              },
              {
                name: 'http.duration',
                unit: 's',
                histogram: {
                  aggregationTemporality: 2,
                  dataPoints: [
                    { ...point, count: '3', sum: 4, explicitBounds: [0.5, 1], bucketCounts: ['1', '1', '1'] },
                  ],
                },
              },
              {
                name: 'queue.wait',
                unit: 'ms',
                exponentialHistogram: {
                  aggregationTemporality: 2,
                  dataPoints: [
                    {
                      ...point,
                      count: '5',
                      sum: 9,
                      scale: 9,
                      zeroCount: '1',
                      positive: { offset: 2, bucketCounts: ['1', '2', '1'] },
                    },
                  ],
                },
              },
              {
                name: 'deltas',
                sum: {
                  isMonotonic: true,
                  aggregationTemporality: 1,
                  dataPoints: [{ ...point, asDouble: 1 }],
                },
              },
            ],
          },
        ],
      },
    ],
  };
}

/** A gauge `load` of a resource without a name, as OTLP's protobuf. */
export function otlpProtobuf(atMs: number, value: number): Uint8Array {
  const writer = new BinaryWriter();
  message(writer, 1, () => {
    message(writer, 1, () =>
      message(writer, 1, () => {
        writer.tag(1, WireType.LengthDelimited).string('service.name');
        message(writer, 2, () => writer.tag(1, WireType.LengthDelimited).string('batch'));
      }),
    );
    message(writer, 2, () =>
      message(writer, 2, () => {
        writer.tag(1, WireType.LengthDelimited).string('load');
        writer.tag(3, WireType.LengthDelimited).string('1');
        message(writer, 5, () =>
          message(writer, 1, () => {
            writer.tag(3, WireType.Bit64).fixed64(BigInt(atMs) * 1_000_000n);
            writer.tag(4, WireType.Bit64).double(value);
          }),
        );
      }),
    );
  });
  return writer.finish();
}
