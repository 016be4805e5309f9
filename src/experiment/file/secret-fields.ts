// Which strings of an experiment are secret by where they stand, whether or not they came from the environment.

import { redactDeep, redacted } from '../../base/redact.ts';
import type { Experiment } from '../model.ts';

/** As the file names them, and as the experiment does. */
const secretKeys: ReadonlySet<string> = new Set([
  'password',
  'bearer_token',
  'bearerToken',
  'credentials',
  'token',
]);
/** In these mappings the keys are names that the user chose. */
const namedValues: ReadonlySet<string> = new Set(['headers', 'env']);
const secretName = /passw(or)?d|secret|token|credential|api[-_]?key|private[-_]?key|cookie|authorization/i;
/** In these a key such as `token` is the name of a label. */
const labelMappings: ReadonlySet<string> = new Set([
  'labels',
  'externalLabels',
  'labelSelectors',
  'scope',
  'failOn',
  'pods',
]);

/** Every secret string of the file's value, and the password inside an address that carries one. */
export function secretStrings(value: unknown): string[] {
  const found: string[] = [];
  visit(value, '', '', (text) => {
    found.push(text);
    return text;
  });
  return found;
}

/** The value with each secret field replaced, however short its secret is. */
export function withoutSecretFields(value: unknown): unknown {
  return visit(value, '', '', () => redacted);
}

/** Fields of an experiment that hold words of ours: they stay readable, even when somebody's password is `http`. */
const vocabulary: ReadonlySet<string> = new Set([
  'type',
  'kind',
  'mode',
  'expect',
  'verdict',
  'scheme',
  'method',
  'action',
  'direction',
  'baseline',
  'recovery',
  // Its secrets were replaced where they stand.
  'resolvedText',
]);

/** What of an experiment may be written: without its secrets, and otherwise the same experiment. */
export function withoutSecrets(experiment: Experiment): Experiment {
  const { secrets, ...rest } = experiment;
  const hidden = withoutSecretFields(rest) as Omit<Experiment, 'secrets'>;
  return { ...redactDeep(hidden, secrets, vocabulary), secrets: [] };
}

function visit(value: unknown, key: string, holder: string, replace: (secret: string) => string): unknown {
  if (typeof value === 'string') {
    if (value === '') return value;
    if (secretKeys.has(key) || (namedValues.has(holder) && secretName.test(key))) return replace(value);
    const password = passwordInUrl(value);
    return password ? value.replace(`:${password}@`, () => `:${replace(password)}@`) : value;
  }
  if (Array.isArray(value)) return value.map((entry) => visit(entry, '', key, replace));
  if (value === null || typeof value !== 'object' || labelMappings.has(key)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([inner, part]) => [inner, visit(part, inner, key, replace)]),
  );
}

/** As it is written there, percent-encoding included. */
function passwordInUrl(text: string): string | undefined {
  if (!text.includes('@') || !URL.canParse(text)) return undefined;
  return /^[A-Za-z][\w+.-]*:\/\/[^/@:]*:([^/@]+)@/.exec(text)?.[1];
}
