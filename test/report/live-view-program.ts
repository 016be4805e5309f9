// A run's events at ten times their speed, painted as a run paints them.

import { LiveRun } from '../../src/report/live/state.ts';
import { LiveView } from '../../src/report/live/view.ts';
import { at, leaky } from './fixtures.ts';

const input = leaky();
const run = new LiveRun(input.experiment, input.verdict.startedAt);
let now = at(5);
const pending = input.timeline.filter((event) => event.at > now);
for (const event of input.timeline) if (event.at <= now) run.onEvent(event);

const view = new LiveView({
  stream: process.stderr,
  color: true,
  secrets: input.experiment.secrets,
  state: () => run.state(now),
});
view.start();
const timer = setInterval(() => {
  now += 500;
  run.onValue('memory', 62e6 + ((now - at(0)) / 1000) * 4.4e6);
  while (pending[0] && pending[0].at <= now) run.onEvent(pending.shift()!);
  if (now < at(28)) return;
  clearInterval(timer);
  view.stop();
  console.log('result: done');
}, 50);
