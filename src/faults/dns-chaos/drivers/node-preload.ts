// Without any right, for Node.js alone: a file that is loaded before the target's own code points its resolvers at our
// server. It reaches the target's threads and its Node.js children, not children in other languages.

import { readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import type { FaultDriver, Usability } from '../../fault.ts';
import type { Launch, ProcessId } from '../../targets/target.ts';
import { preloadFile } from '../companions.ts';
import { type Doors, openAnyPort } from '../doors.ts';
import { askUdp } from '../forward.ts';
import { nodeProgramOf } from '../node-program.ts';
import { type CommandTarget, type DnsRequest, firstAstray, routeDriver } from '../route.ts';
import type { DnsChaosSpec } from '../spec.ts';
import { checkTimeoutMs, newServer, tryLaunch, type Upstreams, upstreamsOfMachine } from '../surroundings.ts';

export function nodePreloadDriver(upstreams: Upstreams): FaultDriver<DnsChaosSpec> {
  return routeDriver({
    name: 'node-preload',
    how: 'at which a file loaded through NODE_OPTIONS points the resolvers of Node.js',
    usability,
    async open(request, declared) {
      const doors = await openAnyPort();
      const server = await newServer(declared.hosts, upstreams, request);
      server.serve(doors.udp, doors.tcp);
      return {
        server,
        launch: launchWith(declared, doors),
        where: `DNS server at ${nameOf(doors)}`,
        ask: (query) => askUdp(query, doors, checkTimeoutMs),
        astray: (processes) => astray(processes, nameOf(doors)),
        close: () => server.close(),
      };
    },
  });
}

export const nodePreload = nodePreloadDriver(upstreamsOfMachine);

const trialName = 'trial.firedrill.invalid';
const trialAddress = '127.7.7.7';
const trialScript = `require('node:dns').lookup('${trialName}', (error, address) => console.log(error?.code ?? address))`;

/** Looks a name up that only our server knows, in the Node.js that the target would run on. */
async function usability(request: DnsRequest, declared: CommandTarget): Promise<Usability> {
  const remedy = 'let the command be node, or a script that begins with #!/usr/bin/env node';
  const program = await nodeProgramOf(declared);
  if ('reason' in program) return { usable: false, reason: program.reason, remedy };
  const doors = await openAnyPort();
  const trial = { ...declared, hosts: { [trialName]: trialAddress } };
  const server = await newServer(trial.hosts, async () => [], request);
  server.serve(doors.udp, doors.tcp);
  try {
    const { env } = launchWith(declared, doors);
    const launch = { prefix: [], env: { ...declared.env, ...env } };
    const seen = await tryLaunch(launch, [program.node, '-e', trialScript], declared.folder);
    if ('failure' in seen) {
      return {
        usable: false,
        reason: `${program.node} does not start with a preload: ${seen.failure}`,
        remedy,
      };
    }
    const answer = seen.printed.trim();
    if (answer !== trialAddress) {
      return {
        usable: false,
        reason: `${program.node} ignores a preload (${answer || 'no answer'})`,
        remedy,
      };
    }
    return { usable: true };
  } finally {
    await server.close();
  }
}

function nameOf(doors: Doors): string {
  return `${doors.address}:${doors.port}`;
}

function launchWith(declared: CommandTarget, doors: Doors): Launch {
  const before = declared.env.NODE_OPTIONS ?? process.env.NODE_OPTIONS ?? '';
  // Node.js takes quoted words there, with \ before \ and ".
  const ours = `--require "${preloadFile.replaceAll(/[\\"]/g, '\\$&')}"`;
  const env = { NODE_OPTIONS: `${before} ${ours}`.trim(), FIREDRILL_DNS_SERVER: nameOf(doors) };
  return { prefix: [], env };
}

/** A Node.js process that began with our preload in its environment has loaded it, or would not have started. */
async function astray(processes: readonly ProcessId[], server: string): Promise<string | undefined> {
  let nodes = 0;
  const reason = await firstAstray(processes, async (pid) => {
    if (!basename(await readlink(`/proc/${pid}/exe`)).startsWith('node')) return undefined;
    nodes++;
    const environment = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
    const options = environment.find((each) => each.startsWith('NODE_OPTIONS='));
    const ours =
      environment.includes(`FIREDRILL_DNS_SERVER=${server}`) && options?.includes(basename(preloadFile));
    return ours ? undefined : `Node.js process ${pid} was started without the preload`;
  });
  return reason ?? (nodes > 0 ? undefined : 'the target has no Node.js process');
}
