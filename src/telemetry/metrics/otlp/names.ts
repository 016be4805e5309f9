// Names of OpenTelemetry as Prometheus names, by the strategy UnderscoreEscapingWithSuffixes: other characters become
// underscores, the unit and `total` stand at the end.
// https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/

const units: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  TiBy: 'tebibytes',
  KBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '1': '',
  '%': 'percent',
};

const perUnits: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year',
};

export function prometheusName(name: string, unit: string, kind: 'counter' | 'gauge' | 'other'): string {
  const words = wordsOf(name);
  const [main = '', per] = unit.split('/', 2).map((part) => part.trim());
  const mainUnit = unitWords(main, units);
  const perUnit = per === undefined ? '' : unitWords(per, perUnits);
  if (mainUnit !== '' && !words.includes(mainUnit)) words.push(mainUnit);
  if (perUnit !== '' && !words.includes(perUnit)) words.push('per', perUnit);
  if (kind === 'counter') move(words, 'total');
  if (kind === 'gauge' && unit === '1') move(words, 'ratio');
  const joined = words.join('_');
  return /^\d/.test(joined) ? `_${joined}` : joined;
}

/** The unit in words, as it stands at the end of a name and in metadata: `By/s` is `bytes_per_second`. */
export function prometheusUnit(unit: string): string {
  const [main = '', per] = unit.split('/', 2).map((part) => part.trim());
  const mainUnit = unitWords(main, units);
  const perUnit = per === undefined ? '' : unitWords(per, perUnits);
  return [mainUnit, perUnit && `per_${perUnit}`].filter((part) => part !== '').join('_');
}

function wordsOf(text: string): string[] {
  return text.split(/[^A-Za-z0-9:]+/).filter((word) => word !== '');
}

/** An annotation in braces, such as `{request}`, is no unit. */
function unitWords(unit: string, known: Readonly<Record<string, string>>): string {
  if (unit === '' || /[{}]/.test(unit)) return '';
  return Object.hasOwn(known, unit) ? known[unit]! : wordsOf(unit).join('_');
}

/** To the end, where it stands once. */
function move(words: string[], word: string): void {
  const rest = words.filter((other) => other !== word);
  words.splice(0, words.length, ...rest, word);
}

export function prometheusLabel(key: string): string {
  const name = key.replace(/[^A-Za-z0-9_]/g, '_');
  if (/^\d/.test(name)) return `key_${name}`;
  return name.startsWith('_') && !name.startsWith('__') ? `key${name}` : name;
}
