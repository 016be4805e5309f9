// What this machine must have for an experiment to be played: the programs that it names, and the Python functions, which
// are imported for that as the chaos command does.

import type { Diagnostic } from '../../base/diagnostics.ts';
import type { YamlDocument, YamlPath } from '../../base/yaml.ts';
import type { ProcessProvider, PythonProvider } from './model.ts';
import { findProgram } from './providers/process.ts';
import { ActivityFailed, type ProviderContext } from './providers/provider.ts';
import { checkPython } from './providers/python.ts';

interface Placed<T> {
  readonly provider: T;
  readonly path: YamlPath;
}

export async function checkMachine(document: YamlDocument, context: ProviderContext): Promise<Diagnostic[]> {
  const providers = providersIn(document.value, []);
  const programs = providers.flatMap(({ provider, path }) => {
    if (provider.type !== 'process' || findProgram(provider.path, context)) return [];
    return [
      problem(
        document,
        [...path, 'path'],
        `there is no program ${provider.path}`,
        'a program in PATH, or a path',
      ),
    ];
  });
  const functions = providers.filter(
    (each): each is Placed<PythonProvider> => each.provider.type === 'python',
  );
  return [...programs, ...(functions.length > 0 ? await checkFunctions(document, functions, context) : [])];
}

async function checkFunctions(
  document: YamlDocument,
  functions: readonly Placed<PythonProvider>[],
  context: ProviderContext,
): Promise<Diagnostic[]> {
  const expected = 'a function that python3 can import here, and its arguments';
  try {
    const problems = await checkPython(functions.map(givenTo), context);
    return functions.flatMap(({ path }, index) => {
      const why = problems[index];
      return why === undefined ? [] : [problem(document, [...path, 'module'], why, expected)];
    });
  } catch (error) {
    if (!(error instanceof ActivityFailed)) throw error;
    return [problem(document, [...functions[0]!.path, 'module'], error.message, expected)];
  }
}

/** A tolerance is called with the value that it is to judge. */
function givenTo({ provider, path }: Placed<PythonProvider>): PythonProvider {
  if (!path.includes('tolerance')) return provider;
  return { ...provider, arguments: { ...provider.arguments, value: null } };
}

/** Every provider of the file but those of controls, which are not applied. */
function providersIn(value: unknown, path: YamlPath): Placed<ProcessProvider | PythonProvider>[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (['controls', 'extensions', 'contributions', 'secrets'].includes(key)) return [];
    const at = [...path, Array.isArray(value) ? Number(key) : key];
    if (key === 'provider') return [{ provider: inner as ProcessProvider | PythonProvider, path: at }];
    return providersIn(inner, at);
  });
}

function problem(document: YamlDocument, path: YamlPath, message: string, expected: string): Diagnostic {
  return { code: 'FD145', severity: 'error', message, at: document.placeOf(path), expected };
}
