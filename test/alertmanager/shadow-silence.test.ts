// The silence that holds a pager, on our own served Alertmanager: its lease runs on virtual time.

import { afterEach, describe, expect, test } from 'vitest';
import { readAlertmanagerConfig } from '../../src/alertmanager/config/read.ts';
import { RemoteAlertmanager } from '../../src/alertmanager/remote.ts';
import { endShadows, ShadowSilence, shadowLeaseMs } from '../../src/alertmanager/shadow/shadow-silence.ts';
import { type Clock, systemClock, VirtualClock } from '../../src/base/clock.ts';
import { Labels } from '../../src/base/labels.ts';
import { endSilence } from '../../src/faults/leases/steps/end-silence.ts';
import { startApp, stopApps, type TestApp } from '../server/support.ts';

afterEach(stopApps);

const text = 'route: {receiver: pager}\nreceivers: [{name: pager}]\n';

async function alertmanager(clock: Clock = systemClock): Promise<TestApp> {
  const read = readAlertmanagerConfig('am.yml', text);
  if (!read.ok) throw new Error('not read');
  const notify = async () => ({ ok: true, at: clock.now() });
  return startApp({ clock, alertmanager: { config: read.value, configYaml: text, notify } });
}

async function held({ aheadMs = 0, app }: { aheadMs?: number; app?: TestApp } = {}) {
  const served = app ?? (await alertmanager());
  const remote = new RemoteAlertmanager(served.url, {}, systemClock);
  const clock = new VirtualClock(systemClock.now());
  const lost: string[] = [];
  const labels = { job: 'app' };
  const onLost = (reason: string) => lost.push(reason);
  const silence = await ShadowSilence.begin({ remote, clock, run: 'run-1', labels, aheadMs, onLost });
  return { served, remote, clock, silence, lost };
}

describe('the silence of a shadow', () => {
  test('holds exactly the labels of the drill', async () => {
    const { remote, silence } = await held();
    for (const job of ['app', 'app-2', 'payments'])
      await remote.postAlerts([{ labels: Labels.from({ alertname: 'A', job }), annotations: {} }]);
    const silenced = (await remote.alerts()).filter(({ status }) => status.silencedBy.length > 0);
    expect(silenced.map(({ labels }) => labels.job)).toEqual(['app']);
    await silence.end();
    expect((await remote.silence(silence.id)).status.state).toBe('expired');
    await remote.close();
  });

  test('always ends soon, and is moved on as long as somebody lives to do it', async () => {
    const { remote, clock, silence, lost } = await held();
    const first = await remote.silence(silence.id);
    expect(first.endsAt).toBe(clock.now() + shadowLeaseMs);
    await clock.advance(5000);
    const endsAt = async () => (await remote.silence(silence.id)).endsAt;
    await expect.poll(endsAt, { timeout: 10_000 }).toBe(first.endsAt + 5000);
    await silence.release();
    await clock.advance(60_000);
    expect(await endsAt()).toBe(first.endsAt + 5000);
    expect(lost).toEqual([]);
    await remote.close();
  });

  test('is not made anew when somebody has ended it', async () => {
    const { remote, clock, silence, lost } = await held();
    await remote.expireSilence(silence.id);
    await clock.advance(5000);
    await expect
      .poll(() => lost, { timeout: 10_000 })
      .toEqual([`the silence ${silence.id} was ended by another hand`]);
    expect((await remote.silences()).map(({ status }) => status.state)).toEqual(['expired']);
    await remote.close();
  });

  test('counts as lost before it ends when the Alertmanager is gone', async () => {
    const { served, remote, clock, lost } = await held();
    await served.stop();
    await clock.advance(15_000);
    expect(lost).toEqual([]);
    const aSecondOn = async () => {
      await clock.advance(1000);
      return lost.length;
    };
    await expect.poll(aSecondOn, { timeout: 20_000, interval: 100 }).toBe(1);
    expect(lost[0]).toContain('cannot be renewed');
    await remote.close();
  });

  test('lives in the time of an Alertmanager whose clock is an hour ahead', async () => {
    const hour = 3_600_000;
    const ahead: Clock = { now: () => systemClock.now() + hour, sleep: systemClock.sleep };
    const { remote, silence } = await held({ aheadMs: hour, app: await alertmanager(ahead) });
    const { status, endsAt } = await remote.silence(silence.id);
    expect(status.state).toBe('active');
    expect(endsAt - ahead.now()).toBeLessThanOrEqual(shadowLeaseMs);
    await silence.end();
    await remote.close();
  });
});

describe('whoever undoes the lease', () => {
  test('ends the silences of that run and no other, more than once', async () => {
    const { served, remote, silence } = await held();
    await silence.release();
    const other = await remote.postSilence({
      ...{ labels: { job: 'app' }, startsAt: 0, endsAt: systemClock.now() + 60_000 },
      ...{ createdBy: 'firedrill', comment: 'firedrill run run-10; another' },
    });
    const step = { url: served.url, http: {}, run: 'run-1' };
    const context = { clock: systemClock, graceMs: 0 };
    expect(await endSilence(step, context)).toEqual({
      done: true,
      evidence: 'the silence of run run-1 is ended',
    });
    expect(await endSilence(step, context)).toEqual({
      done: true,
      evidence: 'no silence of run run-1 is in force',
    });
    expect((await remote.silence(other)).status.state).toBe('active');
    expect(await endShadows(remote, 'run-10')).toBe(1);
    await remote.close();
  });

  test('says that it ends by itself when the Alertmanager cannot be asked', async () => {
    const { served, remote, silence } = await held();
    await silence.release();
    await served.stop();
    const step = { url: served.url, http: {}, run: 'run-1' };
    const outcome = await endSilence(step, { clock: systemClock, graceMs: 0 });
    expect(outcome).toMatchObject({
      done: false,
      left: expect.stringContaining('it ends by itself 30 s after'),
    });
    await remote.close();
  });
});
