const NUMBER = new Intl.NumberFormat('en');
const AGO = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'narrow' });
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60]
];
const SIZES = ['B', 'kB', 'MB', 'GB', 'TB'];

/** "1 row", "336,776 rows". */
export function counted(number: number, noun: string): string {
  return `${NUMBER.format(number)} ${noun}${number === 1 ? '' : 's'}`;
}

export function grouped(number: number): string {
  return NUMBER.format(number);
}

/** How long ago an instant was: "5 min. ago". */
export function ago(instant: string, now = Date.now()): string {
  const seconds = (now - Date.parse(instant)) / 1000;
  const step = STEPS.find(([, length]) => seconds >= length);
  return step ? AGO.format(-Math.floor(seconds / step[1]), step[0]) : 'just now';
}

/** An instant in full, always UTC: "2013-01-31 05:15:00 UTC". */
export function exactly(instant: string): string {
  return `${new Date(instant).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

export function size(bytes: number): string {
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), SIZES.length - 1);
  const value = bytes / 1000 ** step;
  return `${value < 10 && step > 0 ? value.toFixed(1) : Math.round(value)} ${SIZES[step]}`;
}

/** A type without the words that everybody knows: "Datetime(us, UTC)". */
export function shortType(type: string): string {
  return type.replace(/\b(?:time_unit|time_zone|precision|scale)=/g, '').replace(/'/g, '');
}

/** A preview's value as text; see the API's Column for how each kind is written. */
export function cell(value: unknown, kind: string): string {
  if (value === null || value === undefined) {
    return '';
  }
  if (kind === 'time' && typeof value === 'string') {
    return value.replace('T', ' ').replace(/(\.0+)?Z?$/, '');
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
