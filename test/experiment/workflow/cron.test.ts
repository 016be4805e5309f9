import { setMaxListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.ts';
import { cronMistake, parseTimetable } from '../../../src/experiment/workflow/cron.ts';
import { runSchedule } from '../../../src/experiment/workflow/schedule.ts';

const hourMs = 3_600_000;

function times(text: string, from: string, count: number): string[] {
  const timetable = parseTimetable(text)!;
  const found: string[] = [];
  for (let at: number | undefined = Date.parse(from); found.length < count; ) {
    at = timetable.next(at);
    if (at === undefined) break;
    found.push(new Date(at).toISOString().slice(0, 19));
  }
  return found;
}

describe('a timetable', () => {
  it.each([
    ['*/20 * * * *', ['2026-01-01T00:20:00', '2026-01-01T00:40:00', '2026-01-01T01:00:00']],
    ['30 */20 * * * *', ['2026-01-01T00:00:30', '2026-01-01T00:20:30', '2026-01-01T00:40:30']],
    ['0 9 ? JAN MON-WED', ['2026-01-05T09:00:00', '2026-01-06T09:00:00', '2026-01-07T09:00:00']],
    // Either of the two days is enough, as in cron.
    ['0 0 13 * 5', ['2026-01-02T00:00:00', '2026-01-09T00:00:00', '2026-01-13T00:00:00']],
    ['@hourly', ['2026-01-01T01:00:00', '2026-01-01T02:00:00', '2026-01-01T03:00:00']],
    ['@weekly', ['2026-01-04T00:00:00', '2026-01-11T00:00:00', '2026-01-18T00:00:00']],
    ['@every 90s', ['2026-01-01T00:01:30', '2026-01-01T00:03:00', '2026-01-01T00:04:30']],
    // Less than a second is a second.
    ['@every 10ms', ['2026-01-01T00:00:01', '2026-01-01T00:00:02', '2026-01-01T00:00:03']],
    ['0 0 30 2 *', []],
  ])('of %s', (text, expected) => {
    expect(times(text, '2026-01-01T00:00:00Z', 3)).toEqual(expected);
  });

  it('runs what falls into the hour that summer time skips when the hour is over', () => {
    expect(times('TZ=Europe/Berlin 30 2 * * *', '2026-03-27T12:00:00Z', 3)).toEqual([
      '2026-03-28T01:30:00',
      '2026-03-29T01:00:00',
      '2026-03-30T00:30:00',
    ]);
  });

  it('runs what falls into the hour that comes twice once', () => {
    expect(times('CRON_TZ=Europe/Berlin 30 2 * * *', '2026-10-23T12:00:00Z', 3)).toEqual([
      '2026-10-24T00:30:00',
      '2026-10-25T00:30:00',
      '2026-10-26T01:30:00',
    ]);
  });

  it.each([
    ['* * * *', '4 fields instead of five or six'],
    ['* * * * * * *', '7 fields instead of five or six'],
    ['61 * * * *', /minute/i],
    ['* * L * *', 'the field "L" is not known to Chaos Mesh'],
    ['* * 15W * *', 'the field "15W" is not known to Chaos Mesh'],
    ['* * * * MON#2', 'the field "MON#2" is not known to Chaos Mesh'],
    ['@sometimes', /^there is no @sometimes/],
    ['@every now', '"now" is no duration above zero'],
    ['TZ=Mars/Olympus 0 0 * * *', /zone/i],
    ['', /fields/],
  ])('cannot be made of %j', (text, mistake) => {
    expect(cronMistake(text)).toEqual(typeof mistake === 'string' ? mistake : expect.stringMatching(mistake));
    expect(parseTimetable(text)).toBeUndefined();
  });

  it('only goes forward, whatever is asked', () => {
    const field = (max: number) =>
      fc.oneof(
        fc.constant('*'),
        fc.integer({ min: 1, max }).map(String),
        fc.integer({ min: 1, max }).map((step) => `*/${step}`),
      );
    const expression = fc.tuple(field(59), field(23), field(28), field(12), field(6));
    fc.assert(
      fc.property(expression, fc.integer({ min: 0, max: 2e12 }), (fields, from) => {
        const timetable = parseTimetable(fields.join(' '))!;
        const next = timetable.next(from)!;
        expect(next).toBeGreaterThan(from);
        expect(next % 60_000).toBe(0);
      }),
      { numRuns: 50 },
    );
  });
});

interface Told {
  readonly started: string[];
  readonly missed: string[];
}

/** Plays a schedule on virtual time; each run takes `runMs`. */
async function play(
  text: string,
  {
    runMs,
    lengthMs,
    allowsOverlap = false,
    startingDeadlineMs,
  }: {
    readonly runMs: number;
    readonly lengthMs: number;
    readonly allowsOverlap?: boolean;
    readonly startingDeadlineMs?: number;
  },
): Promise<Told> {
  const clock = new VirtualClock(Date.parse('2026-01-01T00:00:00Z'));
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  const told: Told = { started: [], missed: [] };
  const at = () => new Date(clock.now()).toISOString().slice(0, 19);
  const running = runSchedule({
    timetable: parseTimetable(text)!,
    allowsOverlap,
    startingDeadlineMs,
    clock,
    until: over.signal,
    start: async () => {
      told.started.push(at());
      await clock.sleep(runMs, over.signal);
    },
    onMissed: (reason) => told.missed.push(`${at()} ${reason}`),
  });
  await clock.advance(lengthMs);
  over.abort();
  await running;
  return told;
}

describe('a schedule', () => {
  it('starts a run each month of a year, in milliseconds', async () => {
    const { started } = await play('0 3 1 * *', { runMs: 60_000, lengthMs: 364 * 24 * hourMs });
    expect(started).toHaveLength(12);
    expect(started[1]).toBe('2026-02-01T03:00:00');
  });

  it('forbids a run beside another, and makes up for the last one that was missed', async () => {
    const told = await play('@every 10s', { runMs: 25_000, lengthMs: 60_000 });
    expect(told.started).toEqual(['2026-01-01T00:00:10', '2026-01-01T00:00:35', '2026-01-01T00:01:00']);
    expect(told.missed).toEqual([
      '2026-01-01T00:00:20 the run before is still going',
      '2026-01-01T00:00:45 the run before is still going',
    ]);
  });

  it('makes up for nothing that is further back than its starting deadline', async () => {
    const told = await play('*/10 * * * * *', { runMs: 25_000, lengthMs: 75_000, startingDeadlineMs: 2000 });
    expect(told.started).toEqual(['2026-01-01T00:00:10', '2026-01-01T00:00:40', '2026-01-01T00:01:10']);
    expect(told.missed).toContain('2026-01-01T00:00:35 it would start 5s late');
  });

  it('starts runs beside each other where that is allowed, up to a limit', async () => {
    const few = await play('@every 10s', { runMs: 25_000, lengthMs: 45_000, allowsOverlap: true });
    expect(few.started).toHaveLength(4);
    const many = await play('@every 1s', { runMs: hourMs, lengthMs: 60_000, allowsOverlap: true });
    expect(many.started).toHaveLength(20);
    expect(many.missed).toEqual(['2026-01-01T00:00:21 20 runs are going']);
  });

  it('ends with its last time', async () => {
    expect(await play('0 0 30 2 *', { runMs: 1, lengthMs: hourMs })).toEqual({ started: [], missed: [] });
  });
});
