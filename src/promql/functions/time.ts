// Times: of the query, of the evaluation, and the calendar in UTC.

import { Labels } from '../../base/labels.ts';
import { type Grid, newSeries, scalar, setValue, stepTime, vector } from '../values.ts';
import { ofValue } from './elementwise.ts';
import type { FunctionImplementation } from './function.ts';

export const time: FunctionImplementation = ({ grid }) =>
  scalar(Float64Array.from({ length: grid.steps }, (_, i) => stepTime(grid, i) / 1000));

/** A number that is the same at all steps, from the times of the whole query. */
function ofQuery(compute: (query: Grid) => number): FunctionImplementation {
  return ({ grid, query }) => scalar(new Float64Array(grid.steps).fill(compute(query)));
}

function durationMs({ stepMs, steps }: Grid): number {
  return (steps - 1) * stepMs;
}

export const start = ofQuery((query) => query.startMs / 1000);
export const end = ofQuery((query) => (query.startMs + durationMs(query)) / 1000);
export const range = ofQuery((query) => durationMs(query) / 1000);
/** Zero for an instant query. */
export const step = ofQuery((query) => (query.steps > 1 ? query.stepMs / 1000 : 0));

/** A field of the date that a value in Unix seconds stands for; without an argument, of the evaluation time. */
function calendar(field: (date: Date) => number): FunctionImplementation {
  const ofSeconds = (seconds: number) => field(new Date(Math.trunc(seconds) * 1000));
  const ofVector = ofValue(ofSeconds);
  return (input) => {
    if (input.args.length > 0) return ofVector(input);
    const { grid } = input;
    const series = newSeries(Labels.empty, false, grid.steps);
    for (let i = 0; i < grid.steps; i++) setValue(series, i, ofSeconds(stepTime(grid, i) / 1000));
    return vector([series]);
  };
}

const dayMs = 86_400_000;

export const minute = calendar((date) => date.getUTCMinutes());
export const hour = calendar((date) => date.getUTCHours());
export const dayOfWeek = calendar((date) => date.getUTCDay());
export const dayOfMonth = calendar((date) => date.getUTCDate());
export const dayOfYear = calendar(
  (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / dayMs) + 1,
);
export const daysInMonth = calendar((date) =>
  new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
);
export const month = calendar((date) => date.getUTCMonth() + 1);
export const year = calendar((date) => date.getUTCFullYear());
