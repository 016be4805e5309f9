// Requests with a label that says how they ended: status codes of HTTP, codes of gRPC, or words such as ok and error.

import { type Candidate, type Detector, kebab } from '../candidate.ts';
import { equals, labelsOf, type Metric, selector, valuesOf } from '../metrics.ts';

/** What a label says about bad events: a matcher, and words for people. */
interface Outcome {
  readonly bad: string;
  readonly words: string;
}

export const requests: Detector = (metrics) =>
  metrics.all().flatMap((metric): Candidate[] => {
    if (!isCounter(metric)) return [];
    const outcome = outcomeOf(metric);
    if (!outcome) return [];
    const { name, job } = metric;
    const total = selector(name, job);
    return [
      {
        kind: 'ratio',
        signal: 'errors',
        name: kebab(name),
        job,
        about: `${name} that did not end with ${outcome.words}`,
        probe: total,
        metrics: [name],
        bad: `sum(${selector(name, job, outcome.bad)})`,
        total: `sum(${total})`,
      },
    ];
  });

function isCounter({ name, type }: Metric): boolean {
  return type === 'counter' && !/_(?:bucket|sum)$/.test(name) && !/(?:bytes|seconds)_total$/.test(name);
}

const readers: readonly ((label: string, values: readonly string[]) => Outcome | undefined)[] = [
  grpcCode,
  word,
  httpCode,
];

function outcomeOf(metric: Metric): Outcome | undefined {
  for (const read of readers) {
    for (const label of labelsOf(metric)) {
      const outcome = read(label, valuesOf(metric, label));
      if (outcome) return outcome;
    }
  }
  return undefined;
}

const httpLabels =
  /^(?:code|status|status_?code|http_?(?:status|code|status_code|response_status_code)|response_?code|response_code_class|envoy_response_code(?:_class)?|statusCode)$/;

/** The service's own mistakes are those with 5; a 4 is the client's. */
function httpCode(label: string, values: readonly string[]): Outcome | undefined {
  if (!httpLabels.test(label)) return undefined;
  if (values.every((value) => /^[1-5](?:\d\d|xx)$/i.test(value)))
    return { bad: `${label}=~"5.."`, words: `${label} 5xx` };
  const isClass = /_class$/.test(label) && values.every((value) => /^[1-5]$/.test(value));
  return isClass ? { bad: equals({ [label]: '5' }), words: `${label} 5` } : undefined;
}

const grpcLabels = /^(?:grpc_?code|grpc_?status|grpc_?status_?code|rpc_grpc_status_code|code)$/i;
/** Those that OpenTelemetry's conventions call errors of the server; the others are the caller's. */
const grpcErrors = ['Unknown', 'DeadlineExceeded', 'Unimplemented', 'Internal', 'Unavailable', 'DataLoss'];
const grpcOthers = [
  ...['OK', 'Canceled', 'Cancelled', 'InvalidArgument', 'NotFound', 'AlreadyExists', 'PermissionDenied'],
  ...['ResourceExhausted', 'FailedPrecondition', 'Aborted', 'OutOfRange', 'Unauthenticated'],
];
const grpcErrorNumbers = ['2', '4', '12', '13', '14', '15'];

function grpcCode(label: string, values: readonly string[]): Outcome | undefined {
  if (!grpcLabels.test(label) || values.length === 0) return undefined;
  const upper = (name: string) => name.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase();
  const known = new Set([...grpcErrors, ...grpcOthers]);
  const matching = (names: readonly string[]): Outcome => ({
    bad: `${label}=~"${names.join('|')}"`,
    words: `an error of the server in ${label}`,
  });
  if (values.every((value) => known.has(value))) return matching(grpcErrors);
  if (values.every((value) => [...known].map(upper).includes(value))) return matching(grpcErrors.map(upper));
  const isNumbered = /grpc/i.test(label) && values.every((value) => /^(?:\d|1[0-6])$/.test(value));
  return isNumbered ? matching(grpcErrorNumbers) : undefined;
}

const wordLabels =
  /^(?:result|outcome|status|state|success|successful|error|is_error|failed|disposition|response)$/;
const goodWords =
  /^(?:ok|success|successful|succeeded|completed?|done|processed|accepted|ack(?:ed)?|acknowledged|delivered|sent|valid|pass(?:ed)?)$/i;
const badWords =
  /^(?:err|errors?|fail(?:ed|ures?|ure)?|timeouts?|timed_?out|reject(?:ed)?|refused|dropped|abort(?:ed)?|panic|exception|crash(?:ed)?|dead(?:_?letter(?:ed)?)?|nack(?:ed)?|invalid|unavailable|server_error|lost)$/i;
/** Neither the service's success nor its mistake. */
const neutralWords = /^(?:cancell?ed|skipped|ignored|retr(?:y|ied)|client_error|not_found)$/i;

/** All values must be words that are known: a label with others means something else. */
function word(label: string, values: readonly string[]): Outcome | undefined {
  if (!wordLabels.test(label) || values.length === 0) return undefined;
  const truth = truthOf(label, values);
  if (truth) return truth;
  const good = values.filter((value) => goodWords.test(value));
  const bad = values.filter((value) => badWords.test(value));
  const isKnown = values.every(
    (value) => goodWords.test(value) || badWords.test(value) || neutralWords.test(value),
  );
  if (!isKnown || good.length === 0) return undefined;
  // A failure that the baseline did not have has no word yet: whatever is not known to be right counts.
  const right = values.filter((value) => !bad.includes(value)).join('|');
  return { bad: `${label}!~"${right}"`, words: `another ${label} than ${right}` };
}

function truthOf(label: string, values: readonly string[]): Outcome | undefined {
  if (!values.every((value) => /^(?:true|false|0|1|yes|no)$/i.test(value))) return undefined;
  const isGood = /^success/.test(label);
  if (!isGood && !/error|failed/.test(label)) return undefined;
  const bad = isGood ? 'false|False|0|no' : 'true|True|1|yes';
  return { bad: `${label}=~"${bad}"`, words: `${label} ${bad.split('|')[0]}` };
}
