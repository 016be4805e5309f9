import { describe, expect, it } from 'vitest';
import { Dispatcher, defaultDispatcherLimits } from '../../src/alertmanager/dispatch/dispatcher.ts';
import { AlertMatcher } from '../../src/alertmanager/matcher/matcher.ts';
import { Labels } from '../../src/base/labels.ts';
import { at, between, configOf, fires, ms, resolves, routed, silences, timeline } from './timeline.ts';

const pager = (route = '') =>
  routed(
    `{receiver: pager, group_by: [cluster], group_wait: 30s, group_interval: 5m, repeat_interval: 1h${route}}`,
    ['pager', 'chat'],
  );

describe('grouping', () => {
  it('waits group_wait for the first notification and group_interval for the next', () => {
    timeline(pager())
      .at('1s', fires('A'))
      .at('20s', fires('B'))
      .at('60s', fires('C'))
      .until('20m')
      .expect('pager', at('31s', 'A B'), at('331s', 'A B C'));
  });

  it('keeps groups apart by the labels that are grouped by', () => {
    timeline(pager())
      .at('1s', fires('A', { cluster: 'x' }))
      .at('5s', fires('A', { cluster: 'y' }), fires('B', { cluster: 'x' }))
      .until('4m')
      .expect('pager', at('31s', 'A B'), at('35s', 'A'));
  });

  it('groups by every label with ..., and by none by default', () => {
    const all = routed('{receiver: pager, group_by: ["..."], group_wait: 1s}', ['pager']);
    timeline(all)
      .at('0s', fires('A', { a: '1' }), fires('A', { a: '2' }))
      .until('10s')
      .expect('pager', at('1s', 'A'), at('1s', 'A'));
    const none = routed('{receiver: pager, group_wait: 1s}', ['pager']);
    timeline(none).at('0s', fires('A'), fires('B')).until('10s').expect('pager', at('1s', 'A B'));
  });

  it('flushes at once when the alert is older than group_wait', () => {
    timeline(pager())
      .at('10m', (dispatcher, atMs) => {
        const labels = Labels.from({ alertname: 'Old' });
        dispatcher.receive(
          [{ labels, annotations: {}, startsAt: atMs - 31_000, endsAt: atMs + 60_000 }],
          atMs,
        );
      })
      .until('11m')
      .expect('pager', at('10m', 'Old'));
  });

  it('repeats after repeat_interval, at the flush that follows it', () => {
    timeline(pager())
      .at('0s', fires('A'))
      .until('3h')
      .expect('pager', at('30s', 'A'), at('65m30s', 'A'), at('130m30s', 'A'));
  });

  it('runs a day in milliseconds', () => {
    const run = timeline(pager(', repeat_interval: 4h').replace('repeat_interval: 1h, ', ''));
    for (let i = 0; i < 100; i++) run.at(`${i}m`, fires(`A${i}`, { cluster: String(i % 10) }));
    run.until('24h');
    expect(run.notifications('pager').length).toBeGreaterThan(100);
  });
});

describe('resolved alerts', () => {
  it('are told once, with the group interval', () => {
    timeline(pager())
      .at('0s', fires('A'))
      .at('2m', resolves('A'))
      .until('2h')
      .expect('pager', at('30s', 'A'), at('330s', '-A'));
  });

  it('are not told when they resolved before the first flush', () => {
    timeline(pager()).at('0s', fires('A')).at('20s', resolves('A')).until('1h').expect('pager');
  });

  it('are told beside those that still fire, and then forgotten', () => {
    timeline(pager())
      .at('0s', fires('A'), fires('B'))
      .at('1m', resolves('B'))
      .until('12m')
      .expect('pager', at('30s', 'A B'), at('330s', 'A -B'));
  });

  it('end by themselves when nobody renews them', () => {
    timeline(pager())
      .at('0s', fires('A', {}, ms('4m')))
      .until('1h')
      .expect('pager', at('30s', 'A'), at('330s', '-A'));
  });

  it('without an end are believed for resolve_timeout', () => {
    timeline(`global: {resolve_timeout: 2m}\n${pager()}`)
      .at('0s', (dispatcher, atMs) => {
        dispatcher.receive([{ labels: Labels.from({ alertname: 'A' }), annotations: {} }], atMs);
      })
      .until('1h')
      .expect('pager', at('30s', 'A'), at('330s', '-A'));
  });

  it('are left out for receivers that do not want them, which hear again when it fires again', () => {
    const config = pager().replace(
      '{url: "http://127.0.0.1/pager"}',
      '{url: "http://127.0.0.1/pager", send_resolved: false}',
    );
    timeline(config)
      .at('0s', fires('A'), fires('B'))
      .at('1m', resolves('B'))
      .at('6m', resolves('A'))
      .at('12m', fires('A'))
      .until('30m')
      .expect('pager', at('30s', 'A B'), between('12m', '13m', 'A'));
  });

  it('that fire again while they are told are not forgotten', () => {
    timeline(pager())
      .answeringAfter('3s')
      .at('0s', fires('A'))
      .at('2m', resolves('A'))
      .at('331s', fires('A'))
      .until('12m')
      .expect('pager', at('30s', 'A'), at('330s', '-A'), at('630s', 'A'));
  });
});

describe('receivers that fail', () => {
  it('are told at the next flush what they have not heard', () => {
    timeline(pager())
      .failing((_, atMs) => atMs < ms('1m'))
      .at('0s', fires('A'))
      .at('2m', resolves('A'))
      .until('1h')
      // The resolution alone is not told to a receiver that never heard of the alert.
      .expect('pager', at('30s', 'A'));
    timeline(pager())
      .failing((_, atMs) => atMs < ms('6m'))
      .at('0s', fires('A'))
      .until('30m')
      .expect('pager', at('30s', 'A'), at('330s', 'A'), at('630s', 'A'));
  });

  it('that take longer than the interval hold the next flush up', () => {
    timeline(pager(', group_interval: 10s').replace('group_interval: 5m, ', ''))
      .answeringAfter('25s')
      .at('0s', fires('A'))
      .at('35s', fires('B'))
      .until('2m')
      .expect('pager', at('30s', 'A'), at('55s', 'A B'));
  });

  it('of several integrations are told apart', () => {
    const config = `
route: {receiver: both, group_wait: 10s, group_interval: 1m}
receivers:
  - name: both
    webhook_configs: [{url: "http://127.0.0.1/a"}, {url: "http://127.0.0.1/b"}]`;
    const run = timeline(config).failing((_, atMs) => atMs < ms('30s'));
    run.at('0s', fires('A')).until('5m');
    const sent = run.notifications('both').map(({ atMs, intent }) => `${atMs} ${intent.integration.index}`);
    expect(sent).toEqual(['10000 0', '10000 1', '70000 0', '70000 1']);
  });
});

describe('suppression', () => {
  const inhibiting =
    pager() +
    '\ninhibit_rules: [{source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [cluster]}]';
  const warning = { severity: 'warning', cluster: 'x' };

  it('by inhibition names the alert that speaks, and ends with it', () => {
    const run = timeline(inhibiting)
      .at(
        '0s',
        fires('Node', { severity: 'critical', cluster: 'x' }),
        fires('Slow', warning),
        fires('Slow', { ...warning, cluster: 'y' }),
      )
      .at('3m', resolves('Node', { severity: 'critical', cluster: 'x' }))
      .until('12m')
      .expect('pager', at('30s', 'Node'), at('30s', 'Slow'), at('330s', '-Node Slow'));
    expect(run.suppressed).toHaveLength(1);
    expect(run.suppressed[0]).toMatchObject({
      at: 30_000,
      reason: 'inhibited',
      by: '{alertname="Node", cluster="x", severity="critical"}',
      receiver: 'pager',
    });
    expect(run.suppressed[0]!.source?.get('alertname')).toBe('Node');
  });

  it('does not let alerts that are both source and target silence each other', () => {
    const config =
      pager() +
      '\ninhibit_rules: [{source_matchers: [alertname=~"A|B"], target_matchers: [alertname=~"A|B"]}]';
    timeline(config).at('0s', fires('A'), fires('B')).until('1m').expect('pager', at('30s', 'A B'));
  });

  it('takes a missing label for equal to a missing one', () => {
    timeline(inhibiting)
      .at('0s', fires('Node', { severity: 'critical' }), fires('Slow', { severity: 'warning' }))
      .until('1m')
      .expect('pager', at('30s', 'Node'));
  });

  it('by a silence ends with it', () => {
    const silence = { id: 's1', matchers: [new AlertMatcher('alertname', '=', 'A')] };
    const run = timeline(pager())
      .at('0s', silences(silence, ms('4m')), fires('A'), fires('B'))
      .until('12m')
      .expect('pager', at('30s', 'B'), at('330s', 'A B'));
    expect(run.suppressed.map(({ reason, by }) => `${reason}: ${by}`)).toEqual([
      'silenced: silence s1 {alertname="A"} by alice: planned',
    ]);
    run.dispatcher.silences.set({
      ...silence,
      id: 's2',
      startsAt: 0,
      endsAt: ms('1h'),
      updatedAt: 0,
      author: 'a',
      comment: '',
      annotations: {},
    });
    run.dispatcher.silences.expire('s2', ms('20m'));
    expect(run.dispatcher.silences.matching(Labels.from({ alertname: 'A' }), ms('20m'))).toEqual([]);
    expect(() =>
      run.dispatcher.silences.set({
        id: 'x',
        matchers: [new AlertMatcher('a', '=~', '.*')],
        startsAt: 0,
        endsAt: 1,
        updatedAt: 0,
        author: '',
        comment: '',
        annotations: {},
      }),
    ).toThrow(/must not match the empty string/);
  });

  const offHours = `
time_intervals:
  - name: night
    time_intervals: [{times: [{start_time: "00:00", end_time: "06:00"}]}]
  - name: office
    time_intervals: [{weekdays: ["monday:friday"], times: [{start_time: "09:00", end_time: "17:00"}], location: Europe/Berlin}]`;

  it('by a mute time interval ends with it', () => {
    const config = pager(', routes: [{matchers: [team=a], mute_time_intervals: [night]}]') + offHours;
    const run = timeline(config, Date.UTC(2026, 0, 5, 5, 50))
      .at('0s', fires('A', { team: 'a' }))
      .until('20m')
      .expect('pager', at('10m30s', 'A'));
    expect(run.suppressed.map(({ reason, by }) => `${reason} ${by}`)).toEqual(['muted night']);
  });

  it('outside of active times still ends the matching', () => {
    const config =
      pager(', routes: [{matchers: [team=a], active_time_intervals: [office], receiver: chat}]') + offHours;
    // A Monday in summer: 06:45 in UTC is 08:45 in Berlin.
    const run = timeline(config, Date.UTC(2026, 5, 1, 6, 45))
      .at('0s', fires('A', { team: 'a' }))
      .until('30m')
      .expect('pager')
      .expect('chat', at('15m30s', 'A'));
    expect(run.suppressed[0]).toMatchObject({ reason: 'muted', by: 'outside office' });
  });
});

describe('intents', () => {
  it('have Alertmanager group keys and reasons', () => {
    const config = routed(
      '{receiver: pager, group_by: [alertname, job], group_wait: 1s, group_interval: 1m, routes: [{matchers: [severity="page", team=~"a|b"]}]}',
      ['pager'],
    );
    const labels = { severity: 'page', team: 'b', job: 'a "b"' };
    const run = timeline(config).at('0s', fires('A', labels)).at('90s', resolves('A', labels)).until('5m');
    const intents = run.notifications('pager').map(({ intent }) => intent);
    expect(intents.map(({ groupKey, reason }) => `${groupKey} ${reason}`)).toEqual([
      '{}/{severity="page",team=~"a|b"}:{alertname="A", job="a \\"b\\""} first notification',
      '{}/{severity="page",team=~"a|b"}:{alertname="A", job="a \\"b\\""} all alerts resolved',
    ]);
    expect(intents[0]!.deadlineAt).toBe(61_000);
  });

  it('say why', () => {
    const run = timeline(pager())
      .at('0s', fires('A'), fires('B'))
      .at('1m', fires('C'))
      .at('6m', resolves('B'))
      .until('80m');
    expect(run.notifications('pager').map(({ intent }) => intent.reason)).toEqual([
      'first notification',
      'new alerts added',
      'some alerts resolved',
      'repeat interval elapsed',
    ]);
  });
});

describe('limits', () => {
  it('drop what is over them, and count it', () => {
    const dispatcher = new Dispatcher(
      configOf(pager(', group_by: [alertname]').replace('group_by: [cluster], ', '')),
      {
        ...defaultDispatcherLimits,
        alertsMax: 3,
        groupsMax: 2,
      },
    );
    const posted = ['A', 'B', 'C', 'D'].map((name) => ({
      labels: Labels.from({ alertname: name }),
      annotations: {},
    }));
    dispatcher.receive(posted, 0);
    expect(dispatcher.droppedCount).toBe(2);
    expect(dispatcher.advance(60_000).notifications).toHaveLength(2);
  });
});
