// Rates in the units of tc(8): `bit`, `kbit` … `tbit` are bits a second, `bps`, `kbps` … `tbps` bytes a second, steps
// of 1000; with an `i` (`kibit`, `mibps`) steps of 1024; a bare number is bits.

const pattern = /^(\d+(?:\.\d+)?)(?:([kmgt])(i)?)?(bit|bps)?$/i;

/** Bytes a second, or undefined when the text is no rate above zero. */
export function parseRate(text: string): number | undefined {
  const match = pattern.exec(text.trim());
  if (!match) return undefined;
  const [, amount, prefix, binary, unit] = match;
  if (prefix !== undefined && unit === undefined) return undefined;
  const power = prefix === undefined ? 0 : 'kmgt'.indexOf(prefix.toLowerCase()) + 1;
  const inUnits = Number(amount) * (binary ? 1024 : 1000) ** power;
  const bytesPerSecond = unit?.toLowerCase() === 'bps' ? inUnits : inUnits / 8;
  return bytesPerSecond > 0 ? bytesPerSecond : undefined;
}

/** `125 kB/s`, for people. */
export function formatRate(bytesPerSecond: number): string {
  for (const [size, unit] of [
    [1e9, 'GB/s'],
    [1e6, 'MB/s'],
    [1e3, 'kB/s'],
  ] as const) {
    if (bytesPerSecond >= size) return `${Number((bytesPerSecond / size).toPrecision(3))} ${unit}`;
  }
  return `${Number(bytesPerSecond.toPrecision(3))} B/s`;
}
