// toxiproxy's HTTP API, version 2. Paths, answers, texts and statuses are those that its clients know.
// https://github.com/Shopify/toxiproxy#http-api

import { formatHostPort } from '../../faults/targets/host-port.ts';
import type { ActiveToxic } from '../../faults/toxics/chain.ts';
import type { ToxicProxy } from '../../faults/toxics/proxy.ts';
import { toxicTypeOf } from '../../faults/toxics/types/types.ts';
import { type Answer, jsonType } from '../http/answer.ts';
import type { ApiRequest } from '../http/request.ts';
import { invalidToxicType, ProxyApiError, toxicExists, toxicNotFound } from './api-error.ts';
import { attributesOf, proxiesBody, proxyBody, streamOf, toxicBody } from './bodies.ts';
import type { Proxies } from './proxies.ts';
import type { ProxyRouter } from './router.ts';

const bodyBytesMax = 4 * 2 ** 20;
const toxicsMax = 100;

export interface ProxyApiOptions {
  readonly proxies: Proxies;
  /** Of toxics that name no time to live. */
  readonly toxicTtlMs?: number | undefined;
}

export function addProxyRoutes(router: ProxyRouter, { proxies, toxicTtlMs }: ProxyApiOptions): void {
  const named = ({ pathParameters }: ApiRequest) => proxies.get(pathParameters.proxy!);
  const shown = (proxy: ToxicProxy) => shownProxy(proxies, proxy);

  router.add('GET', '/proxies', () =>
    json(200, Object.fromEntries(proxies.all.map((proxy) => [proxy.name, shown(proxy)]))),
  );
  router.add('POST', '/proxies', async (request) =>
    json(201, shown(await proxies.create(proxyBody(await request.body(bodyBytesMax))))),
  );
  router.add('POST', '/populate', (request) => populate(request, proxies));
  router.add('GET', '/proxies/:proxy', (request) => json(200, shown(named(request))));
  router.add('POST PATCH', '/proxies/:proxy', async (request) => {
    const { name } = named(request);
    return json(200, shown(await proxies.update(name, proxyBody(await request.body(bodyBytesMax)))));
  });
  router.add('DELETE', '/proxies/:proxy', async (request) => {
    await proxies.remove(named(request).name);
    return noContent;
  });
  router.add('GET', '/proxies/:proxy/connections', (request) => json(200, shownConnections(named(request))));
  router.add('GET', '/proxies/:proxy/toxics', (request) =>
    json(200, named(request).chain.toxics.map(shownToxic)),
  );
  router.add('POST', '/proxies/:proxy/toxics', async (request) => {
    const proxy = named(request);
    return json(200, shownToxic(addToxic(proxy, await request.body(bodyBytesMax), toxicTtlMs)));
  });
  router.add('GET', '/proxies/:proxy/toxics/:toxic', (request) =>
    json(200, shownToxic(toxicOf(named(request), request))),
  );
  router.add('POST PATCH', '/proxies/:proxy/toxics/:toxic', async (request) => {
    const proxy = named(request);
    const body = toxicBody(await request.body(bodyBytesMax));
    const { name, type, attributes } = toxicOf(proxy, request);
    const change = {
      ...(body.toxicity !== undefined && { toxicity: body.toxicity }),
      ...(body.ttl !== undefined && { ttlMs: body.ttl }),
      attributes: attributesOf(type, attributes, body.attributes),
    };
    return json(200, shownToxic(proxy.chain.update(name, change)!));
  });
  router.add('DELETE', '/proxies/:proxy/toxics/:toxic', (request) => {
    const proxy = named(request);
    proxy.chain.remove(toxicOf(proxy, request).name);
    return noContent;
  });
  router.add('POST', '/reset', async () => {
    await proxies.reset();
    return noContent;
  });
}

async function populate(request: ApiRequest, proxies: Proxies): Promise<Answer> {
  const bodies = proxiesBody(await request.body(bodyBytesMax));
  const done: ToxicProxy[] = [];
  const shown = () => done.map((proxy) => shownProxy(proxies, proxy));
  try {
    await proxies.populate(bodies, (proxy) => done.push(proxy));
  } catch (error) {
    if (!(error instanceof ProxyApiError)) throw error;
    const { message, status } = error;
    return json(status, { error: message, status, proxies: shown() });
  }
  return json(201, { proxies: shown() });
}

function addToxic({ chain, route }: ToxicProxy, bytes: Buffer, ttlMs: number | undefined): ActiveToxic {
  const body = toxicBody(bytes);
  const stream = streamOf(body.stream ?? '');
  const type = toxicTypeOf(body.type ?? '', route.protocol);
  if (!type) throw invalidToxicType();
  const name = body.name || `${type.name}_${stream}`;
  if (chain.find(name)) throw toxicExists();
  if (chain.toxics.length >= toxicsMax) throw new ProxyApiError(`more than ${toxicsMax} toxics`, 400);
  return chain.add({
    ...{ name, type, stream },
    toxicity: body.toxicity ?? 1,
    attributes: attributesOf(type, {}, body.attributes),
    ttlMs: body.ttl ?? ttlMs,
  });
}

function toxicOf({ chain }: ToxicProxy, { pathParameters }: ApiRequest): ActiveToxic {
  const toxic = chain.find(pathParameters.toxic!);
  if (!toxic) throw toxicNotFound();
  return toxic;
}

function shownProxy(proxies: Proxies, proxy: ToxicProxy): object {
  const { name, enabled, route, chain } = proxy;
  return {
    name,
    listen: proxies.listenText(proxy),
    upstream: formatHostPort(route.upstream),
    enabled,
    ...(route.protocol === 'udp' && { protocol: 'udp' }),
    toxics: chain.toxics.map(shownToxic),
  };
}

function shownToxic({ attributes, name, type, stream, toxicity, ttlMs, endsAtMs }: ActiveToxic): object {
  const life = endsAtMs && { ttl: ttlMs, ends_at: new Date(endsAtMs).toISOString() };
  return { attributes, name, type: type.name, stream, toxicity, ...(life || {}) };
}

function shownConnections({ chain }: ToxicProxy): readonly object[] {
  return chain.connections.map((connection) => ({
    number: connection.number,
    client: connection.client,
    opened_at: new Date(connection.openedAtMs).toISOString(),
    ...(connection.serverName !== undefined && { server_name: connection.serverName }),
    received_bytes: bytesOf(connection.traffic.upstream.received, connection.traffic.downstream.received),
    sent_bytes: bytesOf(connection.traffic.upstream.sent, connection.traffic.downstream.sent),
    toxics: chain.toxics.filter((toxic) => connection.infectedBy(toxic)).map(({ name }) => name),
  }));
}

const bytesOf = (upstream: number, downstream: number) => ({ upstream, downstream });

const noContent: Answer = { status: 204, contentType: jsonType, body: '' };

export function json(status: number, value: unknown): Answer {
  return { status, contentType: jsonType, body: JSON.stringify(value) };
}
