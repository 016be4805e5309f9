// A route is how a target comes to ask our DNS server. The drivers differ in nothing else: this file makes a driver
// out of a way to open routes. Faults on one target share one route, because a target has one resolver.

import { humanDuration } from '../../base/duration.ts';
import type {
  ActiveFault,
  DriverPlan,
  FaultDriver,
  FaultRequest,
  PreparedFault,
  Usability,
} from '../fault.ts';
import type { ProcessTarget } from '../targets/declaration.ts';
import type { Launch, ProcessId, ProcessTargetHandle, TargetHandle } from '../targets/target.ts';
import { rcodeName } from './message.ts';
import { sampleName } from './pattern.ts';
import type { CheckResult, DnsDisturbance, DnsServer } from './server.ts';
import type { DnsChaosSpec } from './spec.ts';

export type DnsRequest = FaultRequest<DnsChaosSpec>;

/** A process target that Firedrill starts, the only one whose way to its name server can be laid beforehand. */
export type CommandTarget = Extract<ProcessTarget, { type: 'command' }>;

export interface DnsRoute {
  readonly server: DnsServer;
  readonly launch: Launch;
  /** For the lease and the evidence: `DNS server at 127.3.2.1:53`. */
  readonly where: string;
  /** Sends a raw query the way that the target's own go. */
  ask(query: Buffer): Promise<Buffer | undefined>;
  /** Which of these processes of the target would not ask our server, and why; undefined when all would. */
  astray(processes: readonly ProcessId[]): Promise<string | undefined>;
  close(): Promise<void>;
}

/** One way to lead a target to our server. */
export interface DnsWay {
  readonly name: string;
  /** For the plan, after `from a DNS server of Firedrill's own, `. */
  readonly how: string;
  usability(request: DnsRequest, declared: CommandTarget): Promise<Usability>;
  open(request: DnsRequest, declared: CommandTarget): Promise<DnsRoute>;
}

interface SharedRoute {
  readonly opened: Promise<DnsRoute>;
  users: number;
}

export function routeDriver(way: DnsWay): FaultDriver<DnsChaosSpec> {
  const routes = new WeakMap<TargetHandle, SharedRoute>();
  const routeOf = (request: DnsRequest) => {
    const shared = routes.get(request.target);
    if (!shared) throw new Error(`${request.name}: the DNS route was not prepared`);
    return shared.opened;
  };
  return {
    name: way.name,
    async probe(request) {
      const { declared } = request;
      return declared.type === 'command' ? way.usability(request, declared) : notStartedByUs;
    },
    plan: (request) => planOf(way, request),
    prepare: (request) => prepare(way, routes, request),
    undoSteps: async (request) => [{ type: 'ends-with-owner', what: (await routeOf(request)).where }],
    inject: async (request) => inject(request, await routeOf(request)),
  };
}

const notStartedByUs: Usability = {
  usable: false,
  reason: 'Firedrill does not start the target',
  remedy: 'declare it with process.command',
  otherTarget: true,
};

function planOf(way: DnsWay, request: DnsRequest): DriverPlan {
  return {
    ...whatOf(request),
    how: `from a DNS server of Firedrill's own, ${way.how}`,
    undo: 'the server answers these names rightly again; the target keeps asking it until it ends',
    survivesCrash: 'no wrong answer: the server ends with Firedrill, the target with its own lease',
  };
}

const hitsOf: Record<DnsChaosSpec['action'], string> = {
  error: 'look-ups refused',
  random: 'look-ups answered wrongly',
  slow: 'look-ups held back',
  drop: 'look-ups dropped',
};

/** What every driver says of the fault itself. */
export function whatOf({ spec, durationMs }: DnsRequest): Pick<DriverPlan, 'what' | 'hits'> {
  const names = spec.patterns.length === 0 ? 'every name' : spec.patterns.join(', ');
  const during = durationMs === undefined ? '' : ` for ${humanDuration(durationMs)}`;
  return { what: `${verbOf(spec)} ${names}${during}`, hits: hitsOf[spec.action] };
}

function verbOf(spec: DnsChaosSpec): string {
  switch (spec.action) {
    case 'error':
      return 'refuses look-ups of';
    case 'random':
      return 'answers with a random address for';
    case 'slow':
      return `holds back for ${humanDuration(spec.delayMs)} look-ups of`;
    case 'drop':
      return 'drops look-ups of';
  }
}

async function prepare(
  way: DnsWay,
  routes: WeakMap<TargetHandle, SharedRoute>,
  request: DnsRequest,
): Promise<PreparedFault> {
  const declared = commandOf(request);
  const known = routes.get(request.target);
  const shared = known ?? { opened: way.open(request, declared), users: 0 };
  shared.users++;
  routes.set(request.target, shared);
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    shared.users--;
    if (shared.users > 0) return;
    routes.delete(request.target);
    await (await shared.opened).close();
  };
  try {
    const route = await shared.opened;
    return { launch: known ? { prefix: [], env: {} } : route.launch, close };
  } catch (error) {
    routes.delete(request.target);
    throw error;
  }
}

async function inject(request: DnsRequest, route: DnsRoute): Promise<ActiveFault> {
  const fault: DnsDisturbance = { ...request.spec };
  const disturbance = route.server.disturb(fault);
  return {
    hits: () => disturbance.hits(),
    missing: () => missing(request, route, fault),
    undo: async () => disturbance.remove(),
    verifyUndone: () => verifyUndone(route, fault),
  };
}

/** Whether the fault acts on what the target asks: every process of it is led to the server, and a query is hit. */
export async function missing(
  request: DnsRequest,
  route: Pick<DnsRoute, 'server' | 'where' | 'ask' | 'astray'>,
  fault: DnsDisturbance,
): Promise<string | undefined> {
  const processes = await (request.target as ProcessTargetHandle).processes();
  if (processes.length === 0) return 'the target has no process that could ask';
  const reason = await route.astray(processes);
  if (reason) return reason;
  const name = sampleName(fault.patterns);
  const check = await route.server.check(name, route.ask);
  if (check.disturbedBy === fault) return undefined;
  if (!check.arrived) return `a query for ${name} did not reach the ${route.where}`;
  return `a query for ${name} ${describe(check)}`;
}

/** Whether the server, which goes on for others, answers rightly what the fault disturbed. */
export async function verifyUndone(
  route: Pick<DnsRoute, 'server' | 'where' | 'ask'>,
  fault: DnsDisturbance,
): ReturnType<ActiveFault['verifyUndone']> {
  const name = sampleName(fault.patterns);
  const check = await route.server.check(name, route.ask);
  if (check.disturbedBy === fault) {
    return { undone: false, left: [`the ${route.where} still disturbs ${name}`] };
  }
  if (!check.arrived) return { undone: true, evidence: `the ${route.where} answers nobody any more` };
  return { undone: true, evidence: `a query for ${name} ${describe(check)}` };
}

function describe({ answer, disturbedBy }: CheckResult): string {
  if (!answer) return "was passed on to the machine's name servers, which have not answered yet";
  const by = disturbedBy ? ' by another fault' : ' as without the fault';
  return `was answered ${[rcodeName(answer.rcode), ...answer.addresses].join(' ')}${by}`;
}

function commandOf(request: DnsRequest): CommandTarget {
  if (request.declared.type !== 'command') throw new Error(`${request.name}: the target is not a command`);
  return request.declared;
}

/** The first reason that a look at each process gives; one that has ended meanwhile gives none. */
export async function firstAstray(
  processes: readonly ProcessId[],
  look: (pid: number) => Promise<string | undefined>,
): Promise<string | undefined> {
  for (const { pid } of processes) {
    try {
      const reason = await look(pid);
      if (reason) return reason;
    } catch (error) {
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  return undefined;
}
