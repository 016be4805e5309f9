/** What is wrong with a series, a label set or a histogram in the notation of test files. */
export class NotationError extends Error {}
