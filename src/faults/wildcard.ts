// Chaos Mesh's patterns, for names and for paths: `?` for one character, `*` for any number of them.

/** Walks both texts once and goes back to the last star only, so that no pattern takes more than quadratic time. */
export function matchesWildcards(text: string, pattern: string): boolean {
  let t = 0;
  let p = 0;
  let afterStar = -1;
  let resumeAt = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      afterStar = ++p;
      resumeAt = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      t++;
      p++;
    } else if (afterStar >= 0) {
      p = afterStar;
      t = ++resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
