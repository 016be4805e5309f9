// Which trials are made: every recipe meets every assault at every instant, in an order and with delays that only the
// seed decides, so that a trial can be repeated by its seed alone.

import { type Random, seededRandom } from '../../src/base/random.ts';
import { type Recipe, recipes } from './recipes.ts';

/** What is done to Firedrill, and to what it stands on. */
export const assaults = [
  'nothing',
  'kill the runner',
  'kill the watchdog',
  'kill a helper',
  'kill everything',
  'freeze the watchdog',
  'freeze the watchdog and kill the runner',
  'freeze the runner',
  'fill the disk of the journal',
  'fail the undo once',
  'move the clock',
] as const;

type Assault = (typeof assaults)[number];

/** The event of the timeline after which it happens, and up to how many milliseconds later. */
export const instants = {
  /** From the start of the process: nothing is planned yet, and there is no watchdog. */
  planning: { event: undefined, withinMs: 800 },
  before: { event: 'run.started', withinMs: 900 },
  injecting: { event: 'fault.injecting', withinMs: 40 },
  during: { event: 'fault.injected', withinMs: 500 },
  undoing: { event: 'fault.undoing', withinMs: 30 },
  after: { event: 'fault.undone', withinMs: 400 },
} as const;

type Instant = keyof typeof instants;

/** Whose faults are tortured: ours, or one that leaves something, which shows that the torture can fail. */
export const subjects = ['firedrill', 'bare-stop', 'bare-nft', 'bare-tc'] as const;

export type Subject = (typeof subjects)[number];

export interface Order {
  readonly seed: number;
  readonly subject: Subject;
  readonly recipe: string;
  /** A second fault on the same service, and whether it is the first to end. */
  readonly beside?: { readonly recipe: string; readonly endsFirst: boolean };
  readonly assault: Assault;
  readonly instant: Instant;
  readonly delayMs: number;
}

/** Everything about one trial follows from its seed, and from the recipes and assaults to choose from. */
export function orderOf(seed: number, subject: Subject, names: readonly string[]): Order {
  const random = seededRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const recipe = pick(names);
  const assault = pick(assaultsFor(recipe, subject));
  const instant = pick(instantsFor(recipe, assault, subject));
  const order = { seed, subject, recipe, assault, instant, delayMs: delayFor(instant, random) };
  const others = companionsOf(recipe).filter((name) => names.includes(name));
  // What is in the way of an undo is put there once the one fault is in place.
  const isAlone =
    subject !== 'firedrill' ||
    assault === 'fail the undo once' ||
    others.length === 0 ||
    random() >= pairShare;
  return isAlone ? order : { ...order, beside: { recipe: pick(others), endsFirst: random() < 0.5 } };
}

/** Share of the trials in which two faults act on one service. */
const pairShare = 0.3;

/** Every fault that can act beside this one, each ending before it and after it; nobody is killed. */
export function allPairs(names: readonly string[]): Order[] {
  return names.flatMap((recipe) =>
    companionsOf(recipe)
      .filter((name) => names.includes(name))
      .map((name) => ({
        seed: 0,
        subject: 'firedrill' as const,
        recipe,
        beside: { recipe: name, endsFirst: true },
        assault: 'nothing' as const,
        instant: 'during' as const,
        delayMs: 0,
      })),
  );
}

function companionsOf(name: string): string[] {
  const recipe = recipeOf(name);
  const { target, oneShot, asNobody, takes } = recipe;
  if (oneShot || target === 'command') return [];
  return recipes
    .filter((other) => other.name !== name && other.target === target && !other.oneShot)
    .filter((other) => other.asNobody === asNobody && (takes === undefined || other.takes !== takes))
    .filter((other) => !excludes(recipe, other) && !excludes(other, recipe))
    .map((other) => other.name);
}

/** Whether the one is refused beside the other, or does without what the other needs. */
function excludes(one: Recipe, { name, needs = [] }: Recipe): boolean {
  const { excludes: refused = [], without = [] } = one;
  return refused.some((begin) => name.startsWith(begin)) || without.some((each) => needs.includes(each));
}

function assaultsFor(recipe: string, subject: Subject): readonly Assault[] {
  if (subject !== 'firedrill') return ['kill the runner'];
  const { obstacle, takes } = recipeOf(recipe);
  const isPossible: Partial<Record<Assault, boolean>> = {
    nothing: false,
    'fail the undo once': obstacle !== undefined,
    // A fault that is libfaketime itself would be seen through a second one.
    'move the clock': takes !== 'clock',
  };
  return assaults.filter((assault) => isPossible[assault] ?? true);
}

const laterInstants = ['before', 'injecting', 'during', 'undoing', 'after'] as const;

function instantsFor(recipe: string, assault: Assault, subject: Subject): readonly Instant[] {
  if (assault === 'fail the undo once') return ['during'];
  const isPlannable = assault === 'kill the runner' || assault === 'kill everything';
  const { oneShot } = recipeOf(recipe);
  // A one-shot fault is over as soon as it is in place.
  const all = oneShot ? (['before', 'injecting', 'during'] as const) : laterInstants;
  return isPlannable && subject === 'firedrill' ? ['planning', ...all] : all;
}

export function recipeOf(name: string): Recipe {
  return recipes.find((recipe) => recipe.name === name)!;
}

function delayFor(instant: Instant, random: Random): number {
  return Math.floor(random() * instants[instant].withinMs);
}
