// The proxies by name. Changes are made one after the other, so that two requests do not start the same proxy twice.

import type { Clock } from '../../base/clock.ts';
import { derivedSeed } from '../../base/random.ts';
import { formatHostPort, type HostPort } from '../../faults/targets/host-port.ts';
import type { Budget } from '../../faults/toxics/pipe.ts';
import { type ProxyRoute, ToxicProxy } from '../../faults/toxics/proxy.ts';
import type { Protocol } from '../../faults/toxics/toxic.ts';
import { listenErrorText, parseAddress, resolveListen, showAddress, splitProtocol } from './address.ts';
import { badBody, missingField, ProxyApiError, proxyExists, proxyNotFound } from './api-error.ts';
import type { ProxyBody } from './bodies.ts';

const proxiesMax = 1000;
/** Of all proxies together. */
const waitingBytesMax = 256 * 2 ** 20;

interface Entry {
  readonly proxy: ToxicProxy;
  /** As it was given, which is shown until the proxy listens. */
  listenText: string;
}

export class Proxies {
  readonly #clock: Clock;
  readonly #seed: number;
  readonly #budget: Budget = { waitingBytes: 0, waitingBytesMax };
  readonly #entries = new Map<string, Entry>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock, seed: number) {
    this.#clock = clock;
    this.#seed = seed;
  }

  /** By name. */
  get all(): readonly ToxicProxy[] {
    const byName = ([a]: readonly [string, Entry], [b]: readonly [string, Entry]) => (a < b ? -1 : 1);
    return [...this.#entries].sort(byName).map(([, { proxy }]) => proxy);
  }

  /** Throws a ProxyApiError when there is none of this name. */
  get(name: string): ToxicProxy {
    return this.#entry(name).proxy;
  }

  /** The address that the proxy listens on, or would. */
  listenText({ name, enabled, route }: ToxicProxy): string {
    return enabled ? showAddress(route.protocol, route.listen) : this.#entry(name).listenText;
  }

  create(body: ProxyBody): Promise<ToxicProxy> {
    return this.#inTurn(async () => {
      checkRequired(body, '');
      if (this.#entries.has(body.name!)) throw proxyExists();
      if (this.#entries.size >= proxiesMax) throw new ProxyApiError(`more than ${proxiesMax} proxies`, 400);
      const entry = await this.#newEntry(body);
      if (body.enabled ?? true) await start(entry.proxy);
      this.#entries.set(entry.proxy.name, entry);
      return entry.proxy;
    });
  }

  /** Creates each, or replaces it when it differs; `done` gets them one after the other, also when a later one fails. */
  populate(bodies: readonly ProxyBody[], done: (proxy: ToxicProxy) => void): Promise<void> {
    return this.#inTurn(async () => {
      for (const [i, body] of bodies.entries()) checkRequired(body, ` at proxy ${i + 1}`);
      if (this.#entries.size + bodies.length > proxiesMax)
        throw new ProxyApiError(`more than ${proxiesMax} proxies`, 400);
      for (const body of bodies) done(await this.#addOrReplace(body));
    });
  }

  update(name: string, body: ProxyBody): Promise<ToxicProxy> {
    return this.#inTurn(async () => {
      const entry = this.#entry(name);
      const { proxy } = entry;
      const enabled = body.enabled ?? proxy.enabled;
      const route = await routeOf({
        listen: body.listen ?? formatHostPort(proxy.route.listen),
        upstream: body.upstream ?? formatHostPort(proxy.route.upstream),
        protocol: body.protocol ?? proxy.route.protocol,
      });
      if (differs(proxy.route, route)) {
        await proxy.stop();
        proxy.reroute(route);
        entry.listenText = body.listen ?? entry.listenText;
      }
      if (enabled) await start(proxy);
      else {
        if (proxy.enabled) entry.listenText = this.listenText(proxy);
        await proxy.stop();
      }
      return proxy;
    });
  }

  remove(name: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#entry(name).proxy.stop();
      this.#entries.delete(name);
    });
  }

  /** Starts every proxy and removes every toxic. */
  reset(): Promise<void> {
    return this.#inTurn(async () => {
      for (const proxy of this.all) {
        await start(proxy);
        proxy.chain.clear();
      }
    });
  }

  /** Stops every proxy. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      for (const proxy of this.all) {
        proxy.chain.clear();
        await proxy.stop();
      }
      this.#entries.clear();
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (!entry) throw proxyNotFound();
    return entry;
  }

  async #addOrReplace(body: ProxyBody): Promise<ToxicProxy> {
    const entry = await this.#newEntry(body);
    const present = this.#entries.get(entry.proxy.name)?.proxy;
    if (present && !differs(present.route, entry.proxy.route)) return present;
    await present?.stop();
    if (body.enabled ?? true) await start(entry.proxy);
    present?.chain.clear();
    this.#entries.set(entry.proxy.name, entry);
    return entry.proxy;
  }

  async #newEntry(body: ProxyBody): Promise<Entry> {
    const name = body.name!;
    const surroundings = {
      clock: this.#clock,
      seed: derivedSeed(this.#seed, name),
      budget: this.#budget,
    };
    const route = await routeOf(body);
    const listenText = body.listen || showAddress(route.protocol, route.listen);
    return { proxy: new ToxicProxy(name, route, surroundings), listenText };
  }
}

function checkRequired({ name, upstream }: ProxyBody, where: string): void {
  if (!name) throw missingField(`name${where}`);
  if (!upstream) throw missingField(`upstream${where}`);
}

async function routeOf(body: ProxyBody): Promise<ProxyRoute> {
  const { protocol: written, address } = splitProtocol(body.listen ?? '');
  const protocol = written ?? body.protocol ?? 'tcp';
  return { protocol, listen: await listenOf(protocol, address), upstream: upstreamOf(body.upstream!) };
}

async function listenOf(protocol: Protocol, address: string): Promise<HostPort> {
  try {
    return await resolveListen(address);
  } catch (error) {
    throw new ProxyApiError(`listen ${protocol}: ${(error as Error).message}`, 500);
  }
}

function upstreamOf(text: string): HostPort {
  try {
    const { host, port } = parseAddress(splitProtocol(text).address);
    return { host: host === '' ? '127.0.0.1' : host, port };
  } catch (error) {
    throw badBody(`upstream: ${(error as Error).message}`);
  }
}

function differs(a: ProxyRoute, b: ProxyRoute): boolean {
  const same = (one: HostPort, other: HostPort) => one.host === other.host && one.port === other.port;
  return a.protocol !== b.protocol || !same(a.listen, b.listen) || !same(a.upstream, b.upstream);
}

async function start(proxy: ToxicProxy): Promise<void> {
  try {
    await proxy.start();
  } catch (error) {
    const { protocol, listen } = proxy.route;
    throw new ProxyApiError(listenErrorText(protocol, listen, error), 500);
  }
}
