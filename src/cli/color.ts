import pc from 'picocolors';

/** Colours only on a terminal that wants them (https://no-color.org), or where FORCE_COLOR asks for them. */
export function colorOn(stream: NodeJS.WriteStream): boolean {
  if (process.env.NO_COLOR) return false;
  if (process.env.FORCE_COLOR) return true;
  // What is no terminal has no `isTTY` at all, and picocolors takes undefined for its own guess.
  return stream.isTTY === true && process.env.TERM !== 'dumb';
}

/** picocolors by itself also colours what a CI system writes to a file. */
export function colorsOf(stream: NodeJS.WriteStream): ReturnType<typeof pc.createColors> {
  return pc.createColors(colorOn(stream));
}
