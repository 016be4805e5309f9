// The kernel's own queueing disciplines, on the devices of the target's network namespace, or on one that the file
// names. They see what is sent, and only packets of the target.

import { UserError } from '../../../base/diagnostics.ts';
import type { ActiveFault, DriverPlan, ExtendLease, FaultDriver, Usability } from '../../fault.ts';
import { rootHandle, runTool } from '../../kernel/qdisc.ts';
import { type DeleteQdisc, deleteQdisc } from '../../leases/steps/delete-qdisc.ts';
import { identify } from '../../targets/process/proc.ts';
import { describeFault } from '../describe.ts';
import { networkOf, type Place, placeOf, runApart } from '../namespace.ts';
import { hitComment, type NetworkRequest, packetTargetOf, placeOfTarget, TargetPackets } from '../packets.ts';
import { knock, notForThis, unusable, whyNotFound } from '../reach.ts';
import { classOf, disciplineOf, switchCommands } from '../shaping.ts';
import type { NetworkChaosSpec } from '../spec.ts';

export const netem: FaultDriver<NetworkChaosSpec> = shaper('netem');

export const tbf: FaultDriver<NetworkChaosSpec> = shaper('tbf');

const mtuDefault = 1500;

function shaper(name: 'netem' | 'tbf'): FaultDriver<NetworkChaosSpec> {
  return {
    name,
    targets: ['process', 'container'],
    async probe(request) {
      const discipline = disciplineOf(request.spec, mtuDefault);
      if (discipline?.[0] !== name) return notForThis(`${name} does not do this`, 'see the others');
      const reason = (await whyNotHere(request)) ?? (await whyNotBy(discipline)) ?? (await whyTaken(request));
      return reason ?? { usable: true };
    },
    plan: (request) => planOf(name, request),
    async takes(request) {
      const place = await placeNow(request);
      const network = networkOf(place ?? 'self') ?? 'none';
      const devices = await devicesOf(request, place);
      return devices.map(({ name: device }) => ({
        what: `the queueing discipline of ${device} (network ${network})`,
      }));
    },
    undoSteps: async () => [],
    inject: (request, _prepared, extend) => inject(request, extend),
  };
}

async function whyNotHere(request: NetworkRequest): Promise<Usability | undefined> {
  const { spec } = request;
  if (spec.direction !== 'to')
    return unusable('a queueing discipline sees only what is sent', 'write direction: to');
  const found = placeOf((await packetTargetOf(request).processes()).map(({ pid }) => pid));
  const isOurs = found === 'none' || (found !== 'several' && found.place === undefined);
  if (isOurs && spec.device === undefined)
    return unusable(
      'the target uses the devices of the whole machine',
      'name one of them in device, or give the target a network namespace of its own',
    );
  return await whyNotFound(request);
}

/** What is wrong with the devices as they are now. */
async function whyTaken(request: NetworkRequest): Promise<Usability | undefined> {
  const place = await placeNow(request);
  try {
    for (const { name } of await devicesOf(request, place)) await refuseTaken(place, name);
    return undefined;
  } catch (error) {
    return unusable((error as Error).message, 'name a device in device that nobody has shaped');
  }
}

/** A program that Firedrill starts later is in our own namespace. */
async function placeNow(request: NetworkRequest): Promise<Place> {
  const found = placeOf((await packetTargetOf(request).processes()).map(({ pid }) => pid));
  return typeof found === 'object' ? found.place : undefined;
}

const trials = new Map<string, Promise<string | undefined>>();

/** Tried on the loopback device of a network namespace that ends with the trial. */
async function whyNotBy(discipline: readonly string[]): Promise<Usability | undefined> {
  const [kind = ''] = discipline;
  const commands = switchCommands('lo', 'fd00:', discipline).map((words) => words.join(' '));
  const trial =
    trials.get(kind) ??
    runApart(['sh', '-ec', commands.join('\n')]).then(
      () => undefined,
      (error: Error) => error.message.replace(/^Error: /, ''),
    );
  trials.set(kind, trial);
  const reason = await trial;
  if (reason === undefined) return undefined;
  return unusable(
    `no ${kind} here (${reason})`,
    `install iproute2, and load the kernel's modules sch_htb and sch_${kind}`,
  );
}

function planOf(name: string, { spec, durationMs }: NetworkRequest): DriverPlan {
  const devices = spec.device ?? "the devices of the target's network namespace";
  return {
    what: describeFault(spec, durationMs),
    how: `tc ${name} on ${devices}, into which an nftables table leads the packets of the target`,
    undo: 'the queueing discipline and the table are removed',
    survivesCrash:
      'nothing that acts: without the table, which ends with its holder, no packet goes there. The queueing discipline stays until `firedrill undo`',
    hits: `packets through ${name}`,
  };
}

async function inject(request: NetworkRequest, extend: ExtendLease): Promise<ActiveFault> {
  const place = await placeOfTarget(request);
  const handle = `fd${Math.floor(request.random() * 256)
    .toString(16)
    .padStart(2, '0')}:`;
  const devices = await devicesOf(request, place);
  const made: DeleteQdisc[] = [];
  const remove = async () => {
    const outcomes = [];
    for (const step of made) outcomes.push(await deleteQdisc(step));
    return outcomes;
  };
  let packets: TargetPackets | undefined;
  try {
    for (const { name: device, mtu } of devices) {
      await refuseTaken(place, device);
      const step = stepFor(device, handle, place);
      await extend([step]);
      made.push(step);
      for (const command of switchCommands(device, handle, disciplineOf(request.spec, mtu) ?? []))
        await runTool(place, command);
    }
    // Only now do packets go there: a switch that was made halfway lets everything through.
    const leading = [`meta priority set ${classOf(handle)} counter comment "${hitComment}"`];
    packets = await TargetPackets.open(request, { out: leading, in: [] }, extend);
  } catch (error) {
    await remove();
    throw error;
  }
  return activeFault(request, packets, made, remove);
}

function activeFault(
  request: NetworkRequest,
  packets: TargetPackets,
  made: readonly DeleteQdisc[],
  remove: () => Promise<readonly ({ done: true; evidence: string } | { done: false; left: string })[]>,
): ActiveFault {
  return {
    hits: () => packets.hits,
    async missing() {
      for (const { device, handle } of made)
        if ((await rootHandle(packets.place, device)) !== handle)
          return `the queueing discipline of ${device} is not ours any more`;
      return await packets.missing();
    },
    async undo() {
      await packets.close();
      await remove();
    },
    async verifyUndone() {
      const outcomes = await remove();
      const left = [
        ...(await packets.left()),
        ...outcomes.flatMap((outcome) => (outcome.done ? [] : [outcome.left])),
      ];
      if (left.length > 0) return { undone: false, left };
      const knocked = await knock(request);
      const evidence = outcomes.flatMap((outcome) => (outcome.done ? [outcome.evidence] : []));
      return { undone: true, evidence: [...evidence, ...(knocked ? [knocked] : [])].join('; ') };
    },
  };
}

function stepFor(device: string, handle: string, place: Place): DeleteQdisc {
  const process = place === undefined ? undefined : identify(place);
  return { type: 'delete-qdisc', device, handle, ...(process && { inNetworkOf: process }) };
}

async function refuseTaken(place: Place, device: string): Promise<void> {
  const handle = await rootHandle(place, device);
  if (handle !== undefined)
    throw UserError.of('FD663', `${device} has the queueing discipline ${handle} of somebody else`);
}

/** The device that the file names, or every one that is up; a container's packets over loopback are its own affair. */
async function devicesOf(request: NetworkRequest, place: Place): Promise<{ name: string; mtu: number }[]> {
  const listing = await runTool(place, ['ip', '-o', 'link', 'show', 'up']);
  // `2: eth0@if7: <BROADCAST,…> mtu 1500 …`
  const found = [...listing.matchAll(/^\d+: ([^:@\s]+)\S* <[^>]*> mtu (\d+)/gm)].map(([, name, mtu]) => ({
    name: name!,
    mtu: Number(mtu),
  }));
  const { device } = request.spec;
  const wanted = found.filter(({ name }) =>
    device === undefined ? name !== 'lo' || request.target.type !== 'container' : name === device,
  );
  if (wanted.length > 0) return wanted;
  const names = found.map(({ name }) => name).join(', ') || 'none';
  throw UserError.of('FD662', `no network device ${device ?? 'is up'}; there are: ${names}`);
}
