// `targets`: what may be broken.

import { resolve } from 'node:path';
import { z } from 'zod';
import {
  address,
  complain,
  duration,
  httpUrl,
  httpUrlOf,
  list,
  listenAddress,
  port,
  splitAddress,
  text,
} from '../../base/scalars.ts';
import type { ContainerTarget, ProcessTarget, ProxyTarget } from '../../faults/targets/declaration.ts';
import type { TargetSpec } from '../model.ts';
import { name } from './scalars.ts';

const readyWithinMsDefault = 30_000;
const restartDelayMsDefault = 1000;

const readySchema = z
  .strictObject({
    http: httpUrl.optional().describe('Ready when this address answers with 2xx or 3xx.'),
    tcp: address.optional().describe('Ready when this address accepts a connection.'),
    within: duration.optional().describe('How long it may take; 30s when not given.'),
  })
  .superRefine((ready, context) => {
    if ((ready.http === undefined) === (ready.tcp === undefined))
      complain(context, 'FD107', 'not one check', { expected: 'one of http, tcp' });
  });

const ipv4 = z.ipv4({ error: 'not an IPv4 address' });
const waysToName = ['command', 'pid', 'port'] as const;
const commandOnly = ['env', 'folder', 'ready', 'restart', 'connects', 'listens', 'hosts'] as const;

const processSchema = z
  .strictObject({
    command: list(z.string())
      .min(1)
      .optional()
      .describe('Program and arguments, started and ended by Firedrill.'),
    pid: z.int().min(1).optional().describe('A process that runs already, with its descendants.'),
    port: port
      .optional()
      .describe('Every process that listens on this port, and the tree that they belong to.'),
    only: z.boolean().optional().describe('With port: not the parent of the processes that listen.'),
    env: z.record(text, z.string()).optional().describe('Environment variables beside those of Firedrill.'),
    folder: text.optional().describe("Working folder; the experiment's own when not given."),
    ready: readySchema.optional().describe('When the program counts as started.'),
    restart: z
      .union([z.boolean(), z.strictObject({ delay: duration.describe('Pause before it starts again.') })])
      .optional()
      .describe('Start it again when it ends; true waits 1s. false when not given.'),
    connects: list(address)
      .optional()
      .describe('Addresses that it must reach, for drivers that cut it off from the network.'),
    listens: list(port)
      .optional()
      .describe('Ports that must stay reachable; that of the ready check when not given.'),
    hosts: z
      .record(text, ipv4)
      .optional()
      .describe("Names (or *.suffix) that the drill's DNS server answers by itself, and their addresses."),
  })
  .superRefine((process, context) => {
    const ways = waysToName.filter((way) => process[way] !== undefined);
    if (ways.length !== 1)
      complain(
        context,
        ways.length === 0 ? 'FD107' : 'FD105',
        ways.length === 0 ? 'no process is named' : `named in ${ways.length} ways`,
        {
          expected: `one of ${waysToName.join(', ')}`,
        },
      );
    if (process.only !== undefined && process.port === undefined)
      complain(context, 'FD105', 'only for a port', { path: ['only'], expected: 'port beside it' });
    for (const key of commandOnly) {
      if (process[key] !== undefined && process.command === undefined)
        complain(context, 'FD105', 'only for a program that Firedrill starts', {
          path: [key],
          expected: 'command beside it',
        });
    }
  });

const proxySchema = z.strictObject({
  listen: listenAddress.describe('Where the proxy listens, on loopback; port 0 takes any free one.'),
  upstream: address.describe('Where it passes the bytes on to.'),
});

const waysToNameContainers = ['name', 'id', 'labels'] as const;
const idExpected = 'the first 12 or more hexadecimal digits of an id';

const containerSchema = z
  .strictObject({
    name: text.optional().describe('Name of a container that runs.'),
    id: z
      .string()
      .regex(/^[0-9a-f]{12,64}$/, { error: 'not the id of a container' })
      .meta({ expected: idExpected })
      .optional()
      .describe('Its id, or the first 12 digits of it.'),
    labels: z
      .record(text, z.string())
      .refine((labels) => Object.keys(labels).length > 0, { error: 'no label is given' })
      .optional()
      .describe('Every running container that carries these; each is a target of its own.'),
    socket: z
      .string()
      .regex(/^(unix:\/\/)?\//, { error: 'not the path of a unix socket' })
      .meta({ expected: 'a path such as /var/run/docker.sock' })
      .optional()
      .describe(
        'Unix socket of the engine. When not given: DOCKER_HOST or CONTAINER_HOST, else where Docker and Podman listen.',
      ),
    runtime: z.enum(['docker', 'podman']).optional().describe('Only in this engine.'),
  })
  .superRefine((container, context) => {
    const ways = waysToNameContainers.filter((way) => container[way] !== undefined);
    if (ways.length === 1) return;
    const message = ways.length === 0 ? 'no container is named' : `named in ${ways.length} ways`;
    complain(context, ways.length === 0 ? 'FD107' : 'FD105', message, {
      expected: `one of ${waysToNameContainers.join(', ')}`,
    });
  });

const targetKinds = ['process', 'proxy', 'container', 'host'] as const;

export const targetSchema = z
  .strictObject({
    process: processSchema.optional().describe('A process and its descendants.'),
    proxy: proxySchema.optional().describe('A TCP proxy of ours in front of something.'),
    container: containerSchema.optional().describe('A container of Docker or Podman that runs already.'),
    host: z.strictObject({}).optional().describe('The machine itself; only with --allow host.'),
    namespace: name.optional().describe('For selectors; default when not given.'),
    labels: z.record(text, z.string()).optional().describe('For selectors.'),
    anySelector: z.boolean().optional().describe('Every selector chooses it, whatever it asks for.'),
  })
  .superRefine((target, context) => {
    if (targetKinds.filter((kind) => target[kind] !== undefined).length !== 1)
      complain(context, 'FD107', 'not of one kind', { expected: `one of ${targetKinds.join(', ')}` });
  });

type TargetFields = z.output<typeof targetSchema>;

const namespaceDefault = 'default';

export function resolveTarget(targetName: string, target: TargetFields, folder: string): TargetSpec {
  return {
    name: targetName,
    namespace: target.namespace ?? namespaceDefault,
    labels: target.labels ?? {},
    ...(target.anySelector && { anySelector: true }),
    kind: resolveKind(target, folder),
  };
}

function resolveKind({ container, proxy, host, process }: TargetFields, folder: string): TargetSpec['kind'] {
  if (container) return resolveContainer(container);
  if (proxy) return resolveProxy(proxy);
  return host ? { type: 'host' } : resolveProcess(process!, folder);
}

function resolveProxy(proxy: z.output<typeof proxySchema>): ProxyTarget {
  return { type: 'proxy', listen: proxy.listen, upstream: proxy.upstream };
}

function resolveContainer({
  name,
  id,
  labels,
  socket,
  runtime,
}: z.output<typeof containerSchema>): ContainerTarget {
  const by = name !== undefined ? { name } : id !== undefined ? { id } : { labels: labels! };
  return { type: 'container', by, socket, runtime };
}

function resolveProcess(process: z.output<typeof processSchema>, folder: string): ProcessTarget {
  if (process.pid !== undefined) return { type: 'pid', pid: process.pid };
  if (process.port !== undefined) return { type: 'port', port: process.port, only: process.only ?? false };
  const { ready, restart } = process;
  return {
    type: 'command',
    command: process.command!,
    env: process.env ?? {},
    folder: resolve(folder, process.folder ?? '.'),
    ready: ready && {
      ...(ready.http !== undefined && { http: ready.http }),
      ...(ready.tcp !== undefined && { tcp: ready.tcp }),
      withinMs: ready.within ?? readyWithinMsDefault,
    },
    restart: restart !== undefined && restart !== false,
    restartDelayMs: typeof restart === 'object' ? restart.delay : restartDelayMsDefault,
    connects: process.connects,
    listens: process.listens ?? readyPorts(ready),
    hosts: process.hosts ?? {},
  };
}

function readyPorts(ready: z.output<typeof readySchema> | undefined): number[] {
  if (ready?.tcp !== undefined) return [splitAddress(ready.tcp)!.port];
  const url = ready?.http === undefined ? undefined : httpUrlOf(ready.http);
  if (!url) return [];
  return [Number(url.port) || (url.protocol === 'https:' ? 443 : 80)];
}
