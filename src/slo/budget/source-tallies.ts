// All that one part of an objective counted: over its window, and over each burn-rate window.

import type { LabelRecord } from '../../base/labels.ts';
import type { Querier } from '../../promql/querier.ts';
import type { WindowBounds } from '../calendar.ts';
import type { ObjectivePart } from '../objective.ts';
import { type ReadTallies, readTallies, type Stretches } from './read-tallies.ts';
import { type Tallies, type Tally, tallyIn } from './tallies.ts';

/** The windows over which burn rates are told, beside the objective's own. */
const allBurnWindowsMs = [300_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 86_400_000, 259_200_000];

/** Those that are shorter than the objective's own. */
export function burnWindowsMs(nominalMs: number): readonly number[] {
  return allBurnWindowsMs.filter((windowMs) => windowMs < nominalMs);
}

export interface PartTallies {
  readonly labels: LabelRecord;
  /** Stretches of `stepMs` in the window so far, of which the first may be shorter; or slices, of burn-rate windows before it too. */
  readonly tallies: Tallies;
  /** Unix milliseconds from which there are data in the window. */
  readonly dataFromMs: number;
  readonly knownMs: number;
  /** Of burn-rate windows that `tallies` do not add up to. */
  readonly short: ReadonlyMap<number, Tally>;
}

export interface Asked {
  readonly bounds: WindowBounds;
  readonly atMs: number;
  readonly stepMs: number;
  /** Burn-rate windows are shorter than this. */
  readonly nominalMs: number;
  readonly pageMs: number | undefined;
}

export type ReadPart =
  | { readonly groups: readonly PartTallies[]; readonly problem?: undefined }
  | { readonly problem: string };

export async function readPart(querier: Querier, part: ObjectivePart, asked: Asked): Promise<ReadPart> {
  const read = await (part.budgeting.method === 'Occurrences'
    ? readEvents(querier, part, asked)
    : readSlices(querier, part, part.budgeting.sliceMs, asked));
  if (read.problem !== undefined) return read;
  const groups = read.groups.filter(({ tallies }) => tallies.ends.length > 0);
  return groups.length > 0 ? { groups } : { problem: 'no data in the window' };
}

/** Slices end at multiples of their length in Unix time. The one that is not over yet is not counted. */
async function readSlices(
  querier: Querier,
  part: ObjectivePart,
  sliceMs: number,
  { bounds, atMs, nominalMs, pageMs }: Asked,
): Promise<ReadPart> {
  const fromMs = Math.min(bounds.fromMs, atMs - (burnWindowsMs(nominalMs).at(-1) ?? 0));
  const stretches = {
    firstEndMs: (Math.floor(fromMs / sliceMs) + 1) * sliceMs,
    lastEndMs: Math.floor(atMs / sliceMs) * sliceMs,
    stepMs: sliceMs,
    pageMs,
  };
  const read = await readTallies(querier, part, stretches);
  if (read.problem !== undefined) return read;
  return {
    groups: read.groups.flatMap(({ labels, tallies }) => {
      const { ends } = tallies;
      const first = ends.findIndex((end) => end > bounds.fromMs);
      if (first < 0) return [];
      return [
        {
          labels: labels.toRecord(),
          tallies,
          dataFromMs: Math.max(bounds.fromMs, ends[first]! - sliceMs),
          knownMs: (ends.length - first) * sliceMs,
          short: new Map(),
        },
      ];
    }),
  };
}

async function readEvents(querier: Querier, part: ObjectivePart, asked: Asked): Promise<ReadPart> {
  const { bounds, atMs, stepMs, nominalMs, pageMs } = asked;
  const elapsedMs = atMs - bounds.fromMs;
  const steps = Math.ceil(elapsedMs / stepMs);
  const firstMs = elapsedMs - (steps - 1) * stepMs;
  const isEven = firstMs === stepMs;
  const pieces: ReadTallies[] = [];
  if (!isEven && steps > 0)
    pieces.push(await readTallies(querier, part, lone(bounds.fromMs + firstMs, firstMs)));
  const regular = {
    firstEndMs: bounds.fromMs + firstMs + (isEven ? 0 : stepMs),
    lastEndMs: atMs,
    stepMs,
    pageMs,
  };
  if (regular.firstEndMs <= atMs) pieces.push(await readTallies(querier, part, regular));
  const joined = join(pieces);
  if ('problem' in joined) return joined;
  const short = new Map<number, Map<string, Tallies>>();
  for (const windowMs of burnWindowsMs(nominalMs)) {
    if (windowMs % stepMs === 0 && windowMs <= elapsedMs) continue;
    const read = await readTallies(querier, part, lone(atMs, windowMs));
    const groups = read.problem === undefined ? read.groups : [];
    short.set(windowMs, new Map(groups.map(({ labels, tallies }) => [labels.key, tallies])));
  }
  const groups: PartTallies[] = [];
  for (const [key, { labels, tallies }] of joined.groups) {
    const dataFromMs = await beginOfData(querier, part, key, tallies, asked);
    const first = tallies.ends[0] ?? atMs;
    groups.push({
      labels: labels.toRecord(),
      tallies,
      dataFromMs,
      knownMs: first - dataFromMs + Math.max(0, tallies.ends.length - 1) * stepMs,
      short: new Map(
        [...short].map(([windowMs, own]) => [windowMs, tallyIn(own.get(key) ?? noTallies, -Infinity, atMs)]),
      ),
    });
  }
  return { groups };
}

const noTallies: Tallies = { ends: [], bad: [], total: [] };

/** One stretch alone. */
function lone(endMs: number, lengthMs: number): Stretches {
  return { firstEndMs: endMs, lastEndMs: endMs, stepMs: lengthMs };
}

type Joined = { readonly groups: ReadonlyMap<string, JoinedGroup> } | { readonly problem: string };
type JoinedGroup = Extract<ReadTallies, { problem?: undefined }>['groups'][number];

/** Pieces one after the other; one without any series is a gap. */
function join(pieces: readonly ReadTallies[]): Joined {
  const groups = new Map<string, JoinedGroup>();
  let problem = 'no series';
  for (const piece of pieces) {
    if (piece.problem !== undefined) {
      if (piece.problem !== 'no series') problem = piece.problem;
      continue;
    }
    for (const group of piece.groups) {
      const before = groups.get(group.labels.key)?.tallies;
      groups.set(group.labels.key, {
        labels: group.labels,
        tallies: before
          ? {
              ends: [...before.ends, ...group.tallies.ends],
              bad: [...before.bad, ...group.tallies.bad],
              total: [...before.total, ...group.tallies.total],
            }
          : group.tallies,
      });
    }
  }
  return groups.size === 0 || problem !== 'no series' ? { problem } : { groups };
}

/** In how many parts the first stretch with data is looked at, to see when they began. */
const beginParts = 60;

async function beginOfData(
  querier: Querier,
  part: ObjectivePart,
  key: string,
  { ends }: Tallies,
  { bounds, stepMs }: Asked,
): Promise<number> {
  const firstMs = ends[0];
  if (firstMs === undefined) return bounds.toMs;
  const coarseMs = Math.max(bounds.fromMs, firstMs - stepMs);
  const partMs = Math.floor(stepMs / beginParts);
  if (coarseMs === bounds.fromMs || partMs < 1) return coarseMs;
  const fine = { firstEndMs: coarseMs + partMs, lastEndMs: firstMs, stepMs: partMs };
  const read = await readTallies(querier, part, fine);
  const groups = read.problem === undefined ? read.groups : [];
  const group = groups.find(({ labels }) => labels.key === key);
  const begin = group?.tallies.ends[0];
  return begin === undefined ? coarseMs : begin - partMs;
}
