// Rules over a recording that goes on as the fault left it. Evaluations come as often as the rule's own at first, and
// further apart the longer it takes; where an alert's expression changes in between, its own evaluations tell when. So
// days cost little more than minutes, and a firing is exact to one evaluation.

import type { LabelRecord } from '../../base/labels.ts';
import type { Matcher } from '../../base/matcher.ts';
import type { Expr, VectorSelector } from '../../promql/ast.ts';
import { type RangeSeries, rangeQuery } from '../../promql/engine.ts';
import type { Features } from '../../promql/features.ts';
import { parseExpr, parseMatchers } from '../../promql/parser.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import { HeldSeries } from '../history/held-series.ts';
import { hold, recordedOver, stepFor } from '../history/recorded.ts';
import { WarmedSource } from '../history/warmed-source.ts';
import { mayBe, type Windows, windowsOf } from '../history/windows.ts';
import type { PlannedRecording, PlannedRule, PlannedWindow } from '../timeline.ts';
import { EndedSource, type HeldMovement, type HeldOn, holdOn } from './held-on.ts';
import { WholeSource } from './whole-source.ts';

export interface Projecting {
  /** With the history that long windows were given. */
  readonly recording: Queryable;
  /** What was from here to the undo is held on; Unix milliseconds. */
  readonly levelFromMs: number;
  readonly undoneAtMs: number;
  readonly untilMs: number;
  /** Whose rules will be asked for. */
  readonly expressions: readonly string[];
  readonly recordings: readonly PlannedRecording[];
  readonly features: Features;
}

export type ProjectedRule = Pick<PlannedRule, 'expr' | 'labels' | 'forMs' | 'evaluationIntervalMs'>;

export interface Asking {
  /** When it became pending, where it was at the undo. */
  readonly pendingSinceMs: number | undefined;
  readonly untilMs: number;
  /** Which alerts count, by their labels. */
  counts(labels: LabelRecord): boolean;
}

/** Evaluations between two of which the time that has passed grows by half. */
const stepsInStretch = 60;
const stretchGrowth = 1.5;
const firstStretchSteps = 120;

interface Grid {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

export class Projector {
  readonly held: HeldOn;
  readonly #projecting: Projecting;
  readonly #windows: Windows;
  /** Of what rules record, with their selectors. */
  readonly #ranges: readonly { readonly window: PlannedWindow; readonly selector: VectorSelector }[];
  readonly #readersOf = new Map<PlannedRecording, readonly PlannedWindow[]>();
  /** Raw series, and what recording rules made of them where a range reads it. */
  readonly #source: Queryable;
  readonly #atGrids = new Map<string, RecordedGrid>();
  readonly #needed = new Map<string, { expr: Expr; recordings: readonly PlannedRecording[] } | undefined>();

  constructor(projecting: Projecting) {
    this.#projecting = projecting;
    const { recording, recordings, features, levelFromMs, undoneAtMs, untilMs } = projecting;
    const roots = projecting.expressions.flatMap((text) => {
      const parsed = parseExpr(text, { features });
      return parsed.ok ? [parsed.expr] : [];
    });
    this.#windows = windowsOf(roots, recordings, anyWindow);
    const { windows } = this.#windows;
    this.#ranges = windows.flatMap((window) => {
      const parsed =
        window.kind === 'recorded' && window.reachMs > 0
          ? parseExpr(window.selector, { features })
          : undefined;
      return parsed?.ok && parsed.expr.kind === 'vectorSelector' ? [{ window, selector: parsed.expr }] : [];
    });
    this.held = holdOn({ recording, windows, fromMs: levelFromMs, toMs: undoneAtMs, untilMs });
    const ranged = this.#windows.recordings.filter((rule) => this.#readers(rule).length > 0);
    const evaluated = new Set(
      this.#windows.recordings.filter((rule) => !ranged.includes(rule)).map(({ name }) => name),
    );
    const ended = new EndedSource(recording, undoneAtMs, evaluated);
    const raw = new WholeSource(new WarmedSource(ended, this.held.series), windows.flatMap(matchersOf));
    const dense = new HeldSeries();
    this.#source = ranged.length === 0 ? raw : new WarmedSource(raw, dense);
    for (const rule of ranged) {
      const span = {
        fromMs: undoneAtMs + 1,
        toMs: untilMs,
        stepMs: stepFor(rule, this.#readers(rule)),
        features,
      };
      hold(dense, recordedOver(rule, this.#sourceAt(span, this.#recordingsBefore(rule)), span));
    }
  }

  /** Windows with a range that read what the rule records. */
  #readers(rule: PlannedRecording): readonly PlannedWindow[] {
    const known = this.#readersOf.get(rule);
    if (known) return known;
    const readers = this.#ranges.filter(({ selector }) => mayBe(selector, rule)).map(({ window }) => window);
    this.#readersOf.set(rule, readers);
    return readers;
  }

  #recordingsBefore(rule: PlannedRecording): readonly PlannedRecording[] {
    const all = this.#windows.recordings;
    return all.slice(0, all.indexOf(rule));
  }

  /** The source with what recording rules give at the steps of a grid. */
  #sourceAt(grid: Grid, recordings: readonly PlannedRecording[]): Queryable {
    const wanted = recordings.filter((rule) => this.#readers(rule).length === 0);
    if (wanted.length === 0) return this.#source;
    const key = `${grid.fromMs} ${grid.toMs} ${grid.stepMs}`;
    const known = this.#atGrids.get(key) ?? new RecordedGrid(grid, this.#source, this.#projecting.features);
    this.#atGrids.set(key, known);
    return known.with(wanted);
  }

  /** The first firing, Unix milliseconds; null when it stays silent for as long as is looked. */
  firstFiring(rule: ProjectedRule, asking: Asking): number | null {
    const { undoneAtMs } = this.#projecting;
    const everyMs = rule.evaluationIntervalMs;
    const { pendingSinceMs } = asking;
    // The evaluations of an alert that was pending are known: they go on from there.
    const fromMs =
      pendingSinceMs === undefined
        ? undoneAtMs
        : pendingSinceMs + Math.ceil((undoneAtMs - pendingSinceMs) / everyMs) * everyMs;
    const holding = new Holding(rule.forMs, pendingSinceMs);
    let last = fromMs - everyMs;
    for (const grid of gridsOver(fromMs, asking.untilMs, everyMs)) {
      for (const { atMs, alive } of this.#truths(rule, asking, grid)) {
        const fired =
          grid.stepMs > everyMs && holding.wouldChange(alive, atMs)
            ? this.#closely(rule, asking, { fromMs: last + everyMs, toMs: atMs, stepMs: everyMs }, holding)
            : holding.see(alive, atMs);
        if (fired !== undefined) return fired;
        last = atMs;
      }
    }
    return null;
  }

  /** An expression's series over a part of the time that is looked at. */
  seriesOf(expr: Expr, grid: Grid): readonly RangeSeries[] {
    const { recordings, features } = this.#projecting;
    const read = windowsOf([expr], recordings, anyWindow).recordings;
    return rangeQuery(this.#sourceAt(grid, read), expr, grid.fromMs, grid.toMs, grid.stepMs, { features })
      .series;
  }

  /** How the series went on that an expression reads, through recording rules. */
  inputsOf(text: string): readonly HeldMovement[] {
    const needed = this.#neededBy(text);
    if (!needed) return [];
    const { windows } = windowsOf([needed.expr], this.#projecting.recordings, anyWindow);
    const selections = windows.filter(({ kind }) => kind !== 'recorded').flatMap(matchersOf);
    return this.held.movements.filter(({ labels }) =>
      selections.some((matchers) => matchers.every((matcher) => matcher.matches(labels.get(matcher.name)))),
    );
  }

  /** How far back an expression looks, through recording rules; milliseconds. */
  memoryMsOf(text: string): number {
    const needed = this.#neededBy(text);
    const { windows } = windowsOf(needed ? [needed.expr] : [], this.#projecting.recordings, anyWindow);
    return Math.max(0, ...windows.map(({ reachMs }) => reachMs));
  }

  #closely(rule: ProjectedRule, asking: Asking, grid: Grid, holding: Holding): number | undefined {
    for (const { atMs, alive } of this.#truths(rule, asking, grid)) {
      const fired = holding.see(alive, atMs);
      if (fired !== undefined) return fired;
    }
    return undefined;
  }

  /** Which of its alerts are true at each step. */
  #truths(rule: ProjectedRule, asking: Asking, grid: Grid): readonly Truth[] {
    const needed = this.#neededBy(rule.expr);
    if (!needed) return [];
    const { fromMs, toMs, stepMs } = grid;
    const source = this.#sourceAt(grid, needed.recordings);
    const { features } = this.#projecting;
    const { series } = rangeQuery(source, needed.expr, fromMs, toMs, stepMs, { features });
    const steps = Math.floor((toMs - fromMs) / stepMs) + 1;
    const truths = Array.from({ length: steps }, (_, i) => ({
      atMs: fromMs + i * stepMs,
      alive: [] as string[],
    }));
    for (const { labels, times } of series) {
      if (!asking.counts({ ...labels.without('__name__').toRecord(), ...rule.labels })) continue;
      for (const at of times) truths[Math.round((at - fromMs) / stepMs)]!.alive.push(labels.key);
    }
    return truths;
  }

  #neededBy(text: string): { expr: Expr; recordings: readonly PlannedRecording[] } | undefined {
    if (this.#needed.has(text)) return this.#needed.get(text);
    const { features, recordings } = this.#projecting;
    const parsed = parseExpr(text, { features });
    const needed = parsed.ok
      ? { expr: parsed.expr, recordings: windowsOf([parsed.expr], recordings, anyWindow).recordings }
      : undefined;
    this.#needed.set(text, needed);
    return needed;
  }
}

function matchersOf({ selector }: Windows['windows'][number]): (readonly Matcher[])[] {
  const parsed = parseMatchers(selector);
  return parsed.ok ? [parsed.matchers] : [];
}

/** Also selectors that only look at now. */
const anyWindow = -1;

interface Truth {
  readonly atMs: number;
  readonly alive: readonly string[];
}

/** What recording rules give at the steps of one grid, each evaluated when it is first asked for. */
class RecordedGrid {
  readonly #grid: Grid;
  readonly #features: Features;
  readonly #recorded = new HeldSeries();
  readonly #source: Queryable;
  readonly #done = new Set<PlannedRecording>();

  constructor(grid: Grid, source: Queryable, features: Features) {
    this.#grid = grid;
    this.#features = features;
    this.#source = new WarmedSource(source, this.#recorded);
  }

  with(recordings: readonly PlannedRecording[]): Queryable {
    for (const rule of recordings) {
      if (this.#done.has(rule)) continue;
      this.#done.add(rule);
      hold(this.#recorded, recordedOver(rule, this.#source, { ...this.#grid, features: this.#features }));
    }
    return this.#source;
  }
}

/** How long each alert has been true. */
class Holding {
  readonly #forMs: number;
  #since = new Map<string, number>();
  #inherited: number | undefined;

  /** `inheritedMs`: since when an alert was pending whose series nobody wrote down. */
  constructor(forMs: number, inheritedMs: number | undefined) {
    this.#forMs = forMs;
    this.#inherited = inheritedMs;
  }

  /** When the first alert fires, if one does now. */
  see(alive: readonly string[], atMs: number): number | undefined {
    this.#since = this.#after(alive, atMs);
    this.#inherited = undefined;
    return this.#fires(this.#since, atMs) ? atMs : undefined;
  }

  /** Whether something becomes true, ends, or fires between the step before and this one. */
  wouldChange(alive: readonly string[], atMs: number): boolean {
    if (alive.length !== this.#since.size || alive.some((key) => !this.#since.has(key))) return true;
    return this.#fires(this.#after(alive, atMs), atMs);
  }

  #after(alive: readonly string[], atMs: number): Map<string, number> {
    return new Map(alive.map((key) => [key, this.#since.get(key) ?? this.#inherited ?? atMs]));
  }

  #fires(since: ReadonlyMap<string, number>, atMs: number): boolean {
    return [...since.values()].some((each) => atMs - each >= this.#forMs);
  }
}

function* gridsOver(fromMs: number, untilMs: number, everyMs: number): Generator<Grid> {
  const grid = (from: number, to: number, stepMs: number): Grid => {
    const steps = Math.floor((Math.min(to, untilMs) - from) / stepMs);
    return { fromMs: from, toMs: from + steps * stepMs, stepMs };
  };
  let last = grid(fromMs, fromMs + firstStretchSteps * everyMs, everyMs);
  while (last.fromMs <= untilMs) {
    yield last;
    const passedMs = last.toMs - fromMs;
    const wantedMs = (passedMs * (stretchGrowth - 1)) / stepsInStretch;
    const stepMs = Math.max(1, Math.ceil(wantedMs / everyMs)) * everyMs;
    const next = last.toMs + stepMs;
    if (next > untilMs) return;
    last = grid(next, next + (stepsInStretch - 1) * stepMs, stepMs);
  }
}
