#!/usr/bin/env node
// The command line: names, options and help only. Each command's code is loaded when it is called, so that `--help`
// costs little more than starting Node.js.

import { Command, CommanderError, Option } from 'commander';
import { version } from './version.ts';

const collect = (value: string, list: string[] = []): string[] => [...list, value];

const output = () =>
  new Option('-o, --output <format>', 'print the result as text or as one JSON document')
    .choices(['text', 'json'])
    .default('text');

const runOptions = (command: Command): Command =>
  command
    .addOption(output())
    .option(
      '--notify <how>',
      'what becomes of notifications: capture (nobody is told), shadow (a real pager is held) or deliver',
      'capture',
    )
    .option('--runs <folder>', 'where run folders are written', '.firedrill/runs');

const program = new Command('firedrill')
  // A mistake in the command line is bad input; Commander itself would end with what means `fail` here.
  .exitOverride()
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

program
  .command('init')
  .description('look at running software and write a first experiment on it; asks on a terminal')
  .option('--port <port>', 'whoever listens on this TCP port')
  .option('--pid <pid>', 'this process and its descendants')
  .option('--command <command>', 'started while it is looked at, and by the experiment')
  .option('--metrics <url>', 'where its metrics are; /metrics on its own ports when not given')
  .option('--prometheus <url>', 'a Prometheus that watches it already')
  .option('--job <name>', 'which job it is there; the name of the program when it is scraped')
  .option('--rules <file>', 'rule file whose alerts guard it')
  .option('--alertmanager <file>', 'alertmanager.yml that routes them')
  .option('--observe <duration>', 'how long its metrics are watched', '15s')
  .option('--no-traffic', 'send no requests of our own')
  .option('--to <file>', 'where to write the experiment', 'experiment.yaml')
  .option('--force', 'replace the file')
  .option('--yes', 'ask nothing: take the default of every question')
  .action(async (options) => end(await (await import('./commands/init.ts')).init(options)));

runOptions(program.command('run'))
  .description('run an experiment, or a bare file of Chaos Mesh or Chaos Toolkit, and judge it')
  .argument('<experiment>', 'experiment file (YAML or JSON)')
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
  .option('--trials <number>', 'how often the drill is repeated, each from a fresh baseline')
  .option(
    '--retry-inconclusive <number>',
    'how often a trial is repeated that proved nothing; a fail never is',
    '0',
  )
  .option('--duration <time>', 'how long faults last that have neither a duration nor an end, as 30s')
  .addOption(
    new Option(
      '--hypothesis-strategy <when>',
      'when the hypothesis of a Chaos Toolkit experiment is asked',
    ).choices([
      'default',
      'before-method-only',
      'after-method-only',
      'during-method-only',
      'continuously',
      'skip',
    ]),
  )
  .option('--hypothesis-frequency <time>', 'how often it is asked during the method; 1s when not given')
  .addOption(
    new Option('--rollback-strategy <when>', 'when its rollbacks are played').choices([
      'default',
      'always',
      'never',
      'deviated',
    ]),
  )
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
  .option('--install-hint', 'print a systemd unit and a cron line that undo at every start of the machine')
  .addOption(output())
  .action(async (options) => end(await (await import('./commands/undo.ts')).undo(options)));

program
  .command('check')
  .description(
    'validate experiments, rule files, Alertmanager configurations, files of Chaos Mesh and Chaos Toolkit, objectives (docs/slo.md); lint rules (docs/lint.md)',
  )
  .argument('<file...>', 'files to check, or folders with YAML and JSON files')
  .addOption(
    new Option('--kind <kind>', 'what the files are; found out when not given').choices([
      'experiment',
      'chaos-mesh',
      'chaos-toolkit',
      'rules',
      'alertmanager',
      'slo',
      'alert-windows',
      'keptn-slo',
      'keptn-sli',
      'analysis-template',
    ]),
  )
  .option(
    '--enable-feature <names>',
    'as in Prometheus and Alertmanager (utf8-strict-mode, classic-mode), and openslo-v2alpha, separated by commas (repeatable)',
    collect,
  )
  .option(
    '--report <kind=file>',
    'also write sarif, or github annotations (repeatable; - is standard output)',
    collect,
  )
  .option('--scrape-interval <duration>', "how often is scraped; the experiment's, or 15s")
  .option('--alertmanager <file>', 'alertmanager.yml whose routes the alerts shall reach')
  .option(
    '--source <source>',
    'URL of a Prometheus, run folder or id, or a file of OpenMetrics text: do selectors match?',
  )
  .option('--source-config <file>', 'how to authenticate at the URL: basic_auth, authorization, tls_config')
  .option('--runs <folder>', 'where run folders are', '.firedrill/runs')
  .addOption(
    new Option('--fail-on <severity>', 'what makes the exit code 2')
      .choices(['error', 'warning'])
      .default('error'),
  )
  .addOption(output())
  .action(async (files, options) => end(await (await import('./commands/check.ts')).check(files, options)));

program
  .command('test')
  .description('run unit tests')
  .command('rules')
  .description(
    "test rules with promtool's unit-test files; exit code 1 for whatever fails, as promtool has it",
  )
  .argument('<file...>', 'unit-test files')
  .option('--run <regex>', 'only tests whose names match (repeatable)', collect)
  .option('--debug', 'evaluate every rule, and print all series of each test')
  .option('--diff', 'print what was expected and what came as a line-by-line difference')
  .option('--junit <file>', 'write the results as JUnit XML')
  .option('--enable-feature <names>', 'as in Prometheus, separated by commas (repeatable)', collect)
  .option('--ignore-unknown-fields', 'pass over fields of rule files that Prometheus does not know')
  .action(async (files, options) => end((await import('./commands/test.ts')).testRules(files, options)));

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

program
  .command('serve')
  .description(
    'serve the embedded metrics engine: the HTTP API of Prometheus, scraping, rules, remote write, OTLP',
  )
  .option('--listen <address>', 'host:port; other than on loopback it needs a token', '127.0.0.1:9090')
  .option('--token-file <file>', 'require this bearer token of every request')
  .option('--load <file>', 'begin with the samples of a file of OpenMetrics text with timestamps')
  .option('--config <file>', 'prometheus.yml: global, scrape_configs, rule_files')
  .option('--alertmanager <file>', 'alertmanager.yml: be its Alertmanager too, over API v2')
  .option('--notify <how>', 'what becomes of its notifications: log (nobody is told) or deliver', 'log')
  .option('--enable-feature <names>', 'as in Prometheus, separated by commas (repeatable)', collect)
  .option('--enable-lifecycle', 'let requests reload the configuration and end the server')
  .option('--retention <duration>', 'forget samples that are older, as 15d')
  .option('--retention-size <size>', 'forget the oldest samples beyond this much memory, as 512MB')
  .action(async (options) => end(await (await import('./commands/serve.ts')).serve(options)));

program
  .command('proxy')
  .description("toxiproxy's HTTP API: proxies whose connections are slow, narrow, cut or answer with errors")
  .option('--host <address>', 'where the API listens; other than on loopback it needs a token', '127.0.0.1')
  .option('--port <port>', 'port of the API', '8474')
  .option('--config <file>', 'JSON array of proxies to begin with')
  .option('--seed <number>', 'draws which connections a toxic acts on, and jitter; printed when not given')
  .option('--token-file <file>', 'require this bearer token of every request')
  .option('--toxic-ttl <duration>', 'remove toxics after this time when they name no ttl of their own')
  .option('--proxy-metrics', 'bytes of each proxy at /metrics')
  .option('--runtime-metrics', 'this process at /metrics')
  .action(async (options) => end(await (await import('./commands/proxy.ts')).proxy(options)));

const query = program.command('query').description('ask PromQL of a Prometheus, a past run or a file');
const sourced = (command: Command): Command =>
  command
    .argument('<expr>', 'PromQL expression')
    .requiredOption(
      '--source <source>',
      'URL of a Prometheus, run folder or id, or a file of OpenMetrics text',
    )
    .option('--source-config <file>', 'how to authenticate at the URL: basic_auth, authorization, tls_config')
    .option('--runs <folder>', 'where run folders are', '.firedrill/runs')
    .option('--enable-feature <names>', 'as in Prometheus, separated by commas (repeatable)', collect)
    .addOption(output());

sourced(query.command('instant'))
  .description('the value at one time')
  .option('--time <time>', 'Unix seconds or RFC 3339; now, or the end of what the file holds')
  .action(async (expr, options) =>
    end(await (await import('./commands/query.ts')).queryInstant(expr, options)),
  );

sourced(query.command('range'))
  .description('values over a range of time')
  .option('--start <time>', 'Unix seconds or RFC 3339; five minutes before the end')
  .option('--end <time>', 'Unix seconds or RFC 3339; now, or the end of what the file holds')
  .option('--step <duration>', 'as 15s; a 250th of the range, at least 1s')
  .action(async (expr, options) =>
    end(await (await import('./commands/query.ts')).queryRange(expr, options)),
  );

const slo = program
  .command('slo')
  .description('objectives: the rules that watch them, and their error budgets');

slo
  .command('rules')
  .description('write Prometheus rules: error ratios over each window, burn rates, and alerts on them')
  .argument('<file...>', 'objectives in any format that check knows, or folders of them')
  .addOption(
    new Option('--style <style>', "whose rules; that of the file's own format").choices([
      'sloth',
      'pyrra',
      'openslo',
    ]),
  )
  .option('--label <name=value>', 'added to every recording (repeatable)', collect)
  .option('--period <duration>', 'sloth: of the alert windows', '30d')
  .option('--windows <file>', "sloth: a set of alert windows, in Sloth's format (repeatable)", collect)
  .option('--sloth-version <text>', 'sloth: what the label sloth_version says', 'firedrill')
  .option('--no-optimise', 'sloth: ask the indicator itself over the whole period')
  .option('--generic', 'pyrra: also the groups NAME-generic, for dashboards')
  .option('--exact-le', 'pyrra: match le="1" as it is, and not also the "1.0" of Prometheus 3')
  .option('--operator-rule', 'pyrra: objects for the Prometheus operator')
  .option('--route <file>', "also write an alertmanager.yml with the routes of OpenSLO's alert policies")
  .option('--to <file>', 'write there instead of to standard output')
  .option('--enable-feature <names>', 'as in check (repeatable)', collect)
  .action(async (files, options) =>
    end(await (await import('./commands/slo-rules.ts')).sloRules(files, options)),
  );

slo
  .command('suggest')
  .description(
    'propose objectives that a baseline has kept, with their targets and what they would have done',
  )
  .requiredOption(
    '--source <source>',
    'URL of a Prometheus, run folder or id, or a file of OpenMetrics text with timestamps',
  )
  .option('--source-config <file>', 'how to authenticate at the URL: basic_auth, authorization, tls_config')
  .option('--runs <folder>', 'where run folders are', '.firedrill/runs')
  .addOption(
    new Option('--phase <phase>', 'of a run: which of its phases; baseline when not given').choices([
      'baseline',
      'fault',
      'recovery',
    ]),
  )
  .option('--from <time>', 'Unix seconds, RFC 3339, or before the end as -3d; a day before it at a URL')
  .option('--to <time>', 'the same; now, or the end of what the source holds')
  .option('--service <name>', 'of the objectives; the job of their metrics when not given')
  .option('--write <file>', 'write the objectives there as OpenSLO v1, with what they rest on')
  .addOption(output())
  .action(async (options) => end(await (await import('./commands/slo-suggest.ts')).sloSuggest(options)));

slo
  .command('budget')
  .description('what is left of error budgets, how fast they burn, and when they will be exhausted')
  .argument('<file...>', 'objectives in any format that check knows, or folders of them')
  .requiredOption('--source <source>', 'URL of a Prometheus, run folder or id, or a file of OpenMetrics text')
  .option('--source-config <file>', 'how to authenticate at the URL: basic_auth, authorization, tls_config')
  .option('--runs <folder>', 'where run folders are', '.firedrill/runs')
  .option(
    '--at <time>',
    'Unix seconds, RFC 3339, or before the end as -30m; now, or the end of what the source holds',
  )
  .option('--curve-step <duration>', 'distance of the points of the curve', '1h')
  .option('--fail-below <percent>', 'exit with 1 when less than this is left of any budget')
  .option('--report <html=file>', 'also write a page with a picture of each budget (repeatable)', collect)
  .option('--enable-feature <names>', 'as in check (repeatable)', collect)
  .addOption(output())
  .action(async (files, options) =>
    end(await (await import('./commands/slo-budget.ts')).sloBudget(files, options)),
  );

program
  .command('gate')
  .description(
    'decide from metrics whether to go on: objectives, scores, thresholds, and limits that run out',
  )
  .requiredOption('--source <source>', 'URL of a Prometheus, run folder or id, or a file of OpenMetrics text')
  .option('--source-config <file>', 'how to authenticate at the URL: basic_auth, authorization, tls_config')
  .option('--runs <folder>', 'where run folders are', '.firedrill/runs')
  .option(
    '--slo <file>',
    "Keptn's slo.yaml, or objectives in any format that check knows (repeatable)",
    collect,
  )
  .option('--sli <file>', "Keptn's sli.yaml: the queries of its indicators")
  .option('--set <name=value>', 'a variable of these queries, as SERVICE=shop (repeatable)', collect)
  .option('--indicator <name=promql>', 'an indicator beside those of sli.yaml (repeatable)', collect)
  .option('--threshold <text>', "of an indicator, in k6's syntax: NAME: p(95) < 300 (repeatable)", collect)
  .option('--step <duration>', 'distance of the values that thresholds see; a 120th of the time')
  .option('--analysis <file>', 'AnalysisTemplate of Argo Rollouts (repeatable)', collect)
  .option('--arg <name=value>', 'an argument of it (repeatable)', collect)
  .option('--limit <promql>', 'what must not run out before the deployment has ended (repeatable)', collect)
  .option('--floor <number>', 'what of the limit has to stay', '0')
  .option('--needs <number>', 'what of the limit the deployment itself uses', '0')
  .option('--within <duration>', 'how long the deployment takes', '30m')
  .option('--lookback <duration>', 'the trend of the limit is taken from this much time', '1h')
  .option('--before-deploy', 'judge objectives by what is left of their error budgets')
  .option('--min-budget <percent>', 'what has to be left of each, with --before-deploy', '10%')
  .option('--from <time>', 'Unix seconds, RFC 3339, or before the end as -30m; five minutes before it')
  .option('--to <time>', 'the same; now, or the end of what the source holds')
  .option('--name <name>', 'of the gate, in reports and in the history')
  .option('--history <file>', 'earlier evaluations, for relative criteria', '.firedrill/gates.json')
  .option(
    '--report <kind=file>',
    'also write github, json, junit, markdown or openmetrics (repeatable)',
    collect,
  )
  .option('--enable-feature <names>', 'as in check (repeatable)', collect)
  .addOption(output())
  .action(async (options) => end(await (await import('./commands/gate.ts')).gate(options)));

const routes = program
  .command('routes')
  .description("the routing tree of an Alertmanager configuration, with amtool's arguments and output");
const routed = (command: Command): Command =>
  command
    .option('--config.file <file>', 'alertmanager.yml')
    .option('--alertmanager.url <url>', 'an Alertmanager whose configuration is asked for')
    .option('--http.config.file <file>', 'how to authenticate there: basic_auth, authorization, tls_config')
    .option('--enable-feature <names>', 'utf8-strict-mode or classic-mode, as in Alertmanager', collect);

routed(routes.command('show', { isDefault: true }))
  .description('draw the whole tree')
  .action(async (options) => end(await (await import('./commands/routes.ts')).routesShow(options)));

routed(routes.command('test'))
  .description('tell which receivers an alert with these labels reaches')
  .argument('[label...]', "the alert's labels, as severity=page")
  .option('--tree', 'draw the routes that the alert goes through')
  .option(
    '--verify.receivers <names>',
    'fail unless these receivers are reached, as a,b in the order of the tree',
  )
  .option('--cases <file>', 'try every alert of a YAML list of {labels, receivers}')
  .addOption(output())
  .action(async (labels, options) =>
    end(await (await import('./commands/routes.ts')).routesTest(labels, options)),
  );

// Whatever is asked for, what a crash left is told; `undo` tells it itself.
program.hook('preAction', async (_, command) => {
  if (command.name() !== 'undo') await (await import('./surroundings.ts')).warnOfOrphans();
});

function end(code: number): void {
  process.exitCode = code;
}

// A reader that goes away (`firedrill run … | head`) does not end a drill half-way.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

// Node.js itself would end with what means `fail` here. The watchdog takes back what was in place.
process.on('uncaughtException', async (error) => {
  process.exit((await import('./failure.ts')).showFailure(error));
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) end(error.exitCode === 0 ? 0 : 2);
  else end((await import('./failure.ts')).showFailure(error));
}
