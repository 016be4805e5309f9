export interface CaptureSpec {
  /** host:port, port 0 for any free one. */
  readonly listen: string;
  readonly token: string | undefined;
  /** By receiver name: how the capture server answers, for drilling a pager that fails. */
  readonly answers: Readonly<
    Record<string, { readonly status: number; readonly delayMs: number; readonly forMs: number | undefined }>
  >;
}
