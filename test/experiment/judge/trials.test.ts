// What several trials of a drill come to together.

import { describe, expect, it } from 'vitest';
import { judgeTrials, type TrialRules } from '../../../src/experiment/judge/trials.ts';
import type { Verdict } from '../../../src/experiment/verdict.ts';
import { leaky } from '../../report/fixtures.ts';

type Word = Verdict['verdict'];

function trialOf(word: Word, trial: number) {
  const half = word === 'stopped' || word === 'error' ? 'inconclusive' : word;
  return {
    trial,
    verdict: {
      ...leaky().verdict,
      ...{ run: `r${trial}-${word}`, verdict: word, resilience: half, detection: null },
      ...{ reason: word === 'stopped' ? 'user' : null, sentence: `It was ${word}.` },
    },
  };
}

function together(words: readonly Word[], rules: Partial<TrialRules> = {}): Verdict {
  const planned = rules.planned ?? words.length;
  const trials = words.map((word, index) => trialOf(word, index + 1));
  return judgeTrials(trials, { planned, minPass: planned, endedBy: null, ...rules });
}

describe('trials together', () => {
  it.each<[readonly Word[], Partial<TrialRules>, Word]>([
    [['pass', 'pass', 'pass'], {}, 'pass'],
    [['pass', 'inconclusive', 'pass'], {}, 'inconclusive'],
    [['pass', 'inconclusive', 'pass'], { minPass: 2 }, 'pass'],
    [['pass', 'inconclusive', 'inconclusive'], { minPass: 2 }, 'inconclusive'],
    [['pass', 'pass', 'fail'], { minPass: 2 }, 'fail'],
    [['inconclusive', 'fail'], { planned: 3 }, 'fail'],
    [['pass', 'pass'], { planned: 3 }, 'inconclusive'],
    [['fail', 'stopped'], { planned: 3 }, 'stopped'],
    [['stopped', 'error'], { planned: 3 }, 'error'],
    [['pass', 'pass'], { planned: 3, endedBy: 'stopped' }, 'stopped'],
    [['pass'], { planned: 3, endedBy: 'error' }, 'error'],
  ])('%j with %j: %s', (words, rules, expected) => {
    expect(together(words, rules).verdict).toBe(expected);
  });

  it('show the trial that decided, and say so', () => {
    const whole = together(['pass', 'inconclusive', 'pass']);
    expect(whole).toMatchObject({
      run: 'r2-inconclusive',
      resilience: 'inconclusive',
      sentence: '2 of 3 trials passed. Trial 2: It was inconclusive.',
      trials: [{ trial: 1 }, { trial: 2 }, { trial: 3 }],
    });
  });

  it('count a repeated one with its last repetition', () => {
    const runs = [trialOf('inconclusive', 1), trialOf('pass', 1), trialOf('pass', 2)];
    const whole = judgeTrials(runs, { planned: 2, minPass: 2, endedBy: null });
    expect(whole.verdict).toBe('pass');
    expect(whole.trials?.map(({ isCounted }) => isCounted)).toEqual([false, true, true]);
  });

  it('keep what any of them left behind', () => {
    const [first, second] = [trialOf('pass', 1), trialOf('error', 2)];
    const left = { ...second, verdict: { ...second.verdict, notUndone: ['outage: pid 12 is stopped'] } };
    const whole = judgeTrials([first, left], { planned: 2, minPass: 2, endedBy: null });
    expect(whole.notUndone).toEqual(['outage: pid 12 is stopped']);
  });
});
