// Of a target that runs already, look-ups are led to a DNS server of ours. Faults on one target share it, because of two
// redirects only one would act: the first opens it, the last to go closes it, in whatever order they go.

import type { Clock } from '../../base/clock.ts';
import type { ActiveFault, ExtendLease } from '../fault.ts';
import { SharedSteps } from '../leases/shared-steps.ts';
import type { TargetHandle } from '../targets/target.ts';
import { sampleName } from './pattern.ts';
import { type DnsRequest, type DnsRoute, missing, verifyUndone } from './route.ts';
import type { DnsServer } from './server.ts';

/** Look-ups of a target that come to us. */
export interface Led extends Pick<DnsRoute, 'server' | 'where' | 'ask' | 'astray'> {
  /** Look-ups go where they did before. Once only; the server closes with it. */
  end(): Promise<void>;
  /** After `end`. `name` is one that the fault was about. */
  verifyEnded(name: string): ReturnType<ActiveFault['verifyUndone']>;
}

/** Each step of the way back goes to `extend` before what it takes back is done. */
type OpenLed = (request: DnsRequest, extend: ExtendLease) => Promise<Led>;

interface Shared {
  readonly opened: Promise<Led>;
  readonly steps: SharedSteps;
  users: number;
}

export class LedTargets {
  readonly #open: OpenLed;
  readonly #shared = new WeakMap<TargetHandle, Shared>();

  constructor(open: OpenLed) {
    this.#open = open;
  }

  async inject(request: DnsRequest, extend: ExtendLease): Promise<ActiveFault> {
    const { led, shared } = await this.#enter(request, extend);
    const fault = { ...request.spec };
    const disturbance = led.server.disturb(fault);
    let left: Promise<void> | undefined;
    return {
      hits: () => disturbance.hits(),
      missing: () => missing(request, led, fault),
      undo: () => {
        disturbance.remove();
        left ??= this.#leave(request, shared, extend);
        return left;
      },
      verifyUndone: () =>
        shared.users > 0 ? verifyUndone(led, fault) : led.verifyEnded(sampleName(fault.patterns)),
    };
  }

  async #enter(request: DnsRequest, extend: ExtendLease): Promise<{ led: Led; shared: Shared }> {
    const known = this.#shared.get(request.target);
    const steps = known?.steps ?? new SharedSteps();
    const joined = steps.join(extend);
    const shared = known ?? { opened: joined.then(() => this.#open(request, steps.extend)), steps, users: 0 };
    shared.users++;
    this.#shared.set(request.target, shared);
    try {
      await joined;
      return { led: await shared.opened, shared };
    } catch (error) {
      await this.#leave(request, shared, extend);
      throw error;
    }
  }

  async #leave({ target }: DnsRequest, shared: Shared, extend: ExtendLease): Promise<void> {
    shared.users--;
    if (shared.users === 0) {
      this.#shared.delete(target);
      await shared.opened.then(
        (led) => led.end(),
        () => {},
      );
    }
    shared.steps.leave(extend);
  }
}

const lookEveryMs = 5;
/** Longer than a look-up of ours may take: its answer finds its way back only while the redirect is there. */
const patienceMs = 3500;

/** Until our server has asked for nobody any more, within what a look-up may take. */
export async function answered(server: DnsServer, clock: Clock): Promise<void> {
  for (let waitedMs = 0; server.waiting > 0 && waitedMs < patienceMs; waitedMs += lookEveryMs)
    await clock.sleep(lookEveryMs);
}
