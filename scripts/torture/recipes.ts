// What is tortured: for each way of each fault kind an experiment on a service of the torture's own, and how a real
// request shows the fault. A new kind needs an entry here and nothing else.

import { containerRecipes } from './container-recipes.ts';

/** What a request to the service comes to: its status and text, or why there was none. */
export interface Answer {
  readonly status: number | undefined;
  readonly text: string;
  readonly ms: number;
}

export interface Recipe {
  /** Unique; begins with the kind. */
  readonly name: string;
  readonly kind: string;
  /**
   * How the service is a target: `port`, `pid`, `proxy` and `container` run without Firedrill and must be as before
   * afterwards, and so must the machine (`host`); what Firedrill starts itself (`command`) must be gone.
   */
  readonly target: 'port' | 'pid' | 'proxy' | 'command' | 'container' | 'host';
  /** Chaos Mesh's fields without the duration. `{{folder}}`, `{{port}}` and `{{dependency}}` are the trial's folder, the service's port and the one that it calls. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** No duration and no undo. */
  readonly oneShot?: true;
  /** What is asked of the service; default `/`. */
  readonly path?: string;
  /** Whether an answer shows the fault; undefined where only Firedrill's own count of hits can tell. */
  readonly shows?: (answer: Answer) => boolean;
  /** Programs without which it is left out, with that reason. */
  readonly needs?: readonly string[];
  /** Programs that seem not to be installed, so that a driver is taken which does without them. */
  readonly without?: readonly string[];
  /** Service and Firedrill run without rights, as nobody. */
  readonly asNobody?: true;
  /** What Firedrill starts is started again when it ends. */
  readonly restarts?: true;
  /**
   * What can keep its undo from working: a control group in the way, a folder that cannot be written, an engine that
   * does not answer.
   */
  readonly obstacle?: 'group' | 'folder' | 'engine';
  /** Its undo starts the service anew, which nobody may whose journal has no room: the run then ends with 6. */
  readonly startsAnew?: true;
  /** How the names of recipes begin that are refused beside it. */
  readonly excludes?: readonly string[];
  /** Of two recipes with the same word one is refused beside the other: there is only one of it. */
  readonly takes?: 'tracer' | 'device' | 'clock' | 'data' | 'memory group';
}

const isSilent = ({ status }: Answer) => status === undefined;
const isError = ({ status }: Answer) => status === 500;
const isSlow = ({ ms }: Answer) => ms > 150;
const isLate = ({ text }: Answer) => Number(text) < Date.now() - 3_600_000;

const certificate = '{{folder}}/data/tls.crt';

const processes: readonly Recipe[] = [
  {
    name: 'PodChaos pod-failure',
    kind: 'PodChaos',
    target: 'port',
    spec: { action: 'pod-failure' },
    shows: isSilent,
  },
  {
    name: 'PodChaos pod-failure (freezer)',
    kind: 'PodChaos',
    target: 'port',
    spec: { action: 'pod-failure', by: 'freezer' },
    shows: isSilent,
    obstacle: 'group',
  },
  {
    name: 'PodChaos pod-failure (as nobody)',
    kind: 'PodChaos',
    target: 'port',
    spec: { action: 'pod-failure' },
    shows: isSilent,
    asNobody: true,
  },
  {
    name: 'PodChaos pod-kill',
    kind: 'PodChaos',
    target: 'command',
    spec: { action: 'pod-kill' },
    oneShot: true,
  },
  {
    name: 'PodChaos container-kill',
    kind: 'PodChaos',
    target: 'command',
    spec: { action: 'container-kill', signal: 'SIGTERM' },
    oneShot: true,
  },
  {
    name: 'PodChaos restart',
    kind: 'PodChaos',
    target: 'command',
    spec: { action: 'restart' },
    oneShot: true,
    restarts: true,
  },
  {
    name: 'StressChaos cpu',
    kind: 'StressChaos',
    target: 'port',
    spec: { stressors: { cpu: { workers: 1, load: 20 } } },
    needs: ['stress-ng'],
  },
  {
    name: 'StressChaos memory',
    kind: 'StressChaos',
    target: 'port',
    spec: { stressors: { memory: { workers: 1, size: '32MB' } } },
    needs: ['stress-ng'],
  },
  {
    name: 'StressChaos io',
    kind: 'StressChaos',
    target: 'port',
    spec: { stressors: { io: { workers: 1, size: '1MB' } } },
    needs: ['stress-ng'],
  },
  {
    name: 'StressChaos sockets',
    kind: 'StressChaos',
    target: 'port',
    spec: { stressors: { sockets: { workers: 1 } } },
    needs: ['stress-ng'],
  },
  {
    name: 'StressChaos cpu (own workers)',
    kind: 'StressChaos',
    target: 'pid',
    spec: { stressors: { cpu: { workers: 2, load: 10 } } },
    without: ['stress-ng'],
  },
  {
    name: 'StressChaos memory (own workers, as nobody)',
    kind: 'StressChaos',
    target: 'port',
    spec: { stressors: { memory: { workers: 1, size: '16MB' } } },
    without: ['stress-ng'],
    asNobody: true,
  },
  {
    name: 'StressChaos cpu limit',
    kind: 'StressChaos',
    target: 'port',
    spec: { limits: { cpu: 50 } },
    obstacle: 'group',
  },
  {
    name: 'StressChaos memory limit',
    kind: 'StressChaos',
    target: 'port',
    spec: { limits: { memory: '200MB' } },
  },
  {
    name: 'StressChaos limit of processes and files',
    kind: 'StressChaos',
    target: 'port',
    spec: { limits: { pids: 40, openFiles: 64 } },
  },
  {
    name: 'HTTPChaos abort',
    kind: 'HTTPChaos',
    target: 'port',
    spec: { target: 'Request', port: '{{port}}', abort: true },
    shows: isSilent,
    needs: ['nft'],
  },
  {
    name: 'HTTPChaos delay',
    kind: 'HTTPChaos',
    target: 'port',
    spec: { target: 'Response', port: '{{port}}', delay: '200ms' },
    shows: isSlow,
    needs: ['nft'],
  },
  {
    name: 'HTTPChaos replace and patch',
    kind: 'HTTPChaos',
    target: 'port',
    spec: {
      target: 'Response',
      port: '{{port}}',
      replace: { code: 500 },
      patch: { headers: [['x-torture', '1']] },
    },
    shows: isError,
    needs: ['nft'],
  },
  {
    name: 'NetworkChaos partition (packets)',
    kind: 'NetworkChaos',
    target: 'port',
    spec: { action: 'partition', direction: 'both' },
    shows: isSilent,
    needs: ['nft'],
    obstacle: 'group',
  },
  {
    name: 'NetworkChaos blackhole (packets)',
    kind: 'NetworkChaos',
    target: 'port',
    spec: { action: 'blackhole', direction: 'from' },
    shows: isSilent,
    needs: ['nft'],
  },
  {
    name: 'NetworkChaos reset (packets)',
    kind: 'NetworkChaos',
    target: 'port',
    spec: { action: 'reset', direction: 'from' },
    shows: isSilent,
    needs: ['nft'],
  },
  {
    name: 'NetworkChaos reject (packets)',
    kind: 'NetworkChaos',
    target: 'port',
    spec: { action: 'reject', direction: 'from' },
    shows: isSilent,
    needs: ['nft'],
  },
  {
    name: 'NetworkChaos loss (packets)',
    kind: 'NetworkChaos',
    target: 'port',
    spec: { action: 'loss', direction: 'both', loss: { loss: '100' } },
    shows: isSilent,
    needs: ['nft'],
  },
  {
    name: 'NetworkChaos delay (packets)',
    kind: 'NetworkChaos',
    target: 'port',
    spec: { action: 'delay', direction: 'both', delay: { latency: '200ms' } },
    shows: isSlow,
    needs: ['nft', 'python3'],
    obstacle: 'group',
  },
  {
    name: 'NetworkChaos duplicate and corrupt (packets)',
    kind: 'NetworkChaos',
    target: 'port',
    spec: { action: 'netem', direction: 'to', duplicate: { duplicate: '50' }, corrupt: { corrupt: '5' } },
    needs: ['nft', 'python3'],
  },
  {
    name: 'NetworkChaos bandwidth (device)',
    kind: 'NetworkChaos',
    target: 'port',
    spec: {
      action: 'bandwidth',
      direction: 'to',
      bandwidth: { rate: '20kbps', limit: 65_536, buffer: 4096 },
    },
    path: '/large',
    shows: isSlow,
    needs: ['nft', 'tc'],
    takes: 'device',
  },
  {
    name: 'NetworkChaos bandwidth (packets)',
    kind: 'NetworkChaos',
    target: 'port',
    spec: {
      action: 'bandwidth',
      direction: 'both',
      bandwidth: { rate: '20kbps', limit: 65_536, buffer: 4096 },
    },
    path: '/large',
    shows: isSlow,
    needs: ['nft', 'python3'],
  },
  {
    name: 'NetworkChaos bandwidth (policing)',
    kind: 'NetworkChaos',
    target: 'port',
    spec: {
      action: 'bandwidth',
      direction: 'both',
      bandwidth: { rate: '20kbps', limit: 65_536, buffer: 4096 },
    },
    path: '/large',
    shows: isSlow,
    needs: ['nft'],
    without: ['python3'],
  },
  {
    name: 'NetworkChaos delay (redirecting proxy)',
    kind: 'NetworkChaos',
    target: 'port',
    spec: { action: 'delay', direction: 'both', delay: { latency: '200ms' } },
    shows: isSlow,
    needs: ['nft', 'ss'],
    without: ['python3'],
    excludes: ['HTTPChaos'],
  },
  {
    name: 'NetworkChaos delay (proxy)',
    kind: 'NetworkChaos',
    target: 'proxy',
    spec: { action: 'delay', delay: { latency: '200ms' } },
    shows: isSlow,
  },
  {
    name: 'NetworkChaos partition (proxy)',
    kind: 'NetworkChaos',
    target: 'proxy',
    spec: { action: 'partition' },
    shows: isSilent,
  },
  {
    name: 'NetworkChaos bandwidth (proxy)',
    kind: 'NetworkChaos',
    target: 'proxy',
    spec: {
      action: 'bandwidth',
      direction: 'both',
      bandwidth: { rate: '20kbps', limit: 65_536, buffer: 4096 },
    },
    path: '/large',
    shows: isSlow,
  },
  {
    name: 'HTTPChaos delay (proxy)',
    kind: 'HTTPChaos',
    target: 'proxy',
    spec: { target: 'Request', port: '{{port}}', delay: '200ms' },
    shows: isSlow,
  },
  {
    name: 'HTTPChaos abort (proxy, as nobody)',
    kind: 'HTTPChaos',
    target: 'proxy',
    spec: { target: 'Request', port: '{{port}}', abort: true },
    shows: isSilent,
    asNobody: true,
  },
  {
    name: 'DNSChaos error',
    kind: 'DNSChaos',
    target: 'command',
    spec: { action: 'error', patterns: ['*.example.test'] },
    path: '/lookup',
    shows: isError,
  },
  {
    name: 'DNSChaos error (as nobody)',
    kind: 'DNSChaos',
    target: 'command',
    spec: { action: 'error', patterns: ['*.example.test'] },
    path: '/lookup',
    asNobody: true,
  },
  {
    name: 'DNSChaos error (preload, as nobody)',
    kind: 'DNSChaos',
    target: 'command',
    spec: { action: 'error', patterns: ['*.example.test'] },
    path: '/lookup',
    shows: isError,
    asNobody: true,
    without: ['unshare'],
  },
  {
    name: 'DNSChaos drop',
    kind: 'DNSChaos',
    target: 'command',
    spec: { action: 'drop', patterns: ['*.example.test'] },
    path: '/lookup',
    shows: ({ status }) => status !== 200,
  },
  {
    name: 'DNSChaos random (running process)',
    kind: 'DNSChaos',
    target: 'port',
    spec: { action: 'random', patterns: ['*.example.test'] },
    path: '/lookup',
    // There is no DNS server where the torture takes place: only the fault gives an address.
    shows: ({ status }) => status === 200,
    needs: ['nft'],
  },
  {
    name: 'IOChaos latency',
    kind: 'IOChaos',
    target: 'port',
    spec: { action: 'latency', delay: '200ms', volumePath: '{{folder}}/data', methods: ['open'] },
    path: '/file',
    shows: isSlow,
    needs: ['strace'],
    takes: 'tracer',
  },
  {
    name: 'IOChaos fault',
    kind: 'IOChaos',
    target: 'pid',
    spec: { action: 'fault', errno: 5, volumePath: '{{folder}}/data', methods: ['open'] },
    path: '/file',
    shows: isError,
    needs: ['strace'],
    takes: 'tracer',
  },
  {
    name: 'IOChaos mistake',
    kind: 'IOChaos',
    target: 'port',
    spec: {
      action: 'mistake',
      mistake: { filling: 'zero', maxOccurrences: 1, maxLength: 1 },
      volumePath: '{{folder}}/data',
      methods: ['read'],
    },
    path: '/file',
    shows: ({ text }) => text !== 'content\n',
    needs: ['strace'],
    takes: 'tracer',
  },
  {
    name: 'IOChaos fault (started)',
    kind: 'IOChaos',
    target: 'command',
    spec: { action: 'fault', errno: 5, volumePath: '{{folder}}/data', methods: ['open'] },
    path: '/file',
    shows: isError,
  },
  {
    name: 'IOChaos mistake (started)',
    kind: 'IOChaos',
    target: 'command',
    spec: {
      action: 'mistake',
      mistake: { filling: 'zero', maxOccurrences: 3, maxLength: 3 },
      volumePath: '{{folder}}/data',
    },
    path: '/file',
    shows: ({ text }) => text !== 'content\n',
    needs: ['python3'],
  },
  {
    name: 'IOChaos diskFull',
    kind: 'IOChaos',
    target: 'port',
    spec: { action: 'diskFull', volumePath: '{{folder}}/data' },
    path: '/write',
    shows: isError,
    obstacle: 'folder',
    takes: 'data',
  },
  {
    name: 'IOChaos diskFull (started)',
    kind: 'IOChaos',
    target: 'command',
    spec: { action: 'diskFull', volumePath: '{{folder}}/data', size: '1MB' },
    path: '/write',
    shows: isError,
  },
  {
    name: 'IOChaos readOnly (started)',
    kind: 'IOChaos',
    target: 'command',
    spec: { action: 'readOnly', volumePath: '{{folder}}/data' },
    path: '/write',
    shows: isError,
  },
  {
    name: 'BlockChaos limit',
    kind: 'BlockChaos',
    target: 'port',
    spec: { action: 'limit', volumeName: '{{folder}}', limit: { writeBytes: '64KB' } },
    path: '/sync',
    shows: isSlow,
  },
  {
    name: 'ProcessChaos fileDeleted',
    kind: 'ProcessChaos',
    target: 'port',
    spec: { action: 'fileDeleted', path: '{{folder}}/data/file' },
    path: '/file',
    shows: isError,
    obstacle: 'folder',
    takes: 'data',
  },
  {
    name: 'ProcessChaos fileChanged',
    kind: 'ProcessChaos',
    target: 'port',
    spec: { action: 'fileChanged', path: '{{folder}}/data/file', content: 'wrong' },
    path: '/file',
    shows: ({ text }) => text === 'wrong',
    obstacle: 'folder',
    takes: 'data',
  },
  {
    name: 'ProcessChaos permissionRemoved (as nobody)',
    kind: 'ProcessChaos',
    target: 'port',
    spec: { action: 'permissionRemoved', path: '{{folder}}/data/file' },
    path: '/file',
    shows: isError,
    asNobody: true,
  },
  {
    name: 'ProcessChaos certificateExpired',
    kind: 'ProcessChaos',
    target: 'port',
    spec: { action: 'certificateExpired', path: certificate, key: '{{folder}}/data/tls.key' },
    needs: ['openssl'],
    obstacle: 'folder',
    takes: 'data',
  },
  {
    name: 'ProcessChaos environmentChanged',
    kind: 'ProcessChaos',
    target: 'command',
    spec: { action: 'environmentChanged', env: { GREETING: 'wrong' } },
    path: '/greeting',
    startsAnew: true,
    shows: ({ text }) => text === 'wrong',
  },
  {
    name: 'ProcessChaos dependencyReplaced',
    kind: 'ProcessChaos',
    target: 'port',
    spec: { action: 'dependencyReplaced', port: '{{dependency}}', answer: 'error', status: 500 },
    path: '/call',
    shows: isError,
    needs: ['nft', 'ss'],
  },
  {
    name: 'ProcessChaos connectionsHeld',
    kind: 'ProcessChaos',
    target: 'port',
    spec: { action: 'connectionsHeld', port: '{{port}}', connections: 20 },
  },
  {
    name: 'TimeChaos offset',
    kind: 'TimeChaos',
    target: 'command',
    spec: { timeOffset: '-2h' },
    path: '/time',
    shows: isLate,
    needs: ['faketime'],
    takes: 'clock',
  },
  {
    name: 'TimeChaos rate',
    kind: 'TimeChaos',
    target: 'command',
    spec: { timeOffset: '-2h', rate: 2 },
    path: '/time',
    shows: isLate,
    needs: ['faketime'],
    takes: 'clock',
  },
  {
    name: 'NetworkChaos reset (host)',
    kind: 'NetworkChaos',
    target: 'host',
    spec: { action: 'reset', direction: 'both', ports: ['{{port}}'] },
    shows: isSilent,
    needs: ['nft'],
  },
  {
    name: 'NetworkChaos delay (host)',
    kind: 'NetworkChaos',
    target: 'host',
    spec: { action: 'delay', direction: 'both', ports: ['{{port}}'], delay: { latency: '200ms' } },
    shows: isSlow,
    needs: ['nft', 'python3'],
  },
  {
    name: 'StressChaos cpu (host)',
    kind: 'StressChaos',
    target: 'host',
    spec: { stressors: { cpu: { workers: 1, load: 20 } } },
    needs: ['stress-ng'],
  },
  {
    name: 'IOChaos diskFull (host)',
    kind: 'IOChaos',
    target: 'host',
    spec: { action: 'diskFull', volumePath: '{{folder}}/data' },
    path: '/write',
    shows: isError,
    obstacle: 'folder',
  },
];

export const recipes: readonly Recipe[] = [...processes, ...containerRecipes];
