// The parts of an experiment file that are right by themselves, whatever is wrong elsewhere in it.

import type { z } from 'zod';
import type { YamlPath } from '../../base/yaml.ts';
import { type AlertFields, alertSchema } from './alerts.ts';
import { type FaultFields, faultSchema } from './faults.ts';
import { objectiveSchema } from './objectives.ts';
import type { Reading } from './reading.ts';
import { collateralSchema, stopConditionSchema } from './safety.ts';
import { specFields } from './schema.ts';
import { targetSchema } from './targets.ts';
import { telemetrySchema } from './telemetry.ts';
import { trafficSchema } from './traffic.ts';

export interface Part<T> {
  readonly path: YamlPath;
  readonly value: T;
}

export interface Parts {
  /** With the name as the last segment of the path. */
  readonly targets: readonly Part<z.output<typeof targetSchema>>[];
  /** Names of all targets, of wrong ones too. */
  readonly targetNames: readonly string[];
  readonly traffic: readonly Part<z.output<typeof trafficSchema>>[];
  readonly telemetry: z.output<typeof telemetrySchema> | undefined;
  readonly faults: readonly Part<FaultFields>[];
  readonly objectives: readonly Part<z.output<typeof objectiveSchema>>[];
  readonly objectiveNames: readonly string[];
  /** There are none, but a key that nobody knows: they may stand under it. */
  readonly objectivesMistyped: boolean;
  readonly alerts: readonly Part<AlertFields>[];
  readonly stopConditions: readonly Part<z.output<typeof stopConditionSchema>>[];
  readonly collateral: z.output<typeof collateralSchema> | undefined;
  readonly allowedHosts: readonly string[];
}

export function partsOf(reading: Reading): Parts {
  const targets = mapping(reading, ['spec', 'targets']);
  const single = reading.at(['spec', 'target']) === undefined ? [] : [['spec', 'target']];
  const targetPaths = [...single, ...targets];
  const hosts = reading.at(['spec', 'limits', 'hosts']);
  return {
    targets: targetPaths.flatMap((path) => part(reading, targetSchema, path)),
    targetNames: targetPaths.map((path) => String(path.at(-1))),
    traffic: list(reading, 'traffic').flatMap((path) => part(reading, trafficSchema, path)),
    telemetry: reading.valid(telemetrySchema, ['spec', 'telemetry']),
    faults: list(reading, 'faults').flatMap((path) => part(reading, faultSchema, path)),
    objectives: list(reading, 'objectives').flatMap((path) => part(reading, objectiveSchema, path)),
    objectiveNames: list(reading, 'objectives').flatMap((path) => {
      const name = reading.at([...path, 'name']);
      return typeof name === 'string' ? [name] : [];
    }),
    objectivesMistyped:
      reading.at(['spec', 'objectives']) === undefined && hasUnknownKeys(reading.at(['spec'])),
    alerts: list(reading, 'alerts').flatMap((path) => part(reading, alertSchema, path)),
    stopConditions: list(reading, 'stopConditions').flatMap((path) =>
      part(reading, stopConditionSchema, path),
    ),
    collateral: reading.valid(collateralSchema, ['spec', 'collateral']),
    allowedHosts: Array.isArray(hosts) ? hosts.filter((host) => typeof host === 'string') : [],
  };
}

function part<S extends z.ZodType>(reading: Reading, schema: S, path: YamlPath): Part<z.output<S>>[] {
  const value = reading.valid(schema, path);
  return value === undefined ? [] : [{ path, value }];
}

function list(reading: Reading, key: string): YamlPath[] {
  const entries = reading.at(['spec', key]);
  return Array.isArray(entries) ? entries.map((_, index) => ['spec', key, index]) : [];
}

function hasUnknownKeys(spec: unknown): boolean {
  if (spec === null || typeof spec !== 'object') return false;
  return Object.keys(spec).some((key) => !Object.hasOwn(specFields, key));
}

function mapping(reading: Reading, path: YamlPath): YamlPath[] {
  const entries = reading.at(path);
  if (entries === null || typeof entries !== 'object' || Array.isArray(entries)) return [];
  return Object.keys(entries).map((key) => [...path, key]);
}
