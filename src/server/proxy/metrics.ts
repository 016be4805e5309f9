// /metrics under toxiproxy's names. https://github.com/Shopify/toxiproxy/blob/main/METRICS.md

import { Counter, collectDefaultMetrics, Registry } from 'prom-client';
import { formatHostPort } from '../../faults/targets/host-port.ts';
import type { Answer } from '../http/answer.ts';
import type { Proxies } from './proxies.ts';

export interface MetricsOptions {
  /** Bytes of each proxy. */
  readonly proxy: boolean;
  /** Of this process, under the names of Node.js's client library. */
  readonly runtime: boolean;
}

const labelNames = ['direction', 'proxy', 'listener', 'upstream'] as const;

export function metricsHandler(proxies: Proxies, { proxy, runtime }: MetricsOptions): () => Promise<Answer> {
  const registers = [new Registry()];
  const register = registers[0]!;
  if (runtime) collectDefaultMetrics({ register });
  if (proxy) {
    const counter = (name: string, help: string) => new Counter({ name, help, labelNames, registers });
    const received = counter('toxiproxy_proxy_received_bytes_total', 'Bytes that came to the proxy.');
    const sent = counter('toxiproxy_proxy_sent_bytes_total', 'Bytes that the proxy has passed on.');
    return async () => {
      received.reset();
      sent.reset();
      for (const each of proxies.all) {
        const { name, route, traffic } = each;
        const labels = {
          proxy: name,
          listener: proxies.listenText(each),
          upstream: formatHostPort(route.upstream),
        };
        for (const direction of ['upstream', 'downstream'] as const) {
          received.inc({ direction, ...labels }, traffic[direction].received);
          sent.inc({ direction, ...labels }, traffic[direction].sent);
        }
      }
      return rendered(register);
    };
  }
  return () => rendered(register);
}

async function rendered(register: Registry): Promise<Answer> {
  return { status: 200, contentType: register.contentType, body: await register.metrics() };
}
