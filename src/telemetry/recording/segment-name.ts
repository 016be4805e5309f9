const namePattern = /^\d{6}\.segment$/;

/** Names sort in the order of their numbers. */
export function segmentName(number: number): string {
  return `${String(number).padStart(6, '0')}.segment`;
}

export function isSegment(name: string): boolean {
  return namePattern.test(name);
}
