// Every error that a user can meet: a stable code, what it is, and the exit code of a command that ends with it.
// docs/errors.md is generated from this list, and a test holds the two together. Codes are never reused.
//
// Ranges: 1xx files, 2xx PromQL, 3xx rules, 4xx Alertmanager, 5xx targets, 6xx faults and leases,
// 7xx telemetry, 8xx runs, 9xx the tool and its surroundings.

export const exitCodes = {
  pass: 0,
  fail: 1,
  badInput: 2,
  inconclusive: 3,
  stopped: 4,
  toolError: 5,
  notUndone: 6,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

interface CatalogueEntry {
  readonly title: string;
  /** Exit code of a command that ends because of it; 2 unless said otherwise. */
  readonly exit?: ExitCode;
  /** What to do about it. */
  readonly hint: string;
}

export const catalogue = {
  // 1xx: files
  FD101: { title: 'File cannot be read', hint: 'Check the path and its permissions.' },
  FD102: {
    title: 'File is empty',
    hint: 'An experiment begins with apiVersion and kind; see docs/experiment.md.',
  },
  FD103: { title: 'Not valid YAML', hint: 'The position names the first character that does not fit.' },
  FD104: {
    title: 'More than one document in a file that holds one',
    hint: 'Keep one document a file, or remove the `---`.',
  },
  FD105: { title: 'Wrong type or value', hint: 'The message says what is expected there.' },
  FD106: { title: 'Unknown key', hint: 'The nearest known key is named; unknown keys are never ignored.' },
  FD107: { title: 'Required key is missing', hint: 'Add the key that the message names.' },
  FD108: {
    title: 'Environment variable is not set',
    hint: 'Set it, or write `${NAME:-default}`; `$${` stands for a plain `${`.',
  },
  FD109: {
    title: 'Kind of file not recognised',
    hint: 'Name it with `--kind`, or check apiVersion and kind.',
  },
  FD110: { title: 'Reference to something that is not defined', hint: 'The message lists what is defined.' },
  FD111: { title: 'Name used twice', hint: 'Names are unique within their list.' },
  FD112: {
    title: 'Not a valid duration',
    hint: 'Write 500ms, 30s, 5m, 1h30m; it must be above zero unless said otherwise.',
  },
  FD113: {
    title: 'File goes beyond a limit',
    hint: 'A file has at most 1 MiB and 100 levels of nesting, and its aliases repeat little.',
  },
  FD114: {
    title: 'Not a substitution',
    hint: 'Write `${NAME}` or `${NAME:-default}` in a value; `$${` stands for a plain `${`.',
  },
  FD115: {
    title: 'Command-line setting that does not fit',
    hint: 'Write `--set spec.faults[0].spec.duration=30s`, `--target app=process:port:8080`.',
  },
  FD116: {
    title: 'One alert entry matches rules of different severities',
    hint: 'Page and ticket under one name are two entries; tell them apart with `labels`.',
  },
  FD117: {
    title: 'Host that the drill may not reach',
    hint: 'Traffic and proxies stay on loopback unless `spec.limits.hosts` names the host.',
  },
  FD118: {
    title: 'Collateral fails the run without a scope',
    hint: 'A shared Prometheus holds the alerts of other teams; say which labels are yours in `scope`.',
  },
  FD119: {
    title: 'Expression is not a comparison',
    hint: 'Its outermost operator must be one of == != < <= > >=, so that it is true or false.',
  },
  FD120: { title: 'Setting without effect', hint: 'Remove it, or change what makes it useless.' },
  FD121: {
    title: 'Setting that the embedded engine does not use',
    hint: 'The file is good for Prometheus; here the setting changes nothing.',
  },
  FD130: {
    title: 'Only a cluster can do this',
    hint: 'Apply the file to a cluster with Chaos Mesh; the message says what it takes.',
  },
  FD131: {
    title: 'No fault in the file',
    hint: 'Name a file with an experiment, or with a fault, a Schedule or a Workflow of Chaos Mesh.',
  },
  FD132: {
    title: 'Experiment is paused',
    hint: 'Remove the annotation `experiment.chaos-mesh.org/pause` from the file.',
  },
  FD133: {
    title: 'Schedule that cannot be read',
    hint: 'Write five cron fields (or six, with seconds first), @hourly and the like, or @every 30s.',
  },
  FD134: {
    title: 'Condition of a workflow that cannot be read',
    hint: 'It compares exitCode and stdout: `exitCode == 0 && stdout contains "ready"`.',
  },
  FD135: {
    title: 'Workflow that calls itself',
    hint: 'A template may not be among its own children or branches, nor among theirs.',
  },
  FD140: {
    title: 'Pattern or path of a tolerance that cannot be read',
    hint: 'Patterns are RE2, paths are JSONPath; see docs/chaos-toolkit.md.',
  },
  FD141: {
    title: 'Activities that refer to each other in a circle',
    hint: 'A `ref` names an activity that has a provider.',
  },
  FD142: {
    title: 'Reference to a value that is not there',
    hint: 'Name it in `configuration` or `secrets`; `$$` stands for a plain `$`.',
  },
  FD143: {
    title: 'Source of secrets that is not supported',
    hint: 'Put the secret into an environment variable, and read it with `type: env`.',
  },
  FD144: {
    title: 'Controls are not applied',
    hint: 'They are code for the chaos command; the experiment is played without them.',
  },
  FD145: {
    title: 'Program or Python function of an activity is not there',
    hint: 'Install it, or correct its name; nothing was run.',
  },
  FD146: {
    title: 'Value of the configuration that its probe could not find out',
    exit: exitCodes.toolError,
    hint: 'Nothing was run but the probe. The message says what it answered.',
  },
  // 2xx: PromQL
  FD201: { title: 'PromQL syntax error', hint: 'The position is inside the expression.' },
  FD202: {
    title: 'PromQL type error',
    hint: 'The message names the type that the operator or function takes.',
  },
  FD203: {
    title: 'PromQL expression too deep',
    hint: 'The limit is in docs/promql.md; a recording rule can take a part out of it.',
  },
  FD204: {
    title: 'Query failed while it was evaluated',
    hint: 'The message is the one that Prometheus would give.',
  },
  FD205: {
    title: 'Query touches too many samples',
    hint: 'Narrow the selectors or the range, or raise the limit.',
  },
  FD206: {
    title: 'Query took too long',
    hint: 'Narrow the selectors or the range, take a longer step, or raise the timeout.',
  },
  // 3xx: rules
  FD301: {
    title: 'Rule is neither or both of recording and alerting',
    hint: 'Set exactly one of `record` and `alert`.',
  },
  FD302: {
    title: 'Field that a recording rule cannot have',
    hint: 'Only alerting rules have for, keep_firing_for and annotations.',
  },
  FD303: {
    title: 'Not a valid name of a metric, label or annotation',
    hint: 'A recorded metric has no braces; the label __name__ is set by `record`.',
  },
  FD304: {
    title: 'Template syntax error',
    hint: 'Labels and annotations of alerts are Go templates; the position is inside the template.',
  },
  FD305: {
    title: 'Rule is there twice',
    hint: 'Two rules of one name and labels write the same series; rename or remove one.',
  },
  FD310: {
    title: 'Comparison that is never true, or always',
    hint: 'Compare with a value that the left side can reach; docs/lint.md says how its bounds are found.',
  },
  FD311: {
    title: 'Matchers that no series can satisfy',
    hint: 'Remove or correct one of them; a list of values is =~"a|b".',
  },
  FD312: {
    title: 'Duration of `for` shorter than a scrape interval',
    hint: 'Make it as long as a few scrapes, or leave it out.',
  },
  FD313: {
    title: 'Range shorter than four scrapes',
    hint: 'Make it four scrapes or longer, so that one may fail.',
  },
  FD314: { title: 'Rate of a gauge', hint: 'Use deriv() or delta(), which take falls as they are.' },
  FD315: { title: 'Delta of a counter', hint: 'Use increase() or rate(), which know restarts.' },
  FD316: {
    title: 'Error series that is born with the first error',
    hint: 'Add `or vector(0)` behind the numerator, or an alert with absent().',
  },
  FD317: { title: 'Join that loses series', hint: 'Aggregate both sides alike, or say on() or ignoring().' },
  FD318: {
    title: 'Aggregation drops a label that a template needs',
    hint: 'Keep the label in by (…), or leave it out of the text.',
  },
  FD319: {
    title: 'Aggregation drops a label that a route needs',
    hint: 'Keep the label in by (…), or set it in the labels of the rule.',
  },
  FD320: {
    title: 'Alert that only the default route takes',
    hint: 'Give it the labels of a route, or add a route for it.',
  },
  FD321: {
    title: 'Selector that matches nothing',
    hint: 'Correct the name or the value, or look whether the target is scraped.',
  },
  FD322: {
    title: 'Comment that silences nothing',
    hint: 'Write `# firedrill: ignore FD313` in or above a rule, or `# firedrill: ignore-file FD313`.',
  },
  // 4xx: Alertmanager
  FD401: {
    title: 'Not a valid matcher',
    hint: 'Write name="value", name!="value", name=~"regex" or name!~"regex".',
  },
  FD402: {
    title: 'Root route with what only its children may have',
    hint: 'The root takes every alert: it names a receiver and has no matchers, continue or time intervals.',
  },
  FD403: { title: 'Settings that exclude each other', hint: 'Keep one of those that the message names.' },
  FD404: {
    title: 'Receiver lacks a setting',
    hint: 'Set one of those that the message names, in the receiver or in `global`.',
  },
  FD405: {
    title: 'Not a valid time interval',
    hint: 'Times are 09:00 to 24:00; days, months and years are names or numbers, or ranges a:b.',
  },
  FD406: {
    title: 'Setting that is not applied',
    hint: 'Requests are made without it; the real Alertmanager would apply it.',
  },
  FD407: {
    title: 'Capture receiver would be open to the network',
    hint: 'Listen on 127.0.0.1, or set `capture.token`.',
  },
  FD408: {
    title: 'Capture receiver cannot listen',
    exit: exitCodes.toolError,
    hint: 'Choose another port, or 0 for any free one.',
  },
  FD409: {
    title: 'Template file of the notifications is wrong',
    hint: 'Alertmanager would not start either. Correct the file, or take it out of `templates`.',
  },
  // 5xx: targets
  FD501: {
    title: 'Command of a target cannot be started',
    hint: 'Check its name, its path, and that it may be executed.',
  },
  FD502: {
    title: 'Target ended before it was ready',
    exit: exitCodes.toolError,
    hint: 'The last lines of its log are shown. It must stay in the foreground.',
  },
  FD503: {
    title: 'Target did not get ready in time',
    exit: exitCodes.toolError,
    hint: 'Check the address of `ready`, or give it more time with `ready.within`.',
  },
  FD504: { title: 'Nobody listens on the port', hint: 'Start the target first, or correct the port.' },
  FD505: { title: 'Process is gone', hint: 'Name a live process; `process.port` finds one by its port.' },
  FD506: {
    title: 'No right to act on the process',
    hint: 'Run as the user that the process belongs to, or as root.',
  },
  FD507: {
    title: 'Address of the target is already in use',
    hint: 'End the process that is named, or choose another port.',
  },
  FD510: { title: 'Process 1 would be hit', hint: 'It takes the machine down; `--allow FD510` lifts this.' },
  FD511: {
    title: 'Our own processes would be hit',
    hint: 'A drill that stops itself cannot undo anything; `--allow FD511` lifts this.',
  },
  FD512: {
    title: 'The shell, terminal or SSH daemon that we run under would be hit',
    hint: 'It may end this session and the drill with it; `--allow FD512` lifts this.',
  },
  FD513: { title: 'Kernel thread as a target', hint: 'Kernel threads take no signals; name a process.' },
  FD514: {
    title: 'Every process of a user would be hit',
    hint: 'Name one program of theirs; `--allow FD514` lifts this.',
  },
  FD515: {
    title: 'The machine itself would be hit',
    hint: 'Everything on it may feel the fault; `--allow host`, which is `--allow FD515`, lifts this.',
  },
  FD516: {
    title: 'The loopback of the whole machine would be hit',
    hint: 'Name the ports that are meant in `ports`; `--allow FD516` lifts this.',
  },
  FD517: {
    title: 'The line to this machine would be hit',
    hint: 'Nobody could take it back from there: leave the port of SSH out of `ports`.',
  },
  FD520: {
    title: 'Container is not there',
    hint: 'Start it first, or correct its name; the engines that were asked are named.',
  },
  FD521: {
    title: 'Container belongs to another runtime',
    hint: 'Correct `runtime`, or leave it out.',
  },
  FD522: {
    title: 'No right to open the socket of a container engine',
    hint: 'Run as root, or as a user of the group that the socket belongs to.',
  },
  FD523: {
    title: 'No container engine answers',
    hint: 'Start Docker, or `podman system service`; name its socket in `socket`, DOCKER_HOST or CONTAINER_HOST.',
  },
  FD524: {
    title: 'Container is not clear',
    hint: 'Name it by `id`, or say which engine is meant with `socket` or `runtime`.',
  },
  // 6xx: faults and leases
  FD600: {
    title: 'No driver can inject this fault here',
    hint: 'Each driver is listed with what would let it work.',
  },
  FD601: {
    title: 'Lease journal cannot be used',
    exit: exitCodes.toolError,
    hint: 'Nothing is injected without it. Free some space, or name a folder of yours in FIREDRILL_STATE.',
  },
  FD602: {
    title: 'Lease that cannot be read',
    exit: exitCodes.toolError,
    hint: 'Look into the file; remove it when the fault that it tells of is gone.',
  },
  FD603: {
    title: 'No watchdog',
    exit: exitCodes.toolError,
    hint: 'Nothing is injected without one. The message says why it did not start or stay.',
  },
  FD604: {
    title: 'Target is in the hands of another run',
    hint: 'Wait for that run, or end it with `firedrill stop`.',
  },
  FD606: { title: 'Run is not alive', hint: 'It has ended already, or runs on another machine.' },
  FD607: { title: 'No right to stop the run', hint: 'Stop it as the user who started it, or as root.' },
  FD651: {
    title: 'Pattern of host names is not valid',
    hint: 'Write a name, with `?` for one character and `*` for any number of them.',
  },
  FD652: {
    title: 'Namespace for the target cannot be built',
    exit: exitCodes.toolError,
    hint: 'The message is that of the program that failed.',
  },
  FD655: {
    title: 'Certificate of a fault cannot be used',
    hint: '`tls.certFile` and `tls.keyFile` are PEM files that belong together, relative to the experiment.',
  },
  FD656: {
    title: 'Port of an HTTP fault does not fit',
    hint: 'Name the port that the target listens on, and one certificate for all faults on it.',
  },
  FD660: {
    title: 'Field of NetworkChaos that has no meaning here',
    hint: 'It is about a cluster, or about the far side of a line; the message says what to write instead.',
  },
  FD661: {
    title: 'Not a valid bandwidth',
    hint: 'Write a number and a unit of tc: `bit` to `tbit` are bits, `bps` to `tbps` bytes a second.',
  },
  FD662: {
    title: 'Target whose packets cannot be found',
    hint: 'It must run, with all of its processes in one network namespace.',
  },
  FD663: {
    title: 'Network device or port that is taken',
    hint: 'One fault at a time can shape a device, or lead a port elsewhere; put both into one fault with action netem.',
  },
  FD670: { title: 'Not a host and port', hint: 'Write `127.0.0.1:8080`, `name:80` or `[::1]:8080`.' },
  // 8xx: runs
  FD760: {
    title: 'Criterion of a quality gate is not valid',
    hint: 'A criterion is an operator and a number: <600, <=+10%, >-5 or =0.',
  },
  FD761: {
    title: 'Condition of an analysis is not valid',
    hint: 'A condition is about result: result[0] >= 0.95, or len(result) == 0 || result[0] < 1.',
  },
  FD762: {
    title: 'Measured in a way that is not evaluated here',
    hint: 'Analyses are evaluated where their metrics are instant queries of Prometheus.',
  },
  FD763: {
    title: 'History of gates cannot be read',
    hint: 'Name the file that an earlier gate wrote, or one that does not exist yet.',
  },
  FD764: {
    title: 'Gate without anything to decide on',
    hint: 'Give --slo, --threshold, --analysis, or --limit.',
  },
  FD765: {
    title: 'Threshold of a gate is not valid',
    hint: 'An aggregate, an operator and a number: avg < 200, p(95) < 300, rate > 0.99.',
  },
  FD801: {
    title: 'Run folder cannot be written',
    exit: exitCodes.toolError,
    hint: 'Free some space, or name another place with `--runs`.',
  },
  FD802: { title: 'Plan is longer than the limit', hint: 'Shorten the phases or raise `limits.runTime`.' },
  FD803: {
    title: 'Somebody real would be notified',
    hint: 'Hold them with `--notify shadow`, tell them with `--notify deliver`, or use an embedded Alertmanager.',
  },
  FD804: {
    title: 'Run not found',
    hint: 'Name a run folder, or a run by its id; `--runs` says where they are.',
  },
  FD805: {
    title: 'Run folder is incomplete',
    hint: 'It needs experiment.yaml and timeline.jsonl to be judged.',
  },
  FD806: {
    title: 'More of the targets would be hit than the limit allows',
    hint: 'Lower the mode or value, or raise `limits.share`.',
  },
  // 7xx: telemetry
  FD701: {
    title: 'Source of telemetry cannot be reached',
    exit: 5,
    hint: 'Check that it runs, its address, and the TLS settings.',
  },
  FD702: {
    title: 'Source of telemetry did not answer in time',
    exit: 5,
    hint: 'Raise the timeout, or find out why it is slow.',
  },
  FD703: {
    title: 'Source of telemetry refused the request',
    exit: 5,
    hint: 'The status says why: 401 and 403 mean the credentials, 404 the path.',
  },
  FD704: {
    title: 'Answer of a source of telemetry is over a limit',
    exit: 5,
    hint: 'Raise body_size_limit or sample_limit, or expose less.',
  },
  FD705: {
    title: 'Answer of a source of telemetry is not what was asked for',
    exit: 5,
    hint: 'Check the path: it may be a web page, or another program.',
  },
  FD706: {
    title: 'Exposition text cannot be read',
    exit: 5,
    hint: 'The line is that of the exposition; `promtool check metrics` may say more.',
  },
  FD707: {
    title: 'Credentials or certificates cannot be read',
    exit: 5,
    hint: 'Check the file that the message names and its permissions.',
  },
  FD708: {
    title: 'Series store is full',
    exit: 5,
    hint: 'Scrape less often, expose fewer series, or raise the limit.',
  },
  FD709: {
    title: 'Recording cannot be written',
    exit: 5,
    hint: 'Check the free space and the permissions of the run folder.',
  },
  FD710: { title: 'Recording cannot be read', hint: 'Name the run folder, or its recording/ folder.' },
  FD807: {
    title: 'Report cannot be written',
    exit: exitCodes.toolError,
    hint: 'Check the folder and its permissions.',
  },
  FD808: {
    title: 'Pager cannot be shadowed',
    hint: 'See docs/alerting.md#shadow; `--notify deliver` lets everybody be told.',
  },
  FD809: {
    title: 'Silence that held the pager is gone',
    exit: exitCodes.toolError,
    hint: 'Ask who ended it; the run was stopped so that nobody is called for a drill.',
  },
  FD810: {
    title: 'Windows still hold the fault of an earlier run',
    hint: 'Wait until the time that is named, or use `--allow FD810` and expect alerts that ring for both.',
  },
  // 85x: files with objectives
  FD850: {
    title: 'Name that the format of objectives does not allow',
    hint: 'Names are RFC 1123 labels: lower-case letters, digits and `-`, at most 63 characters.',
  },
  FD851: {
    title: 'Fields of an objective that do not fit together',
    hint: 'Keep exactly one of those that the message names.',
  },
  FD852: {
    title: 'Specification of the format contradicts itself here',
    hint: 'The message says how it is read; docs/slo.md lists all such places.',
  },
  FD853: {
    title: 'Query of an indicator that cannot be evaluated here',
    hint: 'Firedrill evaluates PromQL: name a source of the type Prometheus and put the text into `query`.',
  },
  FD854: {
    title: 'References of objectives in a circle',
    hint: 'An indicator is an SLI; let the parts name SLIs, not SLOs.',
  },
  FD855: {
    title: 'Format of objectives that is off',
    hint: 'It is not stable yet; `--enable-feature openslo-v2alpha` reads it.',
  },
  FD856: {
    title: 'Objective without an error budget',
    hint: 'Nothing holds 100 %: choose the highest target whose misses you are ready to be woken for.',
  },
  FD857: {
    title: 'Objective of which no rules in that style can be made',
    hint: 'The message says what is in the way; `slo rules --style` has others, and docs/slo.md says what each takes.',
  },
  FD858: {
    title: 'Objective that may not say what was meant',
    hint: 'It is read as it stands; the message says what is usual there.',
  },
  // 9xx: the tool and its surroundings
  FD901: {
    title: 'Server cannot listen',
    exit: exitCodes.toolError,
    hint: 'Choose another port, or end the program that has it.',
  },
  FD902: {
    title: 'Server would be open to the network',
    hint: 'Listen on 127.0.0.1, or name a file with a token in `--token-file`.',
  },
  FD903: {
    title: 'Not a feature that can be enabled',
    hint: 'The message lists those that there are.',
  },
  FD904: {
    title: 'Not a time or step of a query',
    hint: 'Write Unix seconds, 2026-11-20T12:00:00Z, or a duration such as 15s for a step.',
  },
  FD905: {
    title: 'No configuration to read again',
    hint: 'Start `firedrill serve` with `--config`.',
  },
  FD906: {
    title: 'Proxies of the configuration cannot be made',
    hint: 'The file is a JSON array of {name, listen, upstream}; see docs/proxy.md.',
  },
  FD907: {
    title: 'Nothing tells how the target is doing',
    hint: 'Name its metrics with `--metrics URL`, or a Prometheus that has them with `--prometheus URL`.',
  },
  FD908: {
    title: 'File is there already',
    hint: 'Choose another name with `--to`, or replace it with `--force`.',
  },
  FD909: {
    title: 'Questions were not answered',
    exit: exitCodes.stopped,
    hint: 'Give the answers as options, or take the defaults with `--yes`.',
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;
