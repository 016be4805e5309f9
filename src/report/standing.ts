// How a verdict looks, in every report: a mark that needs no colour, a word, and a tone that each report paints in
// its own way.

import type { Half, Judgement, RunVerdict, Verdict } from '../experiment/verdict.ts';

export type Tone = 'good' | 'bad' | 'unsure' | 'warn' | 'plain';

export interface Standing {
  readonly mark: string;
  readonly tone: Tone;
}

const judgementStandings: Record<Judgement, Standing> = {
  right: { mark: '✓', tone: 'good' },
  wrong: { mark: '✗', tone: 'bad' },
  inconclusive: { mark: '?', tone: 'unsure' },
  warn: { mark: '!', tone: 'warn' },
  note: { mark: '·', tone: 'plain' },
};

const runStandings: Record<RunVerdict, Standing> = {
  pass: { mark: '✓', tone: 'good' },
  fail: { mark: '✗', tone: 'bad' },
  inconclusive: { mark: '?', tone: 'unsure' },
  stopped: { mark: '■', tone: 'warn' },
  error: { mark: '!', tone: 'bad' },
};

export function standingOf(judgement: Judgement): Standing {
  return judgementStandings[judgement];
}

/** Of a whole run or one of its halves; null is a half that the experiment does not ask about. */
export function runStanding(verdict: RunVerdict | Half | null): Standing {
  return verdict === null ? { mark: '–', tone: 'plain' } : runStandings[verdict];
}

/** Why a run is what it is as a whole, unless the sentence says that already. */
export function shortReason({ reason, sentence }: Pick<Verdict, 'reason' | 'sentence'>): string | undefined {
  return reason === null || sentence.includes(reason) ? undefined : reason;
}

export function halfWord(half: Half | null): string {
  return half ?? 'not asked';
}
