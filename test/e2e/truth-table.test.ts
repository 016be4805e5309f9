// The truth table on Debian's Prometheus and Alertmanager: the same rows, the same verdicts as by our own rules and
// routing. What the pair says reaches the judge the way it does in a drill on a remote: states by the rules API,
// samples by the mirror, notifications by the capture receiver.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CapturedNotification } from '../../src/alertmanager/capture.ts';
import { systemClock } from '../../src/base/clock.ts';
import { RemoteAlerts } from '../../src/experiment/run/remote-alerts.ts';
import { RemoteGroups } from '../../src/experiment/run/remote-groups.ts';
import { TimelineLog } from '../../src/experiment/run/timeline-log.ts';
import type { TimelineEvent } from '../../src/experiment/timeline.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { RemoteApi } from '../../src/telemetry/remote/api.ts';
import { RemoteMirror } from '../../src/telemetry/remote/mirror.ts';
import { check } from '../experiment/judge/truth-table/check.ts';
import { readRows } from '../experiment/judge/truth-table/rows.ts';
import { type Scenario, scenarioOf } from '../experiment/judge/truth-table/scenario.ts';
import { ms, zero } from '../experiment/judge/truth-table/story.ts';
import { type Workplace, workplace } from '../support/firedrill.ts';
import { describeWith } from '../support/requires.ts';
import type { PlayedRow } from './truth-table/configuration.ts';
import { recordingOfRow, rowId, rowOf, undisguised } from './truth-table/disguise.ts';
import { openStage, type Stage } from './truth-table/stage.ts';

const rows: PlayedRow[] = readRows()
  .filter(({ remote }) => remote === undefined)
  .map((row, index) => ({ ...row, id: rowId(index) }));

/** The longest row, and a moment for what is on its way. */
const playMs = 92_000;
const readMs = 500;

describeWith(['prometheus', 'prometheus-alertmanager'], "the truth table on Debian's pair", () => {
  let place: Workplace;
  let stage: Stage | undefined;
  let events: readonly TimelineEvent[] = [];
  let zeroAt = 0;
  const store = new SeriesStore();

  beforeAll(async () => {
    place = workplace();
    const timeline = new TimelineLog(join(place.folder, 'timeline.jsonl'), systemClock, [], () => {});
    stage = await openStage(join(place.folder, 'pair'), rows, (captured) => tell(timeline, captured));
    const remote = { url: stage.prometheusUrl, http: {}, intervalMs: 1000 };
    zeroAt = await stage.curtain;
    const mirror = new RemoteMirror(
      remote,
      store,
      systemClock,
      [{ text: '{job=~"r[0-9]+-.*"}', lookbackMs: 0 }],
      {
        onFailure: () => {},
        onRecovery: () => {},
      },
    );
    const states = new RemoteAlerts(new RemoteApi(remote, systemClock), readMs, systemClock, timeline);
    const groups = new RemoteGroups({
      ...{ url: stage.alertmanager.url, config: stage.alertmanager.config, http: {} },
      ...{ scope: undefined, clock: systemClock, timeline },
      ruleOf: (labels) => ({ group: labels.get('row'), file: '' }),
    });
    mirror.start();
    states.start();
    groups.start();
    await systemClock.sleep(playMs - (systemClock.now() - zeroAt));
    await Promise.all([groups.stop(), states.stop(), mirror.stop()]);
    timeline.close();
    events = timeline.events;
  }, playMs + 60_000);

  afterAll(async () => {
    await stage?.stop();
    place?.remove();
  });

  test.each(rows)('$name', (row) => check(row, scenarioOfRow(row), { words: false }));

  /** The row's own events at their real times, and what the pair made of it. */
  function scenarioOfRow({ id, story }: PlayedRow): Scenario {
    const { experiment, timeline } = scenarioOf({
      ...story,
      source: 'remote',
      happens: (story.happens ?? []).filter((each) => each.event !== undefined),
    });
    const shifted = timeline.map((event) => ({ ...event, at: event.at - zero + zeroAt }));
    const endedAt = story.killed === undefined ? shifted.at(-1)!.at : zeroAt + ms(story.killed);
    const own = events.filter((event) => rowOf(event) === id && event.at <= endedAt).map(undisguised);
    return {
      experiment,
      timeline: [...shifted, ...own].sort((a, b) => a.at - b.at),
      recording: recordingOfRow(store, id),
    };
  }

  test('every row is played here, or says why it is not', () => {
    const left = readRows().filter(({ remote }) => remote !== undefined);
    expect(rows.length + left.length).toBe(readRows().length);
    expect(rows.length).toBeGreaterThan(110);
  });
});

/** As the alerting session of a drill does. */
function tell(
  timeline: TimelineLog,
  { message, receiver, integration, answer, at }: CapturedNotification,
): void {
  if (!message) return;
  const { groupKey, groupLabels, status } = message;
  const alerts = message.alerts.map(({ status, labels }) => ({ status, labels }));
  const event = { receiver, integration, groupKey, groupLabels, status, alerts };
  if (answer.status < 300) timeline.emit('notification.captured', { ...event, file: '' }, at);
  else timeline.emit('notification.failed', { ...event, reason: `HTTP ${answer.status}`, attempts: 1 }, at);
}
