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
  FD108: { title: 'Environment variable is not set', hint: 'Set it, or write `${NAME:-default}`.' },
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
  // 2xx: PromQL
  FD201: { title: 'PromQL syntax error', hint: 'The position is inside the expression.' },
  FD202: {
    title: 'PromQL type error',
    hint: 'The message names the type that the operator or function takes.',
  },
  FD203: {
    title: 'PromQL feature that this version does not evaluate',
    hint: 'See docs/promql.md for what is there.',
  },
  FD204: {
    title: 'Query failed while it was evaluated',
    hint: 'The message is the one that Prometheus would give.',
  },
  FD205: {
    title: 'Query touches too many samples',
    hint: 'Narrow the selectors or the range, or raise the limit.',
  },
  // 6xx: faults and leases
  FD600: {
    title: 'No driver can inject this fault here',
    hint: 'Each driver is listed with what would let it work.',
  },
  // 8xx: runs
  FD801: {
    title: 'Run folder cannot be written',
    exit: exitCodes.toolError,
    hint: 'Free some space, or name another place with `--runs`.',
  },
  FD802: { title: 'Plan is longer than the limit', hint: 'Shorten the phases or raise `limits.runTime`.' },
  FD803: {
    title: 'Somebody real would be notified',
    hint: 'Run with `--notify deliver` when they know of the drill, or use an embedded Alertmanager.',
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
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;
