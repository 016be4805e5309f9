// What an integration is: a conversation with one service about one notification. It builds requests and judges
// answers; who carries them (to the service itself, or to the capture receiver of a drill) is its line's business.

import type { LabelRecord } from '../../base/labels.ts';
import type { Value } from '../../rules/templates/values.ts';
import type { FlushedAlert } from '../dispatch/group.ts';
import type { NotificationReason } from './notification-log.ts';
import type { Settings } from './settings.ts';

/** Holds the state of one integration: tokens that it fetched, messages that it may update. */
export type Notifier = (notification: Notification, line: Line) => Promise<void>;

/** One file of this folder each. */
export type Integration = (settings: Settings) => Notifier;

/** One notification as templates and requests see it. */
export interface Notification {
  readonly receiver: string;
  readonly reason: NotificationReason;
  readonly groupKey: string;
  readonly groupLabels: LabelRecord;
  readonly alerts: readonly FlushedAlert[];
  /** Firing as long as one alert is. */
  readonly status: 'firing' | 'resolved';
  readonly commonLabels: LabelRecord;
  readonly externalUrl: string;
  /** The text of a template; throws a NotificationFailure that is not tried again. */
  text(template: string): string;
  /** The same, escaped as html/template does. */
  html(template: string): string;
  /** A copy of a tree of settings with every text in it expanded and, where it is YAML of another type, read. */
  tree(value: unknown): unknown;
  /** The same notification about some of its alerts. */
  about(alerts: readonly FlushedAlert[]): Notification;
  /** What templates call `.`. */
  readonly data: Value;
}

export interface OutgoingRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** It prepares or follows the message: a token is fetched, an issue is looked for. */
  readonly aside?: boolean;
  /** What the service answers when all is well; the capture receiver answers so. */
  readonly accepted: Answer;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface OutgoingMail {
  readonly from: string;
  readonly to: readonly string[];
  /** What the message is made of. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly parts: readonly { readonly type: string; readonly content: string }[];
  /** Headers and body as they go over the wire. */
  readonly message: Buffer;
}

export interface Line {
  /** Any status is an answer; rejects with a NotificationFailure when there is none. */
  send(request: OutgoingRequest): Promise<Answer>;
  /** Rejects with a NotificationFailure when the server does not take it. */
  mail(mail: OutgoingMail, settings: Settings): Promise<void>;
  /** A secret that is kept in a file; what it holds is masked wherever it is recorded. */
  readSecret(path: string): Promise<string>;
  /** Unix milliseconds. */
  now(): number;
}

/** Why a notification was not taken, and whether to try again. */
export class NotificationFailure extends Error {
  readonly retry: boolean;

  constructor(reason: string, retry: boolean) {
    super(reason);
    this.name = 'NotificationFailure';
    this.retry = retry;
  }
}
