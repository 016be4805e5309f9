// What a query at one instant gave.

export type Answer =
  | { readonly type: 'scalar'; readonly value: number }
  /** One value a series, in the order of the source. */
  | { readonly type: 'vector'; readonly values: readonly number[] }
  | { readonly type: 'error'; readonly message: string };

/** Fails only for reasons that a later query would meet too, such as a source that is gone. */
export type Ask = (query: string, atMs: number) => Promise<Answer>;
