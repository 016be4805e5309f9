// An alert that owes silence: it did stay quiet, and it could have rung. Silence of a dead alert is worth nothing.

import { humanDuration } from '../../base/duration.ts';
import { deadSelectorsOf } from './alive.ts';
import { cutShort } from './endings.ts';
import { type AlertCase, type AlertFinding, right, unproven, wrong } from './finding.ts';

export function judgeSilence(alert: AlertCase): AlertFinding {
  const { title, history, facts } = alert;
  const ring = history.firing[0];
  if (ring) return judgeUncalledRing(alert, ring.from);
  if (!facts.faultComplete)
    return cutShort(alert, 'the fault did not last as planned, and it may have rung later');
  const blind =
    facts.plan?.alertSource === 'remote' ? facts.blind.find((gap) => gap.to > alert.injectedAt) : undefined;
  if (blind) {
    const reason = `${title} was not seen firing, but its source could not be read for ${humanDuration(blind.to - blind.from)} (${blind.reason}).`;
    return unproven('no-data', reason);
  }
  const dead = alert.rules.flatMap((rule) => deadSelectorsOf(rule, facts, alert.recording));
  if (dead.length > 0) {
    const [first] = dead;
    const reason = `${title} stayed quiet, but it may be dead: its selector ${first!.text} returned no series, since ${first!.why}.`;
    return unproven(
      'unproven',
      reason,
      dead.map(({ text, why }) => ({ label: 'no series', value: `${text}: ${why}` })),
    );
  }
  if (alert.rules.length === 0) {
    const reason = `${title} stayed quiet, but no rule of that name with these labels is known, so it could not have rung.`;
    return unproven('unproven', reason);
  }
  return right(
    'quiet',
    `${title} stayed quiet, and it is alive: every selector of its rule returned series.`,
  );
}

function judgeUncalledRing({ spec, title, guarded, injectedAt }: AlertCase, firingAt: number): AlertFinding {
  const after = humanDuration(firingAt - injectedAt);
  if (spec.expect === 'quiet') {
    return wrong('false-alarm', `${title} fired ${after} after the injection, and was to stay quiet.`);
  }
  const blip = guarded.flatMap((finding) => finding.blips).find(({ from }) => from <= firingAt);
  if (blip) {
    const length = humanDuration(blip.to - blip.from);
    return right(
      'excused',
      `${title} fired after a blip of ${length}, which ended by itself and counts as no breach.`,
    );
  }
  const names = guarded.map((finding) => finding.spec.name).join(' and ');
  const held = guarded.length > 0 ? `although ${names} held` : 'and it guards nothing that could have broken';
  return wrong('false-alarm', `${title} fired ${after} after the injection, ${held}.`);
}
