// A container engine over its unix socket: the part of Docker's HTTP API that Podman answers as well
// (https://docs.docker.com/reference/api/engine/). Paths carry no version: each engine then speaks its own newest one.

import { Client, type Dispatcher } from 'undici';
import { z } from 'zod';

const answerTimeoutMs = 10_000;
const answerBytesMax = 16 * 1024 * 1024;
const messageMax = 300;

/** What the engine answered instead of doing it. */
class EngineError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const textRecord = z
  .record(z.string(), z.string())
  .nullish()
  .transform((record) => record ?? {});

const versionSchema = z.object({
  Version: z.string(),
  Components: z.array(z.object({ Name: z.string() })).nullish(),
});

const listedSchema = z.array(
  z.object({
    Id: z.string(),
    Names: z
      .array(z.string())
      .nullish()
      // Docker puts a slash before a name; a link from another container has two.
      .transform((names) => (names ?? []).map((name) => name.replace(/^\//, ''))),
    Labels: textRecord,
    State: z.string(),
  }),
);

/** How a container is attached to a network, as far as it was asked for when it was attached. */
const endpointSchema = z.object({
  IPAMConfig: z.unknown().optional(),
  Links: z.array(z.string()).nullish(),
  Aliases: z.array(z.string()).nullish(),
  DriverOpts: z.record(z.string(), z.string()).nullish(),
  IPAddress: z.string().nullish(),
  GlobalIPv6Address: z.string().nullish(),
});

const limit = z
  .number()
  .nullish()
  .transform((value) => value ?? 0);

const inspectedSchema = z.object({
  Id: z.string(),
  Name: z.string().transform((name) => name.replace(/^\//, '')),
  State: z.object({
    Status: z.string(),
    Running: z.boolean(),
    Paused: z.boolean(),
    Restarting: z.boolean(),
    Pid: z.number(),
    StartedAt: z.string(),
  }),
  HostConfig: z.object({
    AutoRemove: z.boolean().default(false),
    NetworkMode: z.string().default(''),
    RestartPolicy: z.object({ Name: z.string() }).nullish(),
    CpuPeriod: limit,
    CpuQuota: limit,
    NanoCpus: limit,
    Memory: limit,
    MemorySwap: limit,
    PidsLimit: limit,
  }),
  Config: z.object({ Labels: textRecord }),
  NetworkSettings: z.object({
    Networks: z
      .record(z.string(), endpointSchema)
      .nullish()
      .transform((networks) => networks ?? {}),
  }),
});

export type Endpoint = z.output<typeof endpointSchema>;
export type ListedContainer = z.output<typeof listedSchema>[number];
export type InspectedContainer = z.output<typeof inspectedSchema>;

/** Limits of a container in the API's own fields and units; 0 and what is left out stay as they are. */
export interface ResourceUpdate {
  readonly CpuPeriod?: number;
  readonly CpuQuota?: number;
  readonly NanoCpus?: number;
  readonly Memory?: number;
  readonly MemorySwap?: number;
  readonly PidsLimit?: number;
}

export interface EngineVersion {
  readonly runtime: 'docker' | 'podman';
  readonly version: string;
}

export class ContainerEngine {
  /** Absolute path of its unix socket. */
  readonly socket: string;
  readonly #client: Client;

  constructor(socket: string) {
    this.socket = socket;
    this.#client = new Client('http://engine', { socketPath: socket, bodyTimeout: answerTimeoutMs });
  }

  async version(): Promise<EngineVersion> {
    const { Version, Components } = versionSchema.parse(await this.#get('/version'));
    const isPodman = Components?.some(({ Name }) => Name.startsWith('Podman')) ?? false;
    return { runtime: isPodman ? 'podman' : 'docker', version: Version };
  }

  /** Every container, those that do not run included. */
  async list(): Promise<ListedContainer[]> {
    return listedSchema.parse(await this.#get('/containers/json?all=true'));
  }

  /** Undefined when there is no such container. */
  async inspect(id: string): Promise<InspectedContainer | undefined> {
    try {
      return inspectedSchema.parse(await this.#get(`${containerPath(id)}/json`));
    } catch (error) {
      if (error instanceof EngineError && error.status === 404) return undefined;
      throw error;
    }
  }

  async pause(id: string): Promise<void> {
    await this.#post(`${containerPath(id)}/pause`);
  }

  async unpause(id: string): Promise<void> {
    await this.#post(`${containerPath(id)}/unpause`);
  }

  /** The engine takes it for a wish to end the container: no restart policy acts on what dies of it. */
  async kill(id: string, signal: string): Promise<void> {
    await this.#post(`${containerPath(id)}/kill?signal=${encodeURIComponent(signal)}`);
  }

  async start(id: string): Promise<void> {
    await this.#post(`${containerPath(id)}/start`);
  }

  /** The stop signal, `graceSeconds`, then SIGKILL. */
  async stop(id: string, graceSeconds: number): Promise<void> {
    await this.#post(`${containerPath(id)}/stop?t=${graceSeconds}`, undefined, graceSeconds * 1000);
  }

  async restart(id: string, graceSeconds: number): Promise<void> {
    await this.#post(`${containerPath(id)}/restart?t=${graceSeconds}`, undefined, graceSeconds * 1000);
  }

  async update(id: string, resources: ResourceUpdate): Promise<void> {
    await this.#post(`${containerPath(id)}/update`, resources);
  }

  async disconnect(id: string, network: string): Promise<void> {
    await this.#post(`/networks/${encodeURIComponent(network)}/disconnect`, { Container: id, Force: false });
  }

  async connect(id: string, network: string, endpoint: Endpoint): Promise<void> {
    const { IPAMConfig, Links, Aliases, DriverOpts } = endpoint;
    await this.#post(`/networks/${encodeURIComponent(network)}/connect`, {
      Container: id,
      EndpointConfig: { IPAMConfig, Links, Aliases, DriverOpts },
    });
  }

  /** Idempotent; connections that idle do not keep the process alive even without it. */
  async close(): Promise<void> {
    if (!this.#client.closed) await this.#client.close();
  }

  async #get(path: string): Promise<unknown> {
    return JSON.parse(await this.#ask('GET', path));
  }

  async #post(path: string, body?: object, extraMs = 0): Promise<void> {
    await this.#ask('POST', path, body, extraMs);
  }

  async #ask(method: 'GET' | 'POST', path: string, body?: object, extraMs = 0): Promise<string> {
    const answer = await this.#client.request({
      method,
      path,
      headersTimeout: answerTimeoutMs + extraMs,
      ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
    });
    const text = await readBounded(answer.body);
    // 304: it is in the state that was asked for.
    if (answer.statusCode < 300 || answer.statusCode === 304) return text;
    throw new EngineError(answer.statusCode, complaintOf(text) || `HTTP status ${answer.statusCode}`);
  }
}

function containerPath(id: string): string {
  return `/containers/${encodeURIComponent(id)}`;
}

async function readBounded(body: Dispatcher.ResponseData['body']): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += (piece as Buffer).length;
    if (bytes > answerBytesMax) throw new Error(`the engine answers with more than ${answerBytesMax} bytes`);
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function complaintOf(text: string): string {
  try {
    const message = (JSON.parse(text) as { message?: unknown }).message;
    return (typeof message === 'string' ? message : text).slice(0, messageMax);
  } catch {
    return text.trim().slice(0, messageMax);
  }
}
