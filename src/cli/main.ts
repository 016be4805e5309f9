#!/usr/bin/env node
// The command line: names, options and help only. Each command's code is loaded when it is called, so that `--help`
// costs little more than starting Node.js.

import { Command, Option } from 'commander';
import { version } from './version.ts';

const collect = (value: string, list: string[] = []): string[] => [...list, value];

const output = () =>
  new Option('-o, --output <format>', 'print the result as text or as one JSON document')
    .choices(['text', 'json'])
    .default('text');

const runOptions = (command: Command): Command =>
  command
    .addOption(output())
    .option('--notify <how>', 'what becomes of notifications: capture (nobody is told) or deliver', 'capture')
    .option('--runs <folder>', 'where run folders are written', '.firedrill/runs');

const program = new Command('firedrill')
  .description('Inject a real fault, watch the objectives and the pager, undo it, and judge both.')
  .version(version)
  .showHelpAfterError('(see firedrill --help)')
  .configureHelp({ showGlobalOptions: true })
  .addHelpText(
    'after',
    `
Exit codes: 0 pass, 1 fail, 2 bad input, 3 inconclusive, 4 stopped, 5 tool or infrastructure error,
            6 a fault could not be undone.

Begin with:  firedrill demo
             firedrill check EXPERIMENT && firedrill run EXPERIMENT --dry-run`,
  );

runOptions(program.command('demo'))
  .description(
    'three acts on the bundled example: a DNS outage that leaks memory, fixed, and with a mute alert',
  )
  .action(async (options) => end(await (await import('./commands/demo.ts')).demo(options)));

runOptions(program.command('run'))
  .description('run an experiment, or a bare Chaos Mesh file, and judge it')
  .argument('<experiment>', 'experiment file (YAML)')
  .option('--dry-run', 'show the plan, the blast radius and the undo; touch nothing')
  .option(
    '--set <path=value>',
    'change a value of the file, such as spec.faults[0].spec.duration=1m (repeatable)',
    collect,
  )
  .option(
    '--target <name=target>',
    'NAME=process:port:8080, process:pid:123 or proxy:LISTEN>UPSTREAM (repeatable)',
    collect,
  )
  .option('--report <kind=file>', 'also write html, junit, markdown or json to a file (repeatable)', collect)
  .addOption(
    new Option('--gate <half>', 'which half decides the exit code')
      .choices(['resilience', 'detection', 'both'])
      .default('both'),
  )
  .option('--allow <code>', 'lift one refusal by its code (repeatable)', collect)
  .option('--no-projection', 'never judge by what a longer fault would have done')
  .addOption(
    new Option('--inconclusive <as>', 'exit code of an inconclusive run: fail (3) or warn (0)')
      .choices(['fail', 'warn'])
      .default('fail'),
  )
  .option('--until <date>', 'the day on which --inconclusive warn ends, as 2027-01-31')
  .action(async (experiment, options) =>
    end(await (await import('./commands/run.ts')).run(experiment, options)),
  );

program
  .command('stop')
  .description('end a live run: undo its faults, write its report')
  .argument('[run]', 'the id of a run')
  .option('--all', 'every live run of this user')
  .addOption(output())
  .action(async (run, options) => end(await (await import('./commands/stop.ts')).stop(run, options)));

program
  .command('undo')
  .description('undo what a crash left behind')
  .option('--dry-run', 'list what is not undone; touch nothing')
  .addOption(output())
  .action(async (options) => end(await (await import('./commands/undo.ts')).undo(options)));

program
  .command('check')
  .description('validate experiments, rule files, Alertmanager configurations and Chaos Mesh files')
  .argument('<file...>', 'files to check')
  .addOption(
    new Option('--kind <kind>', 'what the files are; found out when not given').choices([
      'experiment',
      'chaos-mesh',
      'rules',
      'alertmanager',
    ]),
  )
  .addOption(output())
  .action(async (files, options) => end(await (await import('./commands/check.ts')).check(files, options)));

program
  .command('judge')
  .description('judge a past run again, from its folder')
  .argument('<run>', 'run folder, or the id of a run')
  .option('--runs <folder>', 'where run folders are', '.firedrill/runs')
  .addOption(
    new Option('--gate <half>', 'which half decides the exit code')
      .choices(['resilience', 'detection', 'both'])
      .default('both'),
  )
  .option('--no-projection', 'never judge by what a longer fault would have done')
  .addOption(output())
  .action(async (run, options) => end(await (await import('./commands/judge.ts')).judgeRun(run, options)));

program
  .command('report')
  .description('write a report of a past run again')
  .argument('<run>', 'run folder, or the id of a run')
  .option('--runs <folder>', 'where run folders are', '.firedrill/runs')
  .addOption(
    new Option('--format <kind>', 'what to write')
      .choices(['html', 'markdown', 'junit', 'json', 'text'])
      .default('html'),
  )
  .option('--to <file>', 'where to write it; standard output when not given')
  .action(async (run, options) => end(await (await import('./commands/report.ts')).report(run, options)));

function end(code: number): void {
  process.exitCode = code;
}

try {
  await program.parseAsync();
} catch (error) {
  const { showFailure } = await import('./failure.ts');
  process.exitCode = showFailure(error);
}
