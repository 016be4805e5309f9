import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { compress } from 'snappyjs';
import { describe, expect, test } from 'vitest';
import { SeriesTable } from '../../src/telemetry/metrics/exposition/exposition.ts';
import { parseProtobuf } from '../../src/telemetry/metrics/exposition/protobuf.ts';
import { ProtobufError, ProtobufReader } from '../../src/telemetry/protobuf-reader.ts';
import { decodeSnappy, SnappyError } from '../../src/telemetry/snappy.ts';

function message(writer: BinaryWriter, field: number, write: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
}

/** Families as a scrape delivers them: each after its length. */
function exposition(...families: ((writer: BinaryWriter) => void)[]): Buffer {
  return Buffer.concat(
    families.map((write) => {
      const writer = new BinaryWriter();
      writer.fork();
      write(writer);
      return writer.join().finish();
    }),
  );
}

function family(writer: BinaryWriter, name: string, type: number, metric: () => void): void {
  writer.tag(1, WireType.LengthDelimited).string(name);
  writer.tag(2, WireType.LengthDelimited).string('What it is.');
  writer.tag(3, WireType.Varint).int32(type);
  message(writer, 4, () => {
    message(writer, 1, () => {
      writer.tag(1, WireType.LengthDelimited).string('job');
      writer.tag(2, WireType.LengthDelimited).string('a');
    });
    metric();
  });
}

function parse(body: Buffer) {
  const { families, samples } = parseProtobuf(body, new SeriesTable((pairs) => pairs));
  const shown = samples.map(({ series, value, ...more }) => ({
    series: series.map(([name, text]) => `${name}=${text}`).join(),
    value,
    ...more,
  }));
  return { families, samples: shown };
}

describe('protobuf exposition', () => {
  test('yields counters with exemplars and starts, summaries and classic histograms', () => {
    const body = exposition(
      (writer) =>
        family(writer, 'hits_total', 0, () =>
          message(writer, 3, () => {
            writer.tag(1, WireType.Bit64).double(5);
            message(writer, 2, () => {
              message(writer, 1, () => {
                writer.tag(1, WireType.LengthDelimited).string('trace_id');
                writer.tag(2, WireType.LengthDelimited).string('t');
              });
              writer.tag(2, WireType.Bit64).double(1);
            });
            message(writer, 3, () => writer.tag(1, WireType.Varint).int64(7));
          }),
        ),
      (writer) =>
        family(writer, 'size', 2, () =>
          message(writer, 4, () => {
            writer.tag(1, WireType.Varint).uint64(2);
            writer.tag(2, WireType.Bit64).double(3);
            message(writer, 3, () => {
              writer.tag(1, WireType.Bit64).double(0.5);
              writer.tag(2, WireType.Bit64).double(1.5);
            });
          }),
        ),
      (writer) =>
        family(writer, 'took', 4, () => {
          message(writer, 7, () => {
            writer.tag(1, WireType.Varint).uint64(3);
            writer.tag(2, WireType.Bit64).double(4);
            message(writer, 3, () => {
              writer.tag(1, WireType.Varint).uint64(2);
              writer.tag(2, WireType.Bit64).double(1);
            });
          });
          writer.tag(6, WireType.Varint).int64(123_000);
        }),
    );
    const { families, samples } = parse(body);
    expect(families.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'hits_total counter',
      'size summary',
      'took histogram',
    ]);
    const exemplar = { labels: [['trace_id', 't']], value: 1, atMs: undefined };
    const plain = { atMs: undefined };
    expect(samples).toEqual([
      { series: '__name__=hits_total,job=a', value: 5, atMs: undefined, startMs: 7000, exemplar },
      { series: '__name__=size,job=a,quantile=0.5', value: 1.5, ...plain },
      { series: '__name__=size_sum,job=a', value: 3, ...plain },
      { series: '__name__=size_count,job=a', value: 2, ...plain },
      { series: '__name__=took_bucket,job=a,le=1.0', value: 2, atMs: 123_000 },
      { series: '__name__=took_bucket,job=a,le=+Inf', value: 3, atMs: 123_000 },
      { series: '__name__=took_sum,job=a', value: 4, atMs: 123_000 },
      { series: '__name__=took_count,job=a', value: 3, atMs: 123_000 },
    ]);
  });

  const native = (count: number, spanLength: number) =>
    exposition((writer) =>
      family(writer, 'took', 4, () =>
        message(writer, 7, () => {
          writer.tag(1, WireType.Varint).uint64(count);
          writer.tag(2, WireType.Bit64).double(4);
          writer.tag(5, WireType.Varint).sint32(-2);
          writer.tag(6, WireType.Bit64).double(0.001);
          writer.tag(7, WireType.Varint).uint64(1);
          message(writer, 12, () => {
            writer.tag(1, WireType.Varint).sint32(-3);
            writer.tag(2, WireType.Varint).uint32(spanLength);
          });
          for (const delta of [2, -1]) writer.tag(13, WireType.Varint).sint64(delta);
        }),
      ),
    );

  test('yields native histograms', () => {
    const { samples } = parse(native(4, 2));
    expect(samples).toHaveLength(1);
    expect(samples[0]).toMatchObject({
      series: '__name__=took,job=a',
      histogram: { schema: -2, count: 4, sum: 4, zeroCount: 1, zeroThreshold: 0.001, resetHint: 'unknown' },
    });
    const { positive } = samples[0]!.histogram!;
    expect([[...positive.indexes], [...positive.counts]]).toEqual([
      [-3, -2],
      [2, 1],
    ]);
  });

  test('refuses histograms that contradict themselves, and bytes that are no message', () => {
    expect(() => parse(native(5, 2))).toThrow(
      'line 1: the buckets of a histogram hold 4 observations, its count is 5',
    );
    expect(() => parse(native(4, 3))).toThrow('need 3 buckets, there are 2');
    expect(() => parse(Buffer.from('hello'))).toThrow('line 1: the message ends in the middle of a field');
  });
});

describe('the protobuf reader', () => {
  test('reads back every number that another library wrote', () => {
    const int64 = fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n });
    fc.assert(
      fc.property(int64, fc.double(), fc.string({ unit: 'grapheme' }), (whole, double, text) => {
        const writer = new BinaryWriter();
        writer.tag(1, WireType.Varint).int64(whole);
        writer.tag(2, WireType.Varint).sint64(whole);
        writer.tag(3, WireType.Bit64).double(double);
        writer.tag(4, WireType.LengthDelimited).string(text);
        writer.tag(5, WireType.Bit64).sfixed64(whole);
        if (whole >= 0n) writer.tag(6, WireType.Varint).uint64(whole);
        const reader = new ProtobufReader(Buffer.from(writer.finish()));
        const read: unknown[] = [];
        while (reader.next()) {
          const readers = [
            () => reader.signed(),
            () => reader.zigzag(),
            () => reader.double(),
            () => reader.string(),
            () => reader.signedFixed64(),
            () => reader.unsigned(),
          ];
          read.push(readers[reader.field - 1]!());
        }
        // Zero is written without its sign.
        const number = Number(whole);
        expect(read).toEqual([number, number, double, text, number, ...(whole >= 0n ? [number] : [])]);
      }),
    );
  });

  test('ends at a number without end and at a length beyond the message', () => {
    const read = (...bytes: number[]) => {
      const reader = new ProtobufReader(Buffer.from(bytes));
      while (reader.next()) reader.skip();
    };
    expect(() => read(0x08, ...Array.from({ length: 11 }, () => 0xff))).toThrow(ProtobufError);
    expect(() => read(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f)).toThrow('ends in the middle of a field');
    expect(() => read(0x0b)).toThrow('has the wire type 3');
    expect(() => read(0x00)).toThrow('has the number 0');
  });
});

describe('snappy', () => {
  test('decodes what another library compressed', () => {
    const runs = fc.array(fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 30 })), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(runs, (parts) => {
        const bytes = Buffer.concat(
          parts.flatMap(([part, times]) => Array.from({ length: times }, () => part)),
        );
        const block = Buffer.from(compress(bytes));
        expect(decodeSnappy(block, 1_000_000).equals(bytes)).toBe(true);
      }),
    );
  });

  test.each<[string, number[], string]>([
    ['an empty block', [], 'no length'],
    ['a length that nothing follows', [5], 'holds 0 bytes and declares 5'],
    ['a length far beyond the block', [0xff, 0xff, 0xff, 0xff, 0x0f, 0], 'more than'],
    ['a literal that is cut', [2, 0x04, 1], 'ends too early'],
    // The library that tests write with counts this length backwards, and never ends.
    ['a literal of nearly 2^32 bytes', [10, 0xfc, 0xfa, 0xff, 0xff, 0xff, 1, 2, 3], 'ends too early'],
    ['a copy from before the beginning', [4, 0x01, 1], 'before the beginning'],
    ['more than was declared', [1, 0x04, 1, 2], 'more than it declares'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeSnappy(Buffer.from(bytes), 1000)).toThrow(message);
    expect(() => decodeSnappy(Buffer.from(bytes), 1000)).toThrow(SnappyError);
  });
});
