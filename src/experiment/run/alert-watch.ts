import type { AlertRef } from '../timeline.ts';

/** Where alert states come from, whichever path: our own rules, or a remote's rules API. */
export interface AlertWatch {
  start(): void;
  stop(): Promise<void>;
  /** Alerts that are pending or firing now. */
  active(): readonly { readonly ref: AlertRef; readonly state: 'pending' | 'firing' }[];
  /** Why states cannot be seen, for the steady gate. */
  unsteady(): string[];
  /** Whether a notification is still due that we would have to send. */
  untold(): boolean;
}
