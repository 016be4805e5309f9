// Hits in words.

/** `3 processes stopped`, `1 process stopped`: drivers name what they count in the plural. */
export function countWords(hits: number, what: string): string {
  if (hits !== 1) return `${hits} ${what}`;
  return `1 ${what.replace(plural, '$1').replace(' were ', ' was ')}`;
}

/** The first word, or the second of `system calls`. */
const plural = /^((?:system )?\S+?)(?:(?<=ss)es|s)(?= |$)/;
