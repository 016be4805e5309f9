// The python provider: a function of an importable module, called in a process of its own by python-call.py.

import { fileURLToPath } from 'node:url';
import type { PythonProvider } from '../model.ts';
import { substitute } from '../substitution.ts';
import { runProgram } from './program.ts';
import { ActivityFailed, hasVariables, outputBytesMax, type ProviderContext } from './provider.ts';

/** The user's own Python, with the program that calls functions for us: from source as well as built. */
export const pythonCommand: readonly string[] = [
  'python3',
  fileURLToPath(new URL('./python-call.py', import.meta.url)),
];

export async function callPython(provider: PythonProvider, context: ProviderContext): Promise<unknown> {
  const { configuration, secrets, variables } = context;
  const written = provider.arguments ?? {};
  const order = {
    do: 'call',
    module: provider.module,
    func: provider.func,
    arguments: hasVariables(context) ? substitute(written, variables) : written,
    secrets: provider.secrets
      ? Object.assign({}, ...provider.secrets.map((group) => secrets[group] ?? {}))
      : null,
    configuration,
  };
  const answer = await answerOf<{ output?: unknown; error?: string }>(order, context);
  if (answer.error !== undefined) throw new ActivityFailed(answer.error);
  return answer.output ?? null;
}

/** What keeps each of the functions from being called; undefined where nothing does. Their modules are imported. */
export async function checkPython(
  functions: readonly Pick<PythonProvider, 'module' | 'func' | 'arguments'>[],
  context: ProviderContext,
): Promise<(string | undefined)[]> {
  const order = {
    do: 'check',
    functions: functions.map(({ module, func, arguments: given }) => ({
      module,
      func,
      arguments: given ?? {},
    })),
  };
  const { problems } = await answerOf<{ problems: (string | null)[] }>(order, context);
  return problems.map((problem) => problem ?? undefined);
}

async function answerOf<T>(order: object, context: ProviderContext): Promise<T> {
  const { status, stderr, result } = await runProgram(
    { command: context.pythonCommand, input: JSON.stringify(order), hasResult: true },
    context,
  );
  try {
    return JSON.parse(result) as T;
  } catch {
    const said = stderr.trim().split('\n').at(-1);
    const why = result.length >= outputBytesMax ? `it returned more than ${outputBytesMax} bytes` : said;
    throw new ActivityFailed(`python3 ended with code ${status}${why ? `: ${why}` : ''}`);
  }
}
