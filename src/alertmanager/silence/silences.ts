// Silences: alerts that match all matchers of one are not notified between its start and its end.

import type { Labels } from '../../base/labels.ts';
import { matchesAll } from '../../base/matcher.ts';
import { type AlertMatcher, matchersText } from '../matcher/matcher.ts';

export interface Silence {
  readonly id: string;
  readonly matchers: readonly AlertMatcher[];
  /** Unix milliseconds; the end does not belong to it. */
  readonly startsAt: number;
  readonly endsAt: number;
  readonly author: string;
  readonly comment: string;
}

const silencesMax = 10_000;

export class Silences {
  readonly #silences = new Map<string, Silence>();

  /** Adds one, or replaces that of the same id. Throws when it could never apply or would apply to everything. */
  set(silence: Silence): void {
    if (silence.endsAt <= silence.startsAt) throw new RangeError('a silence ends after it starts');
    if (silence.matchers.every((matcher) => matcher.matches('')))
      throw new RangeError('a silence needs a matcher that does not match the empty value');
    if (this.#silences.size >= silencesMax && !this.#silences.has(silence.id))
      throw new RangeError(`there are already ${silencesMax} silences`);
    this.#silences.set(silence.id, silence);
  }

  /** Ends a silence now; one that had not begun never will. */
  expire(id: string, atMs: number): void {
    const silence = this.#silences.get(id);
    if (!silence || silence.endsAt <= atMs) return;
    this.#silences.set(id, { ...silence, startsAt: Math.min(silence.startsAt, atMs), endsAt: atMs });
  }

  list(): Silence[] {
    return [...this.#silences.values()];
  }

  /** Those that hold an alert with these labels back. */
  matching(labels: Labels, atMs: number): Silence[] {
    return this.list().filter(
      ({ matchers, startsAt, endsAt }) => startsAt <= atMs && atMs < endsAt && matchesAll(matchers, labels),
    );
  }
}

/** `severity="page" by alice: planned work` for people. */
export function silenceText(silence: Silence): string {
  return `silence ${silence.id} ${matchersText(silence.matchers)} by ${silence.author}: ${silence.comment}`;
}
