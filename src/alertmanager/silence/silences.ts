// Silences: alerts that match all matchers of one are not notified between its start and its end. They change as
// Alertmanager's do: what has been in force stays on record, and a change of it makes a new silence.
// https://github.com/prometheus/alertmanager/blob/main/silence/silence.go

import type { LabelRecord, Labels } from '../../base/labels.ts';
import { matchesAll } from '../../base/matcher.ts';
import { type AlertMatcher, matchersText, sortMatchers } from '../matcher/matcher.ts';

export interface Silence {
  readonly id: string;
  readonly matchers: readonly AlertMatcher[];
  /** Unix milliseconds; the end does not belong to it. */
  readonly startsAt: number;
  readonly endsAt: number;
  readonly updatedAt: number;
  readonly author: string;
  readonly comment: string;
  readonly annotations: LabelRecord;
}

/** What somebody asks for; with the id of a silence it is a change of that one. */
export interface PostedSilence extends Omit<Silence, 'id' | 'updatedAt'> {
  readonly id: string | undefined;
}

export type SilenceState = 'pending' | 'active' | 'expired';

/** The silence that should be changed does not exist. */
export class UnknownSilenceError extends Error {
  constructor() {
    super('silence not found');
    this.name = 'UnknownSilenceError';
  }
}

/** The silence could never apply, would apply to everything, or is one too many. */
export class InvalidSilenceError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InvalidSilenceError';
  }
}

const silenceLimits = { silencesMax: 10_000, matchersMax: 100, textMax: 16 * 1024 } as const;

/** Alertmanager's `--data.retention`: how long a silence that is over can still be looked up. */
const retentionMs = 120 * 60 * 60_000;

export class Silences {
  readonly #silences = new Map<string, Silence>();
  #index = new SilenceIndex([]);

  /** Adds one as it is, or replaces that of the same id: for silences that somebody else keeps. */
  set(silence: Silence): void {
    validate(silence);
    this.#refuseBeyondLimit(silence.id);
    this.#store(silence);
  }

  /**
   * Makes or changes one as a user asks for it, and gives what became of it. `newId` names a new one. Throws an
   * UnknownSilenceError or an InvalidSilenceError.
   */
  submit({ id, ...posted }: PostedSilence, atMs: number, newId: () => string): Silence {
    validate(posted);
    const before = id === undefined ? undefined : this.get(id);
    if (id !== undefined && !before) throw new UnknownSilenceError();
    if (before && canChange(before, posted, atMs)) {
      const changed = { ...posted, id: before.id, updatedAt: atMs };
      this.#store(changed);
      return changed;
    }
    const made = { ...posted, id: newId(), startsAt: Math.max(posted.startsAt, atMs), updatedAt: atMs };
    this.#refuseBeyondLimit(made.id);
    if (before) this.expire(before.id, atMs);
    this.#store(made);
    return made;
  }

  /** Ends a silence now; one that had not begun never will. False when there is none of that id. */
  expire(id: string, atMs: number): boolean {
    const silence = this.#silences.get(id);
    if (!silence) return false;
    if (silence.endsAt > atMs) {
      const startsAt = Math.min(silence.startsAt, atMs);
      this.#store({ ...silence, startsAt, endsAt: atMs, updatedAt: atMs });
    }
    return true;
  }

  get(id: string): Silence | undefined {
    return this.#silences.get(id);
  }

  list(): Silence[] {
    return [...this.#silences.values()];
  }

  /** Those that hold an alert with these labels back. */
  matching(labels: Labels, atMs: number): Silence[] {
    return this.#index.matching(labels).filter((silence) => silenceState(silence, atMs) === 'active');
  }

  /** Forgets those that have long been over. */
  prune(atMs: number): void {
    const old = this.list().filter(({ endsAt }) => endsAt + retentionMs <= atMs);
    if (old.length === 0) return;
    for (const { id } of old) this.#silences.delete(id);
    this.#index = new SilenceIndex(this.list());
  }

  #store(silence: Silence): void {
    const known = this.#silences.has(silence.id);
    this.#silences.set(silence.id, silence);
    if (known) this.#index = new SilenceIndex(this.list());
    else this.#index.add(silence);
  }

  #refuseBeyondLimit(id: string): void {
    if (this.#silences.size >= silenceLimits.silencesMax && !this.#silences.has(id))
      throw new InvalidSilenceError(
        `exceeded maximum number of silences: ${this.#silences.size} (limit: ${silenceLimits.silencesMax})`,
      );
  }
}

export function silenceState(silence: Pick<Silence, 'startsAt' | 'endsAt'>, atMs: number): SilenceState {
  if (atMs < silence.startsAt) return 'pending';
  return atMs < silence.endsAt ? 'active' : 'expired';
}

/** `severity="page" by alice: planned work` for people. */
export function silenceText(silence: Silence): string {
  return `silence ${silence.id} ${matchersText(silence.matchers)} by ${silence.author}: ${silence.comment}`;
}

/**
 * Finds silences by one equality that each demands, so that a storm of alerts does not try every silence on each of
 * them. Those that demand none are always tried.
 */
class SilenceIndex {
  readonly #byPair = new Map<string, Silence[]>();
  readonly #others: Silence[] = [];

  constructor(silences: readonly Silence[]) {
    for (const silence of silences) this.add(silence);
  }

  add(silence: Silence): void {
    const demanded = silence.matchers.find(({ operator, value }) => operator === '=' && value !== '');
    if (!demanded) {
      this.#others.push(silence);
      return;
    }
    const key = pairKey(demanded.name, demanded.value);
    const known = this.#byPair.get(key);
    if (known) known.push(silence);
    else this.#byPair.set(key, [silence]);
  }

  matching(labels: Labels): Silence[] {
    const candidates =
      this.#byPair.size === 0
        ? []
        : labels.pairs.flatMap(([name, value]) => this.#byPair.get(pairKey(name, value)) ?? []);
    return [...candidates, ...this.#others].filter(({ matchers }) => matchesAll(matchers, labels));
  }
}

function pairKey(name: string, value: string): string {
  return `${name}\u0000${value}`;
}

function validate({ matchers, startsAt, endsAt, author, comment }: Omit<PostedSilence, 'id'>): void {
  const { matchersMax, textMax } = silenceLimits;
  if (matchers.length > matchersMax)
    throw new InvalidSilenceError(`more than ${matchersMax} matchers: ${matchers.length}`);
  const texts = [author, comment, ...matchers.map(({ value }) => value)];
  if (texts.some((text) => text.length > textMax))
    throw new InvalidSilenceError(`a text of more than ${textMax} characters`);
  if (matchers.every(matchesEmpty))
    throw new InvalidSilenceError('at least one matcher must not match the empty string');
  if (endsAt <= startsAt) throw new InvalidSilenceError('end time must not be before start time');
}

/** A negative matcher never counts: what it leaves out has the label. */
function matchesEmpty(matcher: AlertMatcher): boolean {
  return !matcher.operator.startsWith('!') && matcher.matches('');
}

/** Whether the change leaves alone what the silence has done so far. */
function canChange(before: Silence, after: Omit<PostedSilence, 'id'>, atMs: number): boolean {
  const text = (silence: Pick<Silence, 'matchers'>): string => matchersText(sortMatchers(silence.matchers));
  if (text(before) !== text(after)) return false;
  const second = (ms: number): number => Math.floor(ms / 1000);
  switch (silenceState(before, atMs)) {
    case 'active':
      return second(before.startsAt) === second(after.startsAt) && after.endsAt >= atMs;
    case 'pending':
      return after.startsAt >= atMs;
    case 'expired':
      return false;
  }
}
