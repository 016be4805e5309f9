// Stories that Alertmanager's own acceptance tests tell in seconds of real time, and longer ones.

import { describe, expect, test } from 'vitest';
import { routed } from '../timeline.ts';
import {
  alert,
  at,
  beginning,
  between,
  clockSetBack,
  expire,
  firing,
  openAlert,
  receiver,
  resolve,
  resolved,
  silence,
  story,
  tells,
  until,
} from './story.ts';

const route = (more: string) =>
  routed(
    `{receiver: pager, group_by: [cluster], group_wait: 30s, group_interval: 5m, repeat_interval: 4h${more}}`,
    ['pager', 'chat'],
  );
const usual = route('');
const named = (alertname: string, labels: Record<string, string> = {}) => ({ alertname, ...labels });

describe('grouping and repeating', () => {
  test('alerts that come within the wait are told together, later ones with the interval', () =>
    story(
      usual,
      at('1s', alert(named('A'))),
      at('12s', alert(named('B'))),
      between('31s', '31s', tells('pager', firing('A', 'B'))),
      at('1m', alert(named('C'))),
      between('5m31s', '5m31s', tells('pager', firing('A', 'B', 'C'))),
      until('4h'),
    ));

  test('what stays is repeated, and a day takes milliseconds', async () => {
    // Not before four hours have passed since it was told, and then with the next interval.
    const repeats = [1, 2, 3, 4, 5].map((n) => n * (4 * 60 + 5));
    const { told } = await story(
      usual,
      at('0s', alert(named('A'))),
      between('30s', '30s', tells('pager', firing('A'))),
      ...repeats.map((minutes) => between(`${minutes}m`, `${minutes + 1}m`, tells('pager', firing('A')))),
      until('24h'),
    );
    expect(told).toHaveLength(6);
  });

  test('an alert that is old already is told at once', () =>
    story(
      usual,
      at('10m', alert(named('Old'), { startedAgo: '1m' })),
      between('10m', '10m', tells('pager', firing('Old'))),
      until('1h'),
    ));

  test('an alert goes on to the next route with continue, each with times of its own', () =>
    story(
      route(
        ', routes: [{matchers: [team=a], continue: true, receiver: chat, group_wait: 5s}, {matchers: [team=a]}]',
      ),
      at('0s', alert(named('A', { team: 'a' }))),
      between('5s', '5s', tells('chat', firing('A'))),
      between('30s', '30s', tells('pager', firing('A'))),
      until('1h'),
    ));
});

describe('the end of an alert', () => {
  test('is told once, and the alert that comes back is a new one', () =>
    story(
      usual,
      at('0s', alert(named('A'))),
      between('30s', '30s', tells('pager', firing('A'))),
      at('2m', resolve(named('A'))),
      between('5m30s', '5m30s', tells('pager', resolved('A'))),
      at('20m', alert(named('A'))),
      between('20m30s', '20m30s', tells('pager', firing('A'))),
      until('3h'),
    ));

  test('comes by itself after resolve_timeout when the sender falls silent', () =>
    story(
      `global: {resolve_timeout: 10m}\n${usual}`,
      at('0s', openAlert(named('A'))),
      between('30s', '30s', tells('pager', firing('A'))),
      at('4m', openAlert(named('A'))),
      between('15m30s', '15m30s', tells('pager', resolved('A'))),
      until('1h'),
    ));

  test('is not told to a receiver that does not want it, but is remembered', () =>
    story(
      usual.replace(
        '{url: "http://127.0.0.1/pager"}',
        '{url: "http://127.0.0.1/pager", send_resolved: false}',
      ),
      at('0s', alert(named('A')), alert(named('B'))),
      between('30s', '30s', tells('pager', firing('A', 'B'))),
      at('1m', resolve(named('A')), resolve(named('B'))),
      at('7m', alert(named('A'))),
      between('7m30s', '7m30s', tells('pager', firing('A'))),
      until('1h'),
    ));
});

describe('what holds alerts back', () => {
  const inhibiting = `${usual}\ninhibit_rules: [{source_matchers: [alertname=JobDown], target_matchers: [alertname=InstanceDown], equal: [job, zone]}]`;
  const where = { job: 'j', zone: 'a' };

  test('an inhibition holds as long as its source fires', async () => {
    const { suppressed } = await story(
      inhibiting,
      at('0s', alert(named('InstanceDown', where)), alert(named('InstanceDown', { job: 'j', zone: 'b' }))),
      between('30s', '30s', tells('pager', firing('InstanceDown', 'InstanceDown'))),
      at('2m', alert(named('JobDown', where))),
      between('5m30s', '5m30s', tells('pager', firing('InstanceDown', 'JobDown'))),
      at('7m', resolve(named('JobDown', where))),
      between(
        '10m30s',
        '10m30s',
        tells('pager', firing('InstanceDown', 'InstanceDown'), resolved('JobDown')),
      ),
      until('1h'),
    );
    expect(suppressed.map(({ reason }) => reason)).toEqual(['inhibited']);
  });

  test('both ends are told when source and target end together', () =>
    story(
      inhibiting,
      at('0s', alert(named('InstanceDown', where)), alert(named('JobDown', where))),
      between('30s', '30s', tells('pager', firing('JobDown'))),
      at('2m', resolve(named('JobDown', where)), resolve(named('InstanceDown', where))),
      between('5m30s', '5m30s', tells('pager', resolved('InstanceDown', 'JobDown'))),
      until('1h'),
    ));

  test('a silence that is ended early lets the next flush through', () =>
    story(
      usual,
      at('0s', silence('s', { alertname: 'A' }, '24h'), alert(named('A')), alert(named('B'))),
      between('30s', '30s', tells('pager', firing('B'))),
      at('2h', expire('s')),
      between('2h30s', '2h30s', tells('pager', firing('A', 'B'))),
      until('5h'),
    ));

  test('office hours are those of the place, over the change to summer time', () =>
    story(
      `${route(', routes: [{receiver: chat, matchers: [team=a], active_time_intervals: [office], group_interval: 10m}]')}
time_intervals: [{name: office, time_intervals: [{times: [{start_time: "09:00", end_time: "17:00"}], location: Europe/Berlin}]}]`,
      // On the Sunday of the change nine o'clock in Berlin is seven in UTC; the day before it was eight.
      beginning('2026-03-29T06:30:00Z'),
      at('0s', alert(named('A', { team: 'a' }))),
      between('30m', '40m', tells('chat', firing('A'))),
      between('4h30m', '4h50m', tells('chat', firing('A'))),
      // Ten hours later it is over, and repeats wait for the morning.
      between('24h30m', '24h40m', tells('chat', firing('A'))),
      until('26h'),
    ));
});

describe('receivers that fail', () => {
  test('are tried again with growing waits, and told as soon as they answer', async () => {
    const { attempts } = await story(
      usual,
      at('0s', receiver('pager', 'down'), alert(named('A'))),
      at('2m', receiver('pager', 'up')),
      between('2m', '3m10s', tells('pager', firing('A'))),
      until('1h'),
    );
    expect(attempts).toBeGreaterThan(5);
    expect(attempts).toBeLessThan(20);
  });

  test('for longer than the interval are told all that is news by then', () =>
    story(
      usual,
      at('0s', receiver('pager', 'down'), alert(named('A'))),
      at('3m', alert(named('B'))),
      at('6m', receiver('pager', 'up')),
      between('6m', '7m10s', tells('pager', firing('A', 'B'))),
      until('1h'),
    ));

  test('for good are not asked again before the next flush', async () => {
    const { attempts } = await story(
      usual,
      at('0s', receiver('pager', 'refusing'), alert(named('A'))),
      at('12m', receiver('pager', 'up')),
      between('15m30s', '15m30s', tells('pager', firing('A'))),
      until('1h'),
    );
    expect(attempts).toBe(4);
  });

  test('that hang are given up at the next flush, and hold up nobody else', () =>
    story(
      route(', routes: [{receiver: chat, matchers: [team=a]}]'),
      at('0s', receiver('pager', 'hanging'), alert(named('A')), alert(named('C', { team: 'a' }))),
      between('30s', '30s', tells('chat', firing('C'))),
      at('4m', receiver('pager', 'up')),
      between('5m30s', '5m31s', tells('pager', firing('A'))),
      until('1h'),
    ));
});

describe('a clock that is set back', () => {
  test('lengthens no wait by more than it takes to be noticed', () =>
    story(
      usual,
      at('0s', alert(named('A'))),
      at('10s', clockSetBack('2h')),
      at('20s', alert(named('B'))),
      between('30s', '40s', tells('pager', firing('A', 'B'))),
      at('1m', clockSetBack('10m'), alert(named('C'))),
      between('5m30s', '5m50s', tells('pager', firing('A', 'B', 'C'))),
      until('1h'),
    ));
});
