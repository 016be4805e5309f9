// Sizes as StressChaos writes them: `256MB`, `1.5GiB`, `10%`. As in stress-ng and Chaos Mesh, KB and KiB are both
// 1024 bytes.

export type Size = { readonly bytes: number } | { readonly share: number };

const units = ['B', 'K', 'M', 'G', 'T'] as const;
const sizePattern = /^(\d+(?:\.\d+)?) ?(%|B|(?:([KMGT])(?:i?B)?))?$/i;

/** undefined when the text is not a size above zero, or a share above 100 %. */
export function parseSize(text: string): Size | undefined {
  const match = sizePattern.exec(text.trim());
  const amount = Number(match?.[1] ?? 0);
  if (!match || amount <= 0) return undefined;
  if (match[2] === '%') return amount > 100 ? undefined : { share: amount / 100 };
  const unit = (match[3] ?? 'B').toUpperCase() as (typeof units)[number];
  const bytes = Math.round(amount * 1024 ** units.indexOf(unit));
  return bytes > 0 && Number.isSafeInteger(bytes) ? { bytes } : undefined;
}

export function formatBytes(bytes: number): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const amount = bytes / 1024 ** power;
  return `${Number(amount.toFixed(1))} ${power === 0 ? 'B' : `${units[power]}iB`}`;
}
