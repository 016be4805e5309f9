// Probes and actions: each checked where it stands, references to others followed, controls left out with one warning.

import type { YamlPath } from '../../base/yaml.ts';
import type { Reading } from '../file/reading.ts';
import type { Activity, ProviderSpec, Tolerance } from './model.ts';
import { activitySchema, referenceSchema, toleranceSchema } from './schema.ts';

export interface ActivityLists {
  readonly probes: readonly Activity[];
  readonly method: readonly Activity[];
  readonly rollbacks: readonly Activity[];
}

const probesPath = ['steady-state-hypothesis', 'probes'];

export function readActivities(reading: Reading): ActivityLists {
  const named = namedActivities(reading);
  const read = (path: YamlPath) =>
    pathsIn(reading, path).flatMap((each) => readOne(reading, each, named) ?? []);
  const probes = read(probesPath);
  for (const path of pathsIn(reading, probesPath)) {
    if (reading.at([...path, 'tolerance']) === undefined)
      reading.error('FD107', `${reading.document.nameOf(path)} has no tolerance`, path, {
        expected: 'tolerance: what the probe answers when all is well',
      });
  }
  return { probes, method: read(['method']), rollbacks: read(['rollbacks']) };
}

/** An activity that is no reference. */
export function readActivity(reading: Reading, path: YamlPath): Activity | undefined {
  const checked = reading.check(activitySchema, path);
  if (!checked) return undefined;
  const { name, type, provider, pauses, background } = checked;
  return {
    name,
    type,
    provider: provider as ProviderSpec,
    tolerance: readTolerance(reading, [...path, 'tolerance']),
    pauses: pauses ?? {},
    background: background ?? false,
    written: reading.at(path),
  };
}

function pathsIn(reading: Reading, path: YamlPath): YamlPath[] {
  const list = reading.at(path);
  return Array.isArray(list) ? list.map((_, index) => [...path, index]) : [];
}

/** Where each name leads: probes of the hypothesis speak last, as in Chaos Toolkit. */
function namedActivities(reading: Reading): ReadonlyMap<string, YamlPath> {
  const paths = [...pathsIn(reading, ['method']), ...pathsIn(reading, probesPath)];
  return new Map(
    paths.flatMap((path) => {
      const name = reading.at([...path, 'name']);
      return typeof name === 'string' ? [[name, path] as const] : [];
    }),
  );
}

function readOne(
  reading: Reading,
  path: YamlPath,
  named: ReadonlyMap<string, YamlPath>,
): Activity | undefined {
  if (reading.at([...path, 'ref']) === undefined) return readActivity(reading, path);
  const reference = reading.check(referenceSchema, path);
  const target = reference && follow(reading, path, named);
  if (!target) return undefined;
  // What is wrong with it is told where it stands.
  const activity = reading.valid(activitySchema, target);
  if (!activity) return undefined;
  return {
    name: activity.name,
    type: activity.type,
    provider: activity.provider as ProviderSpec,
    tolerance: readTolerance(reading, [...path, 'tolerance']),
    pauses: activity.pauses ?? {},
    background: reference.background ?? false,
    written: reading.at(target),
  };
}

function follow(
  reading: Reading,
  from: YamlPath,
  named: ReadonlyMap<string, YamlPath>,
): YamlPath | undefined {
  const way: string[] = [];
  let path = from;
  for (;;) {
    const name = reading.at([...path, 'ref']);
    if (name === undefined) return path;
    // A wrong one on the way is told where it stands.
    if (typeof name !== 'string') return undefined;
    if (way.includes(name)) {
      reading.error('FD141', `${[...way, name].join(' refers to ')}`, [...from, 'ref'], {
        expected: 'the name of an activity with a provider',
      });
      return undefined;
    }
    way.push(name);
    const next = named.get(name);
    if (!next) {
      if (path === from) reading.undefinedName('activity', name, [...named.keys()], [...from, 'ref']);
      return undefined;
    }
    path = next;
  }
}

function readTolerance(reading: Reading, path: YamlPath): Tolerance | undefined {
  const value = reading.at(path);
  if (value === undefined || typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value) || Number.isInteger(value)) return value as Tolerance;
  if (value === null || typeof value === 'number') {
    const expected =
      'true or false, a whole number, a string, a list, or a mapping with type regex, jsonpath, range or probe';
    reading.error('FD105', `${reading.document.nameOf(path)} cannot be compared with`, path, { expected });
    return undefined;
  }
  const checked = reading.check(toleranceSchema, path);
  if (checked?.type !== 'probe') return checked as Tolerance | undefined;
  const { name, provider } = checked;
  if (provider.type === 'process' && provider.arguments && !isMapping(provider.arguments))
    reading.error(
      'FD105',
      `${name} is given the value to judge as the argument "value"`,
      [...path, ...['provider', 'arguments']],
      { expected: 'a mapping' },
    );
  // Its answer is a mapping with the status, and a mapping that is not empty counts as true.
  if (provider.type !== 'python')
    reading.error('FD120', `${name} is met whatever it answers, unless it fails`, [...path, 'provider'], {
      severity: 'warning',
      expected: 'a python provider, or a tolerance of another type',
    });
  return { type: 'probe', name, provider: provider as ProviderSpec };
}

function isMapping(value: unknown): boolean {
  return typeof value === 'object' && !Array.isArray(value);
}

/** Says once that controls, which are code of Chaos Toolkit's own plugins, are not applied. */
export function warnOfControls(reading: Reading): void {
  const holders: YamlPath[] = [
    [],
    ['steady-state-hypothesis'],
    ...[probesPath, ['method'], ['rollbacks']].flatMap((path) => pathsIn(reading, path)),
  ];
  const paths = holders.map((path) => [...path, 'controls']).filter((path) => reading.at(path) != null);
  const [first] = paths;
  if (!first) return;
  const count = paths.length > 1 ? `, in ${paths.length} places` : '';
  reading.error('FD144', `controls are not applied${count}`, first, {
    severity: 'warning',
    key: true,
    expected: 'no controls, or the chaos command where they matter',
  });
}
