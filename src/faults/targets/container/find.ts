// From a declared container to the one that is meant: which engine has it, and which it is there.

import { nearest, UserError } from '../../../base/diagnostics.ts';
import type { LabelRecord } from '../../../base/labels.ts';
import type { ContainerTarget } from '../declaration.ts';
import { ContainerEngine, type EngineVersion, type ListedContainer } from './engine.ts';
import { socketPath } from './sockets.ts';

export interface FoundContainer {
  readonly engine: ContainerEngine;
  readonly runtime: EngineVersion['runtime'];
  readonly id: string;
  readonly name: string;
  readonly labels: LabelRecord;
}

interface ReachedEngine {
  readonly engine: ContainerEngine;
  readonly version: EngineVersion;
  readonly containers: readonly ListedContainer[];
}

interface Search {
  readonly reached: readonly ReachedEngine[];
  /** Sockets that we may not open. */
  readonly denied: readonly string[];
  /** The others that are of no use, each with the reason. */
  readonly silent: readonly string[];
}

/**
 * The container that a name or an id means, or every running one that carries the labels. `sockets`: where engines are
 * looked for when the target names none. FD520 to FD524 say why there is none, or not one.
 */
export async function findContainers(
  target: string,
  declared: ContainerTarget,
  sockets: readonly string[],
): Promise<FoundContainer[]> {
  const search = await reach(declared.socket === undefined ? sockets : [socketPath(declared.socket)]);
  const all = search.reached.flatMap(({ engine, version, containers }) =>
    containers
      .filter((container) => isMeant(declared, container))
      .map((container) => ({ engine, runtime: version.runtime, ...namesOf(container) })),
  );
  // One engine may listen on two sockets.
  const meant = all.filter((one, index) => all.findIndex((other) => other.id === one.id) === index);
  const found = meant.filter(({ runtime }) => declared.runtime === undefined || runtime === declared.runtime);
  const used = new Set(found.map(({ engine }) => engine));
  await Promise.all(search.reached.map(({ engine }) => used.has(engine) || engine.close()));
  if (found.length === 0) throw notFound(target, declared, search, meant);
  if (!('labels' in declared.by) && found.length > 1) throw ambiguous(target, declared, found);
  // A seeded choice among them must not depend on the order in which they were started.
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function namesOf({ Id, Names, Labels }: ListedContainer): Pick<FoundContainer, 'id' | 'name' | 'labels'> {
  return { id: Id, name: Names[0] ?? Id.slice(0, shortId), labels: Labels };
}

const shortId = 12;

function isMeant({ by }: ContainerTarget, container: ListedContainer): boolean {
  if ('name' in by) return container.Names.includes(by.name);
  if ('id' in by) return container.Id.startsWith(by.id);
  // Those that do not run are no target of a fault; a paused one is, and its driver says what it can do.
  if (container.State !== 'running' && container.State !== 'paused') return false;
  return Object.entries(by.labels).every(([label, value]) => container.Labels[label] === value);
}

async function reach(sockets: readonly string[]): Promise<Search> {
  const reached: ReachedEngine[] = [];
  const denied: string[] = [];
  const silent: string[] = [];
  await Promise.all(
    sockets.map(async (socket) => {
      const engine = new ContainerEngine(socket);
      try {
        const [version, containers] = await Promise.all([engine.version(), engine.list()]);
        reached.push({ engine, version, containers });
      } catch (error) {
        await engine.close();
        const code = (error as NodeJS.ErrnoException).code;
        if (code === 'EACCES' || code === 'EPERM') denied.push(socket);
        else silent.push(`${socket} (${reasonOf(code, error as Error)})`);
      }
    }),
  );
  return { reached, denied, silent };
}

function reasonOf(code: string | undefined, error: Error): string {
  if (code === 'ENOENT') return 'not there';
  if (code === 'ECONNREFUSED') return 'nobody listens';
  return error.message.split('\n')[0]!;
}

function notFound(
  target: string,
  declared: ContainerTarget,
  { reached, denied, silent }: Search,
  elsewhere: readonly FoundContainer[],
): UserError {
  const [other] = elsewhere;
  if (other)
    return UserError.of(
      'FD521',
      `target ${target}: container ${other.name} belongs to ${other.runtime} (${other.engine.socket}), not to ${declared.runtime}`,
    );
  if (denied.length > 0)
    return UserError.of('FD522', `target ${target}: no right to open ${denied.join(', ')}`);
  if (reached.length === 0)
    return UserError.of('FD523', `target ${target}: no container engine answers at ${silent.join(', ')}`);
  const known = reached.flatMap(({ containers }) => containers.flatMap(({ Names }) => Names));
  const meant = 'name' in declared.by ? nearest(declared.by.name, known) : undefined;
  const engines = reached.map(({ engine, version }) => `${version.runtime} (${engine.socket})`).join(', ');
  const message = `target ${target}: ${describeDeclared(declared)} is not known to ${engines}`;
  return UserError.of('FD520', message, meant === undefined ? {} : { expected: meant });
}

function ambiguous(target: string, declared: ContainerTarget, found: readonly FoundContainer[]): UserError {
  const which = found.map(
    ({ name, id, runtime, engine }) => `${name} ${id.slice(0, shortId)} of ${runtime} (${engine.socket})`,
  );
  const message = `target ${target}: ${describeDeclared(declared)} may be ${which.join(' or ')}`;
  return UserError.of('FD524', message, { expected: 'id, or socket or runtime beside it' });
}

function describeDeclared({ by }: ContainerTarget): string {
  if ('name' in by) return `container ${by.name}`;
  if ('id' in by) return `container ${by.id}`;
  const pairs = Object.entries(by.labels).map(([label, value]) => `${label}=${value}`);
  return `a running container with ${pairs.join(', ')}`;
}
