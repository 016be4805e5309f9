// Alertmanager's way to shorten texts to what a service takes: the last character gives way to an ellipsis.

const marker = '…';

/** At most `max` characters, counted as Unicode has them. */
export function truncateCharacters(text: string, max: number): string {
  const characters = [...text];
  if (characters.length <= max) return text;
  return max <= 3 ? characters.slice(0, max).join('') : characters.slice(0, max - 1).join('') + marker;
}

/** At most `max` bytes of UTF-8, without cutting a character in two. */
export function truncateBytes(text: string, max: number): string {
  if (Buffer.byteLength(text) <= max) return text;
  const room = max - Buffer.byteLength(marker);
  if (room < 0) return '.'.repeat(max);
  let kept = '';
  let length = 0;
  for (const character of text) {
    length += Buffer.byteLength(character);
    if (length > room) break;
    kept += character;
  }
  return kept + marker;
}
