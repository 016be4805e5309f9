// How the experiment declares a target, with every default filled in.

import type { LabelRecord } from '../../base/labels.ts';

export type ProcessTarget =
  | {
      readonly type: 'command';
      readonly command: readonly string[];
      readonly env: LabelRecord;
      readonly folder: string;
      readonly ready: ReadyCheck | undefined;
      /** Started again when it ends while the run goes on. */
      readonly restart: boolean;
      readonly restartDelayMs: number;
      /**
       * Host:port pairs that the target needs to reach, for drivers that cut it off from everything else. An empty
       * list says that it reaches nobody; undefined, that nobody said, and then such drivers refuse.
       */
      readonly connects: readonly string[] | undefined;
      /** Ports on which the target listens and that must stay reachable. Default: the port of the ready check. */
      readonly listens: readonly number[];
      /** What the drill's DNS server answers itself: name or `*.suffix` to IPv4 address. Anything else is forwarded. */
      readonly hosts: LabelRecord;
    }
  | { readonly type: 'pid'; readonly pid: number }
  | { readonly type: 'port'; readonly port: number; readonly only: boolean };

export interface ProxyTarget {
  readonly type: 'proxy';
  /** host:port; the host is loopback unless the file says otherwise. */
  readonly listen: string;
  readonly upstream: string;
}

export interface ContainerTarget {
  readonly type: 'container';
  /** By labels it may be several, each a target of its own. */
  readonly by: { readonly name: string } | { readonly id: string } | { readonly labels: LabelRecord };
  /** Path of the engine's unix socket; undefined: wherever engines usually listen. */
  readonly socket: string | undefined;
  readonly runtime: 'docker' | 'podman' | undefined;
}

/** The machine that Firedrill runs on. */
export interface HostTarget {
  readonly type: 'host';
}

export interface ReadyCheck {
  readonly http?: string;
  readonly tcp?: string;
  readonly withinMs: number;
}
