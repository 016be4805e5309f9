// A mail with the headers and parts that Alertmanager gives it, put together by nodemailer.

import { hostname } from 'node:os';
import type MimeNode from 'nodemailer/lib/mime-node';
import { groupHash } from './http-exchange.ts';
import { type Integration, type Notification, NotificationFailure } from './notifier.ts';
import type { Settings } from './settings.ts';

const defaults = {
  html: '{{ template "email.default.html" . }}',
  hello: 'localhost',
  require_tls: 'true',
};
const defaultSubject = '{{ template "email.default.subject" . }}';

export const email: Integration = (given) => {
  const settings = given.withDefaults(defaults);
  return async (notification, line) => {
    const senders = await addressesOf(notification.text(settings.text('from')), 'from');
    if (senders.length !== 1)
      throw new NotificationFailure(`from must be one address, not ${senders.length}`, false);
    const to = await addressesOf(notification.text(settings.text('to')), 'to');
    const headers = headersOf(settings, notification, line.now());
    const parts = partsOf(settings, notification);
    await line.mail(
      { from: senders[0]!, to, headers, parts, message: await compose(headers, parts) },
      settings,
    );
  };
};

async function addressesOf(text: string, key: string): Promise<string[]> {
  const { default: parseAddresses } = await import('nodemailer/lib/addressparser');
  const found = parseAddresses(text, { flatten: true }).map(({ address }) => address ?? '');
  const wrong = found.find((address) => !/^[^@\s<>]+@[^@\s<>]+$/.test(address));
  if (found.length === 0 || wrong !== undefined)
    throw new NotificationFailure(`${key} is not a list of mail addresses`, false);
  return found;
}

type Header = readonly [name: string, value: string];

function headersOf(settings: Settings, notification: Notification, nowMs: number): Header[] {
  const { text, groupKey } = notification;
  const own = settings.pairs('headers').map(([name, value]): Header => [canonicalName(name), text(value)]);
  const has = (name: string): boolean => own.some(([known]) => known === name);
  const hash = groupHash(groupKey);
  const threading = settings.map('threading');
  const day = threading?.text('thread_by_date') === 'none' ? '' : new Date(nowMs).toISOString().slice(0, 10);
  const thread = `<alert-${hash.slice(0, 16)}-${day}@alertmanager>`;
  const more: (Header | false)[] = [
    !has('Subject') && ['Subject', text(defaultSubject)],
    !has('To') && ['To', text(settings.text('to'))],
    !has('From') && ['From', text(settings.text('from'))],
    !has('Message-Id') && ['Message-Id', `<${nowMs}.${hash.slice(0, 16)}@${hostname()}>`],
    ...(threading?.flag('enabled')
      ? [['References', thread] as const, ['In-Reply-To', thread] as const]
      : []),
    ['Date', new Date(nowMs).toUTCString().replace('GMT', '+0000')],
  ];
  return [...own, ...more.filter((header) => header !== false)];
}

/** `x-team` is `X-Team`, as Go's textproto has it. */
function canonicalName(name: string): string {
  return name
    .toLowerCase()
    .replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
}

/** The preferred part stands last, as RFC 2046 section 5.1.4 wants it. */
function partsOf(settings: Settings, { text, html }: Notification): MailPart[] {
  const parts: MailPart[] = [];
  if (settings.has('text')) parts.push({ type: 'text/plain', content: text(settings.text('text')) });
  if (settings.has('html')) parts.push({ type: 'text/html', content: html(settings.text('html')) });
  return parts;
}

interface MailPart {
  readonly type: 'text/plain' | 'text/html';
  readonly content: string;
}

async function compose(headers: readonly Header[], parts: readonly MailPart[]): Promise<Buffer> {
  const { default: Node } = await import('nodemailer/lib/mime-node');
  const root: MimeNode = new Node('multipart/alternative', { keepBcc: true });
  for (const [name, value] of headers) root.setHeader(name, value.replace(/[\r\n]+/g, ' '));
  for (const { type, content } of parts) {
    const child = root.createChild(`${type}; charset=UTF-8`);
    child.setHeader('Content-Transfer-Encoding', 'quoted-printable');
    child.setContent(content);
  }
  return root.build();
}
