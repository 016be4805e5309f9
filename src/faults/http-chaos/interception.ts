// An interception is a proxy of ours in a target's traffic. Faults on one port of one target share it: the first opens
// it, the last to go closes it, in whatever order they go.

import { resolve } from 'node:path';
import { UserError } from '../../base/diagnostics.ts';
import { humanDuration } from '../../base/duration.ts';
import type { ActiveFault, DriverPlan, ExtendLease, FaultRequest, Usability } from '../fault.ts';
import { SharedSteps } from '../leases/shared-steps.ts';
import type { TargetHandle } from '../targets/target.ts';
import type { HttpRule } from './proxy/rules.ts';
import type { HttpProxy } from './proxy/server.ts';
import { loadTls, type TlsFiles, type TlsSides } from './proxy/tls.ts';
import type { HttpChaosSpec } from './spec.ts';

export type HttpRequest = FaultRequest<HttpChaosSpec>;

/** What an undo came to, in the words of `ActiveFault.verifyUndone`. */
type Ended = Awaited<ReturnType<ActiveFault['verifyUndone']>>;

export interface Interception {
  readonly proxy: HttpProxy;
  /** Connections of before that could not be led to the proxy. */
  readonly oldConnections: number;
  /** Why new connections do not come to the proxy, or undefined. */
  astray(): Promise<string | undefined>;
  /** Leads the traffic past the proxy again. Idempotent. */
  end(): Promise<void>;
  /** After `end`. */
  verifyEnded(): Promise<Ended>;
}

/** Opens one; each step of the way back goes to `extend` before what it takes back is done. */
export type OpenInterception = (request: HttpRequest, extend: ExtendLease) => Promise<Interception>;

interface Shared {
  readonly opened: Promise<Interception>;
  /** What the lease of each fault that needs it holds. */
  readonly steps: SharedSteps;
  readonly tls: string;
  users: number;
}

export class Interceptions {
  readonly #open: OpenInterception;
  readonly #shared = new WeakMap<TargetHandle, Map<number, Shared>>();

  constructor(open: OpenInterception) {
    this.#open = open;
  }

  async inject(request: HttpRequest, extend: ExtendLease): Promise<ActiveFault> {
    const { spec } = request;
    const { shared, joined } = this.#enter(request, extend);
    let interception: Interception;
    try {
      await joined;
      interception = await shared.opened;
    } catch (error) {
      await this.#leave(request, shared, extend);
      throw error;
    }
    const rule = interception.proxy.add(spec);
    let left: Promise<void> | undefined;
    return {
      hits: () => rule.hits,
      missing: () => missing(interception, rule),
      undo: () => {
        interception.proxy.remove(rule);
        left ??= this.#leave(request, shared, extend);
        return left;
      },
      verifyUndone: () => verifyUndone(interception, rule, shared.users),
    };
  }

  #enter(request: HttpRequest, extend: ExtendLease): { shared: Shared; joined: Promise<void> } {
    const { target, spec } = request;
    const ports = this.#shared.get(target) ?? new Map<number, Shared>();
    this.#shared.set(target, ports);
    const tls = JSON.stringify(spec.tls);
    const known = ports.get(spec.port);
    if (known && known.tls !== tls)
      throw UserError.of(
        'FD656',
        `${request.name}: another fault on port ${spec.port} has another certificate`,
      );
    const steps = known?.steps ?? new SharedSteps();
    const joined = steps.join(extend);
    const opened = known?.opened ?? joined.then(() => this.#open(request, steps.extend));
    const shared = known ?? { opened, steps, tls, users: 0 };
    shared.users++;
    ports.set(spec.port, shared);
    return { shared, joined };
  }

  async #leave({ target, spec }: HttpRequest, shared: Shared, extend: ExtendLease): Promise<void> {
    shared.users--;
    if (shared.users === 0) {
      this.#shared.get(target)?.delete(spec.port);
      await shared.opened.then(
        (interception) => interception.end(),
        () => {},
      );
    }
    shared.steps.leave(extend);
  }
}

async function missing(interception: Interception, rule: HttpRule): Promise<string | undefined> {
  if (!interception.proxy.has(rule)) return 'the proxy does not know the fault any more';
  const reason = await interception.astray();
  if (reason) return reason;
  const { oldConnections: old } = interception;
  return old > 0 ? `${old} connections that were open before still go past the proxy` : undefined;
}

async function verifyUndone(
  { proxy, verifyEnded }: Interception,
  rule: HttpRule,
  users: number,
): Promise<Ended> {
  if (proxy.has(rule)) return { undone: false, left: ['a rule of the HTTP proxy'] };
  const note = notesOn(proxy, rule);
  if (users > 0)
    return {
      undone: true,
      evidence: `the proxy has no such rule any more, only those of other faults${note}`,
    };
  const ended = await verifyEnded();
  return ended.undone ? { undone: true, evidence: ended.evidence + note } : ended;
}

/** What the fault could not act on. */
function notesOn({ unread }: HttpProxy, { unpatched }: HttpRule): string {
  return [
    unpatched > 0 ? `; ${unpatched} bodies could not be patched` : '',
    unread > 0 ? `; ${unread} connections passed unread, as HTTP/2 does, and TLS where no tls is given` : '',
  ].join('');
}

/** The end of a sentence of evidence. */
export function stillBusy(connections: number): string {
  if (connections === 0) return '';
  return `; ${connections} connections were still busy after a second and were ended`;
}

/** Read anew for each proxy, so that a certificate that was renewed counts. */
export async function tlsOf(request: HttpRequest): Promise<TlsSides | undefined> {
  const files = filesOf(request);
  return files && loadTls(files);
}

/** What is wrong with the certificate, before anything is touched. */
export async function tlsMistake(request: HttpRequest): Promise<Usability | undefined> {
  const { tls } = request.spec;
  if (tls && 'secretName' in tls) {
    const reason = `tls names the secret ${tls.secretNamespace}/${tls.secretName} of a cluster`;
    return { usable: false, reason, remedy: 'name files here: tls: { certFile: …, keyFile: … }' };
  }
  try {
    await tlsOf(request);
    return undefined;
  } catch (error) {
    throw UserError.of('FD655', `${request.name}: ${(error as Error).message}`);
  }
}

function filesOf({ spec: { tls }, folder = '.' }: HttpRequest): TlsFiles | undefined {
  if (!tls || 'secretName' in tls) return undefined;
  const { certFile, keyFile, caFile } = tls;
  return {
    certFile: resolve(folder, certFile),
    keyFile: resolve(folder, keyFile),
    caFile: caFile === undefined ? undefined : resolve(folder, caFile),
  };
}

/** What every driver says of the fault itself. */
export function whatOf({ spec, durationMs }: HttpRequest): Pick<DriverPlan, 'what' | 'hits'> {
  const { target, direction, port, match } = spec;
  const messages = target === 'Request' ? 'requests' : 'responses';
  const side = direction === 'to' ? 'calls to port' : 'port';
  const path = match.path === undefined ? '' : ` to ${match.path}`;
  const method = match.method === undefined ? '' : `${match.method} `;
  const code = match.code === undefined ? '' : ` with status ${match.code}`;
  const during = durationMs === undefined ? '' : ` for ${humanDuration(durationMs)}`;
  return {
    what: `${verbs(spec).join(', ')} ${method}${messages}${path}${code} on ${side} ${port}${during}`,
    hits: `${messages} changed`,
  };
}

function verbs({ abort, delayMs, replace, patch }: HttpChaosSpec): string[] {
  if (abort) return ['aborts'];
  const keys = (changes: object) =>
    Object.entries(changes)
      .filter(([, change]) => change !== undefined)
      .map(([key]) => key);
  const [replaced, patched] = [keys(replace), keys(patch)];
  return [
    ...(delayMs > 0 ? [`delays by ${humanDuration(delayMs)}`] : []),
    ...(replaced.length > 0 ? [`replaces ${replaced.join(' and ')} of`] : []),
    ...(patched.length > 0 ? [`patches ${patched.join(' and ')} of`] : []),
  ];
}
