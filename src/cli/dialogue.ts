// Questions on a terminal, one a line, each with a default that Enter takes. They go to standard error, so that what a
// command prints can be piped on.

import { createInterface, type Interface } from 'node:readline/promises';
import { UserError } from '../base/diagnostics.ts';
import { colorsOf } from './color.ts';

export interface Dialogue {
  /** The answer; the default for an empty one. */
  ask(question: string, defaultAnswer?: string): Promise<string>;
  confirm(question: string): Promise<boolean>;
  /** Which of the choices, counted from 0; the first for an empty answer. */
  choose(question: string, choices: readonly string[]): Promise<number>;
  close(): void;
}

/** Wrong answers to one question before it is given up. */
const triesMax = 3;

export function terminalDialogue(): Dialogue {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const aborted = new AbortController();
  lines.on('SIGINT', () => aborted.abort());
  lines.on('close', () => aborted.abort());
  const { bold, dim } = colorsOf(process.stderr);
  const answer = (question: string, shown: string) =>
    read(lines, `${bold(question)} ${dim(shown)} `, aborted.signal);
  return {
    ask: async (question, defaultAnswer = '') =>
      (await answer(question, defaultAnswer === '' ? '' : `[${defaultAnswer}]`)) || defaultAnswer,
    confirm: async (question) => !/^n/i.test(await answer(question, '[Y/n]')),
    choose: async (question, choices) => {
      for (const [index, choice] of choices.entries()) process.stderr.write(`  ${index + 1}  ${choice}\n`);
      for (let tries = 0; tries < triesMax; tries++) {
        const text = (await answer(question, '[1]')) || '1';
        const number = Number(text);
        if (Number.isInteger(number) && number >= 1 && number <= choices.length) return number - 1;
        process.stderr.write(`  a number from 1 to ${choices.length}\n`);
      }
      throw UserError.of('FD105', `${question}: no answer that fits`, { expected: `1 to ${choices.length}` });
    },
    close: () => lines.close(),
  };
}

/** Ctrl-C and the end of the input end the command: nothing has been done yet. */
async function read(lines: Interface, prompt: string, signal: AbortSignal): Promise<string> {
  try {
    return (await lines.question(prompt, { signal })).trim();
  } catch (error) {
    if (!signal.aborted) throw error;
    process.stderr.write('\n');
    throw UserError.of('FD909', 'ended before the last question was answered; no file was written');
  }
}

/** Every question has its default for an answer. */
export const silentDialogue: Dialogue = {
  ask: async (_, defaultAnswer = '') => defaultAnswer,
  confirm: async () => true,
  choose: async () => 0,
  close: () => {},
};
