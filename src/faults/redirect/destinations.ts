// Where redirected connections were going. Node.js cannot ask a socket for it (SO_ORIGINAL_DST), so the rule that redirects
// a connection first writes its ends into a set of the table, and we read the set when the connection has come.

import type { HostPort } from '../targets/host-port.ts';

/** A connection comes to us within milliseconds; the sets stay small, because they are listed whole. */
const keptS = 3;
const callsMax = 4096;

/** Statements for `add`: the sets of a table. */
export function destinationSets(table: string): string[] {
  const set = (name: string, type: string) =>
    `set inet ${table} ${name} { type ${type} . inet_service . ${type}; flags dynamic, timeout; timeout ${keptS}s; size ${callsMax}; }`;
  return [set('calls4', 'ipv4_addr'), set('calls6', 'ipv6_addr')];
}

/** What a rule does with the first packet of a connection, by its family. */
export const rememberCall = {
  ip: 'update @calls4 { ip saddr . tcp sport . ip daddr }',
  ip6: 'update @calls6 { ip6 saddr . tcp sport . ip6 daddr }',
} as const;

export class Destinations {
  readonly #list: () => Promise<string>;
  #running: Promise<unknown> = Promise.resolve();
  /** A listing that has not begun: it will know of every connection that has come until it begins. */
  #next: Promise<Map<string, string>> | undefined;

  /** `list` gives the table with its sets, as nft(8) writes it. */
  constructor(list: () => Promise<string>) {
    this.#list = list;
  }

  /** The address that the connection from this end was for; undefined when it was not redirected. */
  async of({ host, port }: HostPort): Promise<string | undefined> {
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      const listing = this.#list().then(readCalls);
      this.#running = listing.catch(() => {});
      return listing;
    });
    return (await this.#next).get(keyOf(host, port));
  }
}

function keyOf(host: string, port: number | string): string {
  return `${host.replace(/^::ffff:(?=\d+\.)/, '')} ${port}`;
}

/** By source; of several with one source, which had the port one after the other, the last counts. */
function readCalls(listing: string): Map<string, string> {
  const calls = new Map<string, { readonly to: string; readonly leftMs: number }>();
  const elements = /([\da-f.:]+) \. (\d+) \. ([\da-f.:]+) (?:timeout \S+ )?expires (?:(\d+)s)?(?:(\d+)ms)?/g;
  for (const [, host, port, to, seconds = 0, milliseconds = 0] of listing.matchAll(elements)) {
    const leftMs = Number(seconds) * 1000 + Number(milliseconds);
    const key = keyOf(host!, port!);
    if (leftMs >= (calls.get(key)?.leftMs ?? 0)) calls.set(key, { to: to!, leftMs });
  }
  return new Map([...calls].map(([key, { to }]) => [key, to]));
}
