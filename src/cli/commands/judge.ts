import { exitCodeOf, type Gate } from '../../experiment/judge/exit-code.ts';
import { renderJson } from '../../report/json.ts';
import { renderTerminal } from '../../report/terminal/render.ts';
import { readPastRun } from '../past-run.ts';
import { print, terminalOptions, warn } from '../surroundings.ts';

export interface JudgeCommandOptions {
  readonly runs: string;
  readonly gate: Gate;
  readonly projection: boolean;
  readonly output: 'text' | 'json';
}

export async function judgeRun(run: string, options: JudgeCommandOptions): Promise<number> {
  const past = await readPastRun(run, options.runs, options.projection);
  for (const warning of past.warnings) warn(warning);
  print(
    options.output === 'json'
      ? renderJson(past.verdict, past.experiment.secrets)
      : renderTerminal(past, terminalOptions()),
  );
  return exitCodeOf(past.verdict, { gate: options.gate });
}
