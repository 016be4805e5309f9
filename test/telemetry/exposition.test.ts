import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  acceptedFormats,
  defaultProtocols,
  formatOf,
} from '../../src/telemetry/metrics/exposition/content-type.ts';
import {
  ExpositionError,
  type LabelPairs,
  SeriesTable,
} from '../../src/telemetry/metrics/exposition/exposition.ts';
import { normalBound, parseNumber } from '../../src/telemetry/metrics/exposition/number.ts';
import { parseOpenMetrics } from '../../src/telemetry/metrics/exposition/openmetrics.ts';
import { parseText } from '../../src/telemetry/metrics/exposition/text.ts';

const table = () => new SeriesTable((pairs) => Object.fromEntries(pairs));
const text = (body: string) => parseText(body, table());
const openMetrics = (body: string) => parseOpenMetrics(body, table());

function mistake(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof ExpositionError) return error.message;
    throw error;
  }
  return 'taken';
}

describe('text format', () => {
  it('reads families, labels, values and timestamps', () => {
    const { families, samples } = text(
      [
        '# HELP http_total Requests,\\nall of \\\\them.',
        '# TYPE http_total counter',
        '# a remark',
        '',
        'http_total{method="post",code="200"} 1027 1395066363000',
        '\thttp_total { method = "a\\"b\\\\c\\nd\\q" , }  3\t-7 ',
        'bare 1.5e-3',
        'odd{a="}# {"} -Inf',
        'odd{a=""} NaN',
      ].join('\n'),
    );
    expect(families).toEqual([
      { name: 'http_total', type: 'counter', help: 'Requests,\nall of \\them.', unit: '' },
    ]);
    expect(samples.map(({ series, value, atMs }) => [series, value, atMs])).toEqual([
      [{ __name__: 'http_total', method: 'post', code: '200' }, 1027, 1395066363000],
      [{ __name__: 'http_total', method: 'a"b\\c\nd\\q' }, 3, -7],
      [{ __name__: 'bare' }, 0.0015, undefined],
      [{ __name__: 'odd', a: '}# {' }, Number.NEGATIVE_INFINITY, undefined],
      [{ __name__: 'odd', a: '' }, Number.NaN, undefined],
    ]);
  });

  it('reads names of any characters in quotes', () => {
    const { families, samples } = text(
      '# TYPE "my.metric" gauge\n{"my.metric","my label"="x",b="y"} 1\n{b="z","other.metric"} 2\n',
    );
    expect(families[0]).toMatchObject({ name: 'my.metric', type: 'gauge' });
    expect(samples.map(({ series }) => series)).toEqual([
      { __name__: 'my.metric', 'my label': 'x', b: 'y' },
      { b: 'z', __name__: 'other.metric' },
    ]);
  });

  it('holds bounds of histograms and summaries in one form, and no other label', () => {
    const { samples } = text(
      [
        '# TYPE h histogram',
        'h_bucket{le="1"} 1',
        'h_bucket{le="1e6"} 1',
        'h_bucket{le="+Inf"} 1',
        '# TYPE s summary',
        's{quantile="1"} 1',
        '# TYPE g gauge',
        'g{le="1",quantile="1"} 1',
      ].join('\n'),
    );
    expect(samples.map(({ series }) => series.le ?? series.quantile)).toEqual([
      '1.0',
      '1e+06',
      '+Inf',
      '1.0',
      '1',
    ]);
  });

  it('names the line of the first mistake', () => {
    const cases: [string, string][] = [
      ['a 1\n\n# remark\nb{ 2\n', 'line 4: the labels of a sample do not end'],
      ['a{b="c} 1', 'line 1: the labels of a sample do not end'],
      ['a', 'line 1: a value is expected, not ""'],
      ['a x\n', 'line 1: a value is expected, not "x"'],
      ['a 0x10\n', 'line 1: a value is expected, not "0x10"'],
      ['a 1 2.5\n', 'line 1: a timestamp in whole milliseconds is expected, not "2.5"'],
      ['a 1 2 3\n', 'line 1: the line should end before "3"'],
      ['{a="b"} 1', 'line 1: a sample has no metric name'],
      ['a{"b"} 1', 'line 1: label "b" has no value'],
      ['a{__name__="b"} 1', 'line 1: a sample has two metric names'],
      ['a{b="1",b="2"} 1', 'line 1: label "b" stands twice'],
      ['<html><body>', 'line 1: "<html><body>" is not a metric name'],
      ['# TYPE a strange', 'line 1: "strange" is not a metric type'],
    ];
    for (const [body, expected] of cases) expect(mistake(() => text(body))).toBe(expected);
  });

  it('takes the text of a series apart once', () => {
    const created: LabelPairs[] = [];
    const kept = new SeriesTable((pairs) => created.push(pairs));
    parseText('a{b="c"} 1\nd 2\n', kept);
    const again = parseText('d 3\na{b="c"} 4\n', kept);
    expect(created).toHaveLength(2);
    expect(again.samples).toMatchObject([
      { series: 2, value: 3 },
      { series: 1, value: 4 },
    ]);
    kept.keep((series) => series === 2);
    expect(kept.size).toBe(1);
  });

  it('is linear in a label bomb', () => {
    const labels = Array.from({ length: 100_000 }, (_, i) => `l${i}="v"`).join(',');
    const before = process.cpuUsage();
    const { samples } = parseText(`a{${labels}} 1`, new SeriesTable((pairs) => pairs.length));
    // Processor time, so that a busy machine is not taken for a slow parser.
    expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
    expect(samples[0]!.series).toBe(100_001);
  });
});

describe('OpenMetrics', () => {
  it('reads units, timestamps in seconds, and exemplars', () => {
    const { families, samples } = openMetrics(
      [
        '# TYPE r_seconds counter',
        '# UNIT r_seconds seconds',
        '# HELP r_seconds say \\"hi\\"',
        'r_seconds_total{a="b"} 1 1795140000.123 # {trace_id="x # y"} 0.5 12.5',
        'r_seconds_total 2 # {} 3',
        '# EOF',
        '',
      ].join('\n'),
    );
    expect(families).toEqual([{ name: 'r_seconds', type: 'counter', help: 'say "hi"', unit: 'seconds' }]);
    expect(samples).toEqual([
      {
        series: { __name__: 'r_seconds_total', a: 'b' },
        value: 1,
        atMs: 1795140000123,
        exemplar: { labels: [['trace_id', 'x # y']], value: 0.5, atMs: 12_500 },
      },
      {
        series: { __name__: 'r_seconds_total' },
        value: 2,
        atMs: undefined,
        exemplar: { labels: [], value: 3, atMs: undefined },
      },
    ]);
  });

  it('refuses a text without an end, and one that goes on behind it', () => {
    expect(mistake(() => openMetrics('a 1\n'))).toBe('line 2: the text ends without # EOF');
    expect(mistake(() => openMetrics(''))).toBe('line 1: the text ends without # EOF');
    expect(mistake(() => openMetrics('# EOF\na 1\n'))).toBe('line 1: text follows # EOF');
  });

  it('takes when scraping what only the strict mode refuses', () => {
    const body = '# TYPE a counter\na_total -1\n# TYPE h histogram\nh_sum 1\n# EOF\n';
    expect(openMetrics(body).samples).toHaveLength(2);
    expect(mistake(() => parseOpenMetrics(body, table(), { strict: true }))).toBe(
      'line 2: a_total: a counter is not negative and not NaN',
    );
  });
});

describe('numbers', () => {
  const number = (word: string) => parseNumber(word, 0, word.length);

  it('reads every double back from its shortest form', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        const word = Object.is(value, -0) ? '-0' : String(value);
        expect(Object.is(number(word), value)).toBe(true);
      }),
    );
  });

  it("reads Go's forms and no others", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^(\d{1,12}\.\d{0,12}|\.\d{1,16})$/), (word) => {
        expect(number(word), word).toBe(Number(word));
      }),
      { numRuns: 2000 },
    );
    expect(['.', '1.2.3'].map(number)).toEqual([undefined, undefined]);
    expect(['+1', '.5', '5.', '1E3', 'inf', '+INF', '-infinity', '9007199254740993'].map(number)).toEqual([
      1,
      0.5,
      5,
      1000,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      2 ** 53,
    ]);
    expect(number('nan')).toBeNaN();
    for (const word of ['', '.', '-', 'e5', '1e', '1_0', '0x1', '0b1', '1.1.1', '++1', 'Infinit', 'a'])
      expect(number(word), word).toBeUndefined();
  });

  it('prints bounds as Go does', () => {
    const bounds = ['1', '0.005', '100000', '1000000', '1.5e7', '0.0001', '0.00001', 'inf', 'x'];
    expect(bounds.map(normalBound)).toEqual([
      '1.0',
      '0.005',
      '100000.0',
      '1e+06',
      '1.5e+07',
      '0.0001',
      '1e-05',
      '+Inf',
      'x',
    ]);
  });
});

describe('any text', () => {
  const pieces = fc.constantFrom(
    ...[
      'a',
      '{',
      '}',
      '"',
      '=',
      ',',
      ' ',
      '\n',
      '\\',
      '#',
      '# TYPE a histogram\n',
      '# EOF\n',
      'a 1\n',
      '1',
      'le="1"',
      '\t',
      'é',
      '\u0000',
      ' # {} 1',
      'NaN',
      '-',
    ],
  );
  it('is read or refused with a line, never anything else', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 30 }), (parts) => {
        const body = parts.join('');
        for (const read of [text, openMetrics, (b: string) => parseOpenMetrics(b, table(), { strict: true })])
          expect(mistake(() => read(body))).toMatch(/^(taken$|line \d+: )/);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('content types', () => {
  it('are told from each other and from what is no metrics', () => {
    expect(formatOf('text/plain; version=0.0.4; charset=utf-8')).toBe('text');
    expect(formatOf('application/openmetrics-text; version=1.0.0')).toBe('openmetrics');
    for (const other of ['text/html', 'application/json', '', undefined])
      expect(formatOf(other)).toBeUndefined();
    expect(acceptedFormats(defaultProtocols(false))).toMatch(/^application\/openmetrics-text;version=1.0.0/);
    expect(acceptedFormats(defaultProtocols(true))).toMatch(
      /^application\/vnd.google.protobuf;proto=io.prometheus.client/,
    );
  });
});
