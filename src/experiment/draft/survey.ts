// What a target is, looked at from outside: its processes, the ports that they listen on, and which of these answer
// HTTP and have metrics. Every request is a GET.

import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import type { Guard } from '../../faults/targets/guard.ts';
import { listeningPortsOf } from '../../faults/targets/process/listening.ts';
import { pidTarget } from '../../faults/targets/process/pid.ts';
import { portTarget } from '../../faults/targets/process/port.ts';
import { executable, processStat } from '../../faults/targets/process/proc.ts';
import { HttpClient } from '../../telemetry/http.ts';

export type SurveyedTarget =
  | { readonly type: 'port'; readonly port: number }
  | { readonly type: 'pid'; readonly pid: number }
  | { readonly type: 'command'; readonly command: readonly string[] };

export interface Survey {
  readonly target: SurveyedTarget;
  /** Name of its program, fit for names in an experiment. */
  readonly name: string;
  /** One line with pids. */
  readonly description: string;
  readonly ports: readonly SurveyedPort[];
}

interface SurveyedPort {
  readonly port: number;
  /** Status of `GET /`; undefined when it does not speak HTTP. */
  readonly httpStatus: number | undefined;
  readonly hasMetrics: boolean;
}

const requestMs = 2000;
const bodyBytesMax = 32 * 1024 * 1024;
/** A target with more of them is looked at only so far. */
const portsMax = 8;

/** Rejects with FD504, FD505, FD506 or FD51x when the target is not there or must not be acted on. */
export async function surveyTarget(
  target: Exclude<SurveyedTarget, { type: 'command' }>,
  guard: Guard,
  clock: Clock,
): Promise<Survey> {
  const identity = { name: 'target', namespace: 'default', labels: {} };
  const handle =
    target.type === 'port'
      ? portTarget(identity, { port: target.port, only: false }, guard)
      : pidTarget(identity, target.pid, guard);
  const pids = (await handle.processes()).map(({ pid }) => pid);
  const found = listeningPortsOf(pids).slice(0, portsMax);
  const ports =
    target.type === 'port' ? [target.port, ...found.filter((port) => port !== target.port)] : found;
  return {
    target,
    name: programName(pids),
    description: await handle.describe(),
    ports: await Promise.all(ports.map((port) => surveyPort(port, clock))),
  };
}

async function surveyPort(port: number, clock: Clock): Promise<SurveyedPort> {
  const [root, metrics] = await Promise.all([
    get(`http://127.0.0.1:${port}/`, clock).catch(() => undefined),
    get(`http://127.0.0.1:${port}/metrics`, clock).catch(() => undefined),
  ]);
  return { port, httpStatus: root?.status, hasMetrics: metrics !== undefined && areMetrics(metrics) };
}

/** FD701 or FD702 when the address does not answer, FD907 when what it answers is no metrics. */
export async function requireMetrics(url: string, clock: Clock): Promise<void> {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw UserError.of('FD105', `${url} is no address of metrics`, { expected: 'http://host:port/metrics' });
  const answer = await get(url, clock);
  if (!areMetrics(answer))
    throw UserError.of('FD907', `${url} answered with status ${answer.status}, and without metrics`);
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function get(url: string, clock: Clock): Promise<Answer> {
  const client = new HttpClient({}, clock);
  try {
    const { status, body } = await client.request({ url: new URL(url), timeoutMs: requestMs, bodyBytesMax });
    return { status, body: body.toString() };
  } finally {
    await client.close();
  }
}

/** A line that has a name, perhaps labels, and a number. */
function areMetrics({ status, body }: Answer): boolean {
  return status === 200 && /^[a-zA-Z_:][\w:]*(?:\{.*\})? [-+]?(?:\d|Inf|NaN)/m.test(body);
}

/** Of the first process whose program is no shell or wrapper. */
function programName(pids: readonly number[]): string {
  const names = pids.map(nameOf);
  const wrappers = new Set(['', 'sh', 'dash', 'bash', 'setpriv', 'env', 'tini', 'sudo']);
  const name = names.find((each) => !wrappers.has(each)) ?? names[0] ?? '';
  return name.replace(/[^A-Za-z0-9-]+/g, '-').replace(/^-+|-+$/g, '') || 'service';
}

/** The kernel cuts names after 15 characters; the file may be called otherwise than the program calls itself. */
function nameOf(pid: number): string {
  const file =
    executable(pid)
      ?.split('/')
      .at(-1)
      ?.replace(/ \(deleted\)$/, '') ?? '';
  const own = processStat(pid)?.name ?? '';
  return file.startsWith(own) ? file : own;
}
