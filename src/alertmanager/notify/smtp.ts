// One mail over SMTP, by nodemailer's client: STARTTLS or TLS from the start, and the first way to authenticate in
// the server's list for which the configuration has a secret, as Alertmanager chooses.

import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import { readSecretFile } from '../../telemetry/secret-file.ts';
import { NotificationFailure, type OutgoingMail } from './notifier.ts';
import type { Settings } from './settings.ts';

export interface SmtpSecrets {
  readonly password: string;
  /** For CRAM-MD5. */
  readonly secret: string;
}

/** Rejects with a NotificationFailure; `signal` closes the connection. */
export async function sendMail(
  mail: OutgoingMail,
  settings: Settings,
  secrets: SmtpSecrets,
  signal: AbortSignal,
): Promise<void> {
  const connection = await connectionOf(settings);
  const close = (): void => connection.close();
  signal.addEventListener('abort', close);
  try {
    await connected(connection, signal);
    await logIn(connection, settings, secrets);
    const refused = await sent(connection, mail);
    // Those who were taken have it already, so trying again would tell them twice.
    if (refused.length > 0) throw new NotificationFailure(`refused for ${refused.join(', ')}`, false);
    connection.quit();
  } catch (error) {
    connection.close();
    if (error instanceof NotificationFailure) throw error;
    throw new NotificationFailure((error as Error).message, true);
  } finally {
    signal.removeEventListener('abort', close);
  }
}

/** Where a mail goes, as `host` and `port`. */
export function smarthostOf(settings: Settings): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(settings.text('smarthost'));
  if (!match) throw new NotificationFailure('smarthost is not host:port', false);
  return { host: match[1] ?? (match[2] || 'localhost'), port: Number(match[3]) };
}

async function connectionOf(settings: Settings): Promise<SMTPConnection> {
  const { default: Connection } = await import('nodemailer/lib/smtp-connection');
  const { host, port } = smarthostOf(settings);
  const tls = settings.map('tls_config');
  const file = async (key: string): Promise<string | undefined> =>
    tls?.has(key) ? await readSecretFile(tls.text(key)) : undefined;
  const [ca, cert, key] = [await file('ca_file'), await file('cert_file'), await file('key_file')];
  const requireTLS = settings.flag('require_tls');
  return new Connection({
    host,
    port,
    name: settings.text('hello'),
    secure: settings.flag('force_implicit_tls', port === 465),
    requireTLS,
    ignoreTLS: !requireTLS,
    tls: {
      servername: tls?.text('server_name') || host,
      rejectUnauthorized: !tls?.flag('insecure_skip_verify'),
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    },
  });
}

function connected(connection: SMTPConnection, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error('given up'));
    // Errors come here as long as the connection lives, also behind the answer.
    connection.on('error', reject);
    connection.once('end', () => reject(new Error('the connection was closed')));
    connection.connect((error) => (error ? reject(error) : resolve()));
  });
}

async function logIn(connection: SMTPConnection, settings: Settings, secrets: SmtpSecrets): Promise<void> {
  if (!connection.allowsAuth || !settings.has('auth_username')) return;
  const offered = /^250[ -]AUTH[ =](.*)$/im.exec(String(connection.lastServerResponse))?.[1] ?? '';
  const passes: Readonly<Record<string, string>> = {
    'CRAM-MD5': secrets.secret,
    PLAIN: secrets.password,
    LOGIN: secrets.password,
  };
  const method = offered
    .trim()
    .toUpperCase()
    .split(/\s+/)
    .find((name) => passes[name]);
  if (method === undefined)
    throw new NotificationFailure(`no secret for any of the ways to authenticate: ${offered.trim()}`, true);
  // A password in plain sight: Go's client refuses too.
  if (method === 'PLAIN' && !connection.secure && !/^(?:localhost|127\.0\.0\.1|::1)$/.test(connection.host))
    throw new NotificationFailure('the password is not sent over an unencrypted connection', true);
  const identity = settings.text('auth_identity');
  await new Promise<void>((resolve, reject) => {
    connection.once('error', reject);
    const auth = { user: settings.text('auth_username'), pass: passes[method]!, method };
    connection.login(identity === '' ? auth : { ...auth, options: { identity } }, (error) =>
      error ? reject(error) : resolve(),
    );
  });
}

/** The recipients whom the server did not take. */
function sent(connection: SMTPConnection, mail: OutgoingMail): Promise<string[]> {
  return new Promise((resolve, reject) => {
    connection.once('error', reject);
    connection.once('end', () => reject(new Error('the connection was closed')));
    connection.send({ from: mail.from, to: [...mail.to] }, mail.message, (error, info) =>
      error ? reject(error) : resolve(info?.rejected ?? []),
    );
  });
}
