// Colours of the terminal by meaning. Without colour every text stays as it is; the marks say the same.

import pc from 'picocolors';
import type { Tone } from '../standing.ts';

export interface Paint {
  readonly tone: Readonly<Record<Tone, (text: string) => string>>;
  readonly strong: (text: string) => string;
  readonly quiet: (text: string) => string;
  readonly link: (text: string) => string;
}

export function paintFor(color: boolean): Paint {
  const colors = pc.createColors(color);
  return {
    tone: {
      good: colors.green,
      bad: colors.red,
      unsure: colors.magenta,
      warn: colors.yellow,
      plain: colors.dim,
    },
    strong: colors.bold,
    quiet: colors.dim,
    link: colors.cyan,
  };
}

export interface TerminalOptions {
  readonly color: boolean;
  /** Columns. */
  readonly width: number;
}

/** Narrower than this, tables cannot keep their columns apart. */
const widthMin = 40;
/** Wider than this, lines are no longer easy to read. */
const widthMax = 120;

export function usableWidth(width: number): number {
  return Math.min(widthMax, Math.max(widthMin, Math.floor(width)));
}
