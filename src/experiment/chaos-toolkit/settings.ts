// `configuration` and `secrets`: values that stand in the file, and those that the environment has. What a probe is to
// find out is only noted here; it is asked when the run begins.

import type { YamlPath } from '../../base/yaml.ts';
import type { Reading } from '../file/reading.ts';
import type { Environment } from '../file/substitution.ts';
import { readActivity } from './activities.ts';
import type { Activity, ChaosToolkitExperiment } from './model.ts';
import { environmentSchema } from './schema.ts';

type Written = Readonly<Record<string, unknown>>;

export function readConfiguration(
  reading: Reading,
  written: Written,
  env: Environment,
): Pick<ChaosToolkitExperiment, 'configuration' | 'asked'> {
  const configuration: Record<string, unknown> = {};
  const asked: { name: string; probe: Activity }[] = [];
  for (const [name, value] of Object.entries(written)) {
    const path = ['configuration', name];
    const type = typeOf(value);
    if (type === 'env') configuration[name] = fromEnvironment(reading, path, env);
    else if (type === 'vault') refuseVault(reading, path);
    else if (type === 'probe') {
      const probe = readActivity(reading, path);
      if (probe) asked.push({ name, probe });
    } else configuration[name] = value;
  }
  return { configuration, asked };
}

export function readSecrets(
  reading: Reading,
  written: Readonly<Record<string, Written>>,
  env: Environment,
): ChaosToolkitExperiment['secrets'] {
  const groups = Object.entries(written).map(([group, values]) => {
    const path = ['secrets', group];
    // Chaos Toolkit would take the name of the group for the secret's, and find it nowhere.
    if (typeOf(values) === 'env')
      reading.error('FD105', `secrets.${group} is a secret without a group`, path, {
        expected: 'a mapping of names to secrets',
      });
    else if (typeOf(values) === 'vault') refuseVault(reading, path);
    else return [group, readGroup(reading, path, values, env)] as const;
    return [group, {}] as const;
  });
  return Object.fromEntries(groups);
}

function readGroup(
  reading: Reading,
  path: YamlPath,
  values: Written,
  env: Environment,
): Record<string, unknown> {
  const entries = Object.entries(values).map(([name, value]) => {
    const at = [...path, name];
    const type = typeOf(value);
    if (type === 'env') return [name, fromEnvironment(reading, at, env)];
    if (type === 'vault') return [name, refuseVault(reading, at)];
    if (isMapping(value)) return [name, readGroup(reading, at, value, env)];
    return [name, value];
  });
  return Object.fromEntries(entries);
}

/** Every text among the secrets: what must not be written anywhere. */
export function secretTexts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(secretTexts) : [];
}

function isMapping(value: unknown): value is Written {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function typeOf(value: unknown): unknown {
  return isMapping(value) ? value.type : undefined;
}

function refuseVault(reading: Reading, path: YamlPath): undefined {
  reading.error('FD143', `${reading.document.nameOf(path)} comes from Vault, which is not asked`, path, {
    expected: 'type: env, and the value in an environment variable',
  });
}

function fromEnvironment(reading: Reading, path: YamlPath, env: Environment): unknown {
  const spec = reading.check(environmentSchema, path);
  if (!spec) return undefined;
  const { key, env_var_type: type } = spec;
  const value = Object.hasOwn(env, key) ? env[key] : undefined;
  if (value === undefined && !('default' in spec)) {
    const keyPath = [...path, 'key'];
    reading.error('FD108', `the environment variable ${key} is not set`, keyPath, {
      expected: `${key} in the environment, or a default`,
    });
    return undefined;
  }
  const converted = convert(value ?? spec.default, type);
  if (converted === undefined)
    reading.error('FD105', `the value of ${key} is no ${type}`, [...path, 'env_var_type']);
  return converted;
}

/** Undefined when the value cannot be read as that type. */
function convert(value: unknown, type: string | undefined): unknown {
  const written = typeof value === 'string' ? value.trim() : value;
  switch (type) {
    case 'int':
    case 'integer':
      if (typeof written === 'number') return Math.trunc(written);
      return /^[+-]?\d+$/.test(String(written)) ? Number(written) : undefined;
    case 'float':
    case 'number':
      return written === '' || Number.isNaN(Number(written)) ? undefined : Number(written);
    case 'bool':
      return typeof value === 'boolean' ? value : !['false', '0', 'no'].includes(String(value).toLowerCase());
    case 'json':
      return typeof value === 'string' && value !== '' ? parsedJson(value) : value;
    default:
      return value;
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
