import { formatValue } from '../../promql/format.ts';

/** A number as Prometheus's JSON has it, without the quotes. */
export function valueText(value: number): string {
  const size = Math.abs(value);
  // Here JavaScript and Go write the same.
  return size >= 1e-6 && size < 1e21 ? String(value) : formatValue(value);
}
