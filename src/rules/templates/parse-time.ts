// Go's time.Parse for the layouts that dates in labels and annotations have: numbers, names of months and days,
// fractions of a second and numeric zones. A time without a zone is UTC.

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

type Field =
  | 'year'
  | 'shortYear'
  | 'month'
  | 'monthName'
  | 'day'
  | 'hour'
  | 'minute'
  | 'second'
  | 'half'
  | 'zone';

/** Longest first. The field is undefined where the text is read and not used. */
const parts: readonly (readonly [string, string, Field | undefined])[] = [
  ['January', '([A-Za-z]{3,9})', 'monthName'],
  ['Monday', '([A-Za-z]{6,9})', undefined],
  ['Z07:00', '(Z|[+-]\\d\\d:\\d\\d)', 'zone'],
  ['-07:00', '([+-]\\d\\d:\\d\\d)', 'zone'],
  ['Z0700', '(Z|[+-]\\d{4})', 'zone'],
  ['-0700', '([+-]\\d{4})', 'zone'],
  ['2006', '(\\d{4})', 'year'],
  ['Jan', '([A-Za-z]{3})', 'monthName'],
  ['Mon', '([A-Za-z]{3})', undefined],
  ['MST', '([A-Z]{3,4})', undefined],
  ['15', '(\\d\\d?)', 'hour'],
  ['01', '(\\d\\d)', 'month'],
  ['02', '(\\d\\d)', 'day'],
  ['03', '(\\d\\d)', 'hour'],
  ['04', '(\\d\\d)', 'minute'],
  ['05', '(\\d\\d(?:[.,]\\d{1,9})?)', 'second'],
  ['06', '(\\d\\d)', 'shortYear'],
  ['_2', ' ?(\\d\\d?)', 'day'],
  ['PM', '(AM|PM)', 'half'],
  ['pm', '(am|pm)', 'half'],
  ['1', '(\\d\\d?)', 'month'],
  ['2', '(\\d\\d?)', 'day'],
  ['3', '(\\d\\d?)', 'hour'],
  ['4', '(\\d\\d?)', 'minute'],
  ['5', '(\\d\\d?(?:[.,]\\d{1,9})?)', 'second'],
];

/** Unix milliseconds, or undefined when the text is not of that layout. */
export function parseGoTime(layout: string, text: string): number | undefined {
  const { pattern, fields } = compile(layout);
  const match = pattern.exec(text);
  if (!match) return undefined;
  const read = new Map<Field, string>();
  fields.forEach((field, i) => {
    if (field) read.set(field, match[i + 1]!);
  });
  return timeOf(read);
}

function compile(layout: string): { pattern: RegExp; fields: (Field | undefined)[] } {
  const fields: (Field | undefined)[] = [];
  let source = '';
  for (let at = 0; at < layout.length; ) {
    const rest = layout.slice(at);
    const fraction = /^[.,](?:0+|9+)(?!\d)/.exec(rest);
    const part = parts.find(([name]) => rest.startsWith(name));
    // The seconds' own pattern takes a fraction with it, whether the layout names one or not, as Go does.
    if (fraction && layout.slice(0, at).endsWith('5')) {
      at += fraction[0].length;
      continue;
    }
    source += part ? part[1] : rest[0]!.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
    if (part) fields.push(part[2]);
    at += part ? part[0].length : 1;
  }
  return { pattern: new RegExp(`^${source}$`), fields };
}

function timeOf(read: ReadonlyMap<Field, string>): number | undefined {
  const number = (field: Field, otherwise: number): number =>
    read.has(field) ? Number(read.get(field)!.replace(',', '.')) : otherwise;
  const short = number('shortYear', Number.NaN);
  const year = number('year', Number.isNaN(short) ? 0 : short < 69 ? 2000 + short : 1900 + short);
  const named = read.get('monthName')?.slice(0, 3).toLowerCase();
  const month = named === undefined ? number('month', 1) : monthNames.indexOf(named) + 1;
  const [day, minute, second] = [number('day', 1), number('minute', 0), number('second', 0)];
  let hour = number('hour', 0);
  const half = read.get('half')?.toUpperCase();
  if (half !== undefined) hour = (hour % 12) + (half === 'PM' ? 12 : 0);
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second >= 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCDate() !== day) return undefined;
  return date.getTime() + (hour * 60 + minute) * 60_000 + second * 1000 - zoneOffsetMs(read.get('zone'));
}

function zoneOffsetMs(zone: string | undefined): number {
  const match = /^([+-])(\d\d):?(\d\d)$/.exec(zone ?? '');
  if (!match) return 0;
  const ms = (Number(match[2]) * 60 + Number(match[3])) * 60_000;
  return match[1] === '-' ? -ms : ms;
}
