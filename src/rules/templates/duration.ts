// Go's time.Duration as templates meet it.

import { Struct } from './values.ts';

/** Prints as `1h2m3.5s`. */
export function durationStruct(seconds: number): Struct {
  return new Struct(
    'time.Duration',
    { Seconds: () => seconds, Minutes: () => seconds / 60, Hours: () => seconds / 3600 },
    () => goDuration(seconds),
  );
}

function goDuration(seconds: number): string {
  if (seconds === 0) return '0s';
  const sign = seconds < 0 ? '-' : '';
  const magnitude = Math.abs(seconds);
  const decimal = (value: number): string => String(Number(value.toFixed(9)));
  if (magnitude < 1e-6) return `${sign}${decimal(magnitude * 1e9)}ns`;
  if (magnitude < 1e-3) return `${sign}${decimal(magnitude * 1e6)}µs`;
  if (magnitude < 1) return `${sign}${decimal(magnitude * 1e3)}ms`;
  const hours = Math.floor(magnitude / 3600);
  const minutes = Math.floor(magnitude / 60) % 60;
  const rest = decimal(magnitude % 60);
  return `${sign}${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${rest}s`;
}
