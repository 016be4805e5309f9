// Offsets as Prometheus prints them: line and column from 1, the column in bytes of UTF-8.

/** `1:5` for an offset into `text`; only the part of the text before it counts. */
export function formatPosition(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  const column = Buffer.byteLength(before.slice(lineStart), 'utf8') + 1;
  return `${line}:${column}`;
}
