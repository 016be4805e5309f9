// A mail server for tests: STARTTLS, the ways to authenticate that it is told to offer, and one refusal if wanted.

import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Authority } from './stand-in-services.ts';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly hello: string;
  /** `PLAIN user password`; undefined when nobody logged in. */
  readonly login: string | undefined;
  readonly isEncrypted: boolean;
  readonly message: string;
}

export interface MailServerOptions {
  readonly authority: Authority;
  readonly mechanisms: readonly string[];
  readonly startTls?: boolean;
  /** Answers to commands, by their first word: `{ MAIL: '451 later' }`; undefined goes on as usual. */
  readonly answer?: (command: string) => string | undefined;
}

const challenge = '<1.2@mail.test>';

export class StandInMailServer {
  readonly mails: ReceivedMail[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(options: MailServerOptions) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.write('220 mail.test ESMTP\r\n');
      new Conversation(socket, false, options, this.mails);
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

class Conversation {
  #socket: Socket;
  readonly #isEncrypted: boolean;
  readonly #options: MailServerOptions;
  readonly #mails: ReceivedMail[];
  #rest = '';
  #hello = '';
  #from = '';
  #to: string[] = [];
  #login: string | undefined;
  /** Takes the next line when something else than a command is expected. */
  #next: ((line: string) => void) | undefined;
  #message: string[] | undefined;

  constructor(socket: Socket, isEncrypted: boolean, options: MailServerOptions, mails: ReceivedMail[]) {
    this.#socket = socket;
    this.#isEncrypted = isEncrypted;
    this.#options = options;
    this.#mails = mails;
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => this.#read(data.toString('utf8')));
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\r\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.#line(line);
  }

  #say(line: string): void {
    this.#socket.write(`${line}\r\n`);
  }

  #line(line: string): void {
    if (this.#message) {
      if (line !== '.') this.#message.push(line.replace(/^\.\./, '.'));
      else this.#endOfMessage(this.#message);
      return;
    }
    const next = this.#next;
    this.#next = undefined;
    if (next) next(line);
    else this.#command(line);
  }

  #command(line: string): void {
    const word = line.split(/[ :]/)[0]!.toUpperCase();
    const told = this.#options.answer?.(word);
    if (told !== undefined) {
      this.#say(told);
      return;
    }
    const usual: Readonly<Record<string, () => void>> = {
      EHLO: () => this.#greet(line.slice(5)),
      HELO: () => this.#greet(line.slice(5)),
      STARTTLS: () => {
        if (this.#options.startTls === false) this.#say('502 not here');
        else this.#startTls();
      },
      AUTH: () => this.#authenticate(line.slice(5)),
      MAIL: () => {
        this.#from = /<(.*)>/.exec(line)![1]!;
        this.#to = [];
        this.#say('250 ok');
      },
      RCPT: () => {
        this.#to.push(/<(.*)>/.exec(line)![1]!);
        this.#say('250 ok');
      },
      DATA: () => {
        this.#message = [];
        this.#say('354 go on');
      },
      QUIT: () => {
        this.#say('221 bye');
        this.#socket.end();
      },
    };
    (usual[word] ?? (() => this.#say('250 ok')))();
  }

  #greet(name: string): void {
    this.#hello = name;
    const { mechanisms, startTls = true } = this.#options;
    this.#say('250-mail.test');
    if (startTls && !this.#isEncrypted) this.#say('250-STARTTLS');
    if (mechanisms.length > 0) this.#say(`250-AUTH ${mechanisms.join(' ')}`);
    this.#say('250 8BITMIME');
  }

  #startTls(): void {
    const { certFile, keyFile } = this.#options.authority;
    this.#say('220 ready');
    this.#socket.removeAllListeners('data');
    const secure = new TLSSocket(this.#socket, {
      isServer: true,
      cert: readFileSync(certFile),
      key: readFileSync(keyFile),
    });
    new Conversation(secure, true, this.#options, this.#mails);
  }

  #authenticate(text: string): void {
    const [mechanism = '', initial] = text.split(' ');
    const decoded = (line: string): string => Buffer.from(line, 'base64').toString('utf8');
    const asked = (question: string, then: (answer: string) => void): void => {
      this.#say(`334 ${Buffer.from(question).toString('base64')}`);
      this.#next = (line) => then(decoded(line));
    };
    const loggedIn = (words: string): void => {
      this.#login = words;
      this.#say('235 welcome');
    };
    if (mechanism === 'PLAIN') {
      const [identity, user, password] = decoded(initial ?? '').split('\0');
      loggedIn(['PLAIN', identity, user, password].filter((word) => word !== '').join(' '));
    } else if (mechanism === 'LOGIN') {
      asked('Username:', (user) => asked('Password:', (password) => loggedIn(`LOGIN ${user} ${password}`)));
    } else {
      asked(challenge, (answer) => loggedIn(`CRAM-MD5 ${answer}`));
    }
  }

  #endOfMessage(lines: readonly string[]): void {
    this.#message = undefined;
    this.#mails.push({
      from: this.#from,
      to: this.#to,
      hello: this.#hello,
      login: this.#login,
      isEncrypted: this.#isEncrypted,
      message: lines.join('\r\n'),
    });
    this.#say('250 queued');
  }
}

/** What CRAM-MD5 answers to the server's challenge. */
export function challengeAnswer(user: string, secret: string): string {
  return `${user} ${createHmac('md5', secret).update(challenge).digest('hex')}`;
}

/** Header fields and decoded parts of a message, as far as the mails of alerts go. */
export function readMail(message: string): {
  headers: Record<string, string>;
  parts: Record<string, string>;
} {
  const { headers, body } = split(message);
  const boundary = /boundary="?([^";\r\n]+)/.exec(headers['content-type'] ?? '')?.[1];
  const parts = body.split(`--${boundary}`).slice(1, -1).map(split);
  return {
    headers,
    parts: Object.fromEntries(
      parts.map((part) => [
        /^[^;]+/.exec(part.headers['content-type'] ?? '')![0],
        quotedPrintable(part.body).replace(/\r\n$/, ''),
      ]),
    ),
  };
}

function split(text: string): { headers: Record<string, string>; body: string } {
  const trimmed = text.replace(/^\r\n/, '');
  const end = trimmed.indexOf('\r\n\r\n');
  const lines = trimmed
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  return {
    headers: Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), decodeWords(line.slice(colon + 1).trim())];
      }),
    ),
    body: trimmed.slice(end + 4),
  };
}

function decodeWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?(q|b)\?([^?]*)\?=/gi, (_, how: string, encoded: string) =>
      how.toLowerCase() === 'b'
        ? Buffer.from(encoded, 'base64').toString()
        : quotedPrintable(encoded.replaceAll('_', ' ')),
    );
}

function quotedPrintable(text: string): string {
  const bytes = text
    .replace(/=\r\n/g, '')
    .replace(/[^\x00-\x7f]+/g, (run) => [...Buffer.from(run)].map((byte) => `=${byte.toString(16)}`).join(''))
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
