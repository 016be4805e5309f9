import type { FaultKind } from '../fault.ts';
import { controlGroup } from './drivers/control-group.ts';
import { engine } from './drivers/engine.ts';
import { type ContainerChaosSpec, containerChaosSchema } from './spec.ts';

/** What an engine does with a container: stop it and start it, restart it, cut it off, give it less. */
export const containerChaos: FaultKind<ContainerChaosSpec> = {
  kind: 'ContainerChaos',
  schema: containerChaosSchema,
  isOneShot: (spec) => spec.action === 'restart',
  drivers: [controlGroup, engine],
};
