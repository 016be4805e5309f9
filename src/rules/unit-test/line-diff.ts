// The lines that two texts have in common and those that they do not, by their longest common subsequence.

export interface DiffLine {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

/** Of the table of comparisons; beyond it all lines count as different. */
const cellsMax = 4_000_000;

export function lineDiff(from: readonly string[], to: readonly string[]): DiffLine[] {
  if (from.length * to.length > cellsMax) return [...marked('-', from), ...marked('+', to)];
  const width = to.length + 1;
  const common = new Uint32Array((from.length + 1) * width);
  for (let i = from.length - 1; i >= 0; i--) {
    for (let j = to.length - 1; j >= 0; j--) {
      common[i * width + j] =
        from[i] === to[j]
          ? common[(i + 1) * width + j + 1]! + 1
          : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < from.length && j < to.length) {
    if (from[i] === to[j]) {
      lines.push({ sign: ' ', text: from[i++]! });
      j++;
    } else if (common[(i + 1) * width + j]! >= common[i * width + j + 1]!) {
      lines.push({ sign: '-', text: from[i++]! });
    } else lines.push({ sign: '+', text: to[j++]! });
  }
  return [...lines, ...marked('-', from.slice(i)), ...marked('+', to.slice(j))];
}

function marked(sign: '-' | '+', lines: readonly string[]): DiffLine[] {
  return lines.map((text) => ({ sign, text }));
}
