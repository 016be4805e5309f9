// What is tortured: for each way of each fault kind an experiment on a service of the torture's own, and how a real
// request shows the fault. A new kind needs an entry here and nothing else.

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
   * How the service is a target: `port`, `pid` and `proxy` run without Firedrill and must be as before afterwards; what
   * Firedrill starts itself (`command`) must be gone.
   */
  readonly target: 'port' | 'pid' | 'proxy' | 'command';
  /** Chaos Mesh's fields without the duration. `{{folder}}` and `{{port}}` are the trial's folder and the service's port. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** No duration and no undo. */
  readonly oneShot?: boolean;
  /** What is asked of the service; default `/`. */
  readonly path?: string;
  /** Whether an answer shows the fault; undefined where only Firedrill's own count of hits can tell. */
  readonly shows?: (answer: Answer) => boolean;
  /** Programs without which it is left out, with that reason. */
  readonly needs?: readonly string[];
  /** A program that its undo runs, which can be made to fail once. */
  readonly undoneBy?: string;
}

const isSilent = ({ status }: Answer) => status === undefined;
const isError = ({ status }: Answer) => status === 500;
const isSlow = ({ ms }: Answer) => ms > 150;

export const recipes: readonly Recipe[] = [
  {
    name: 'PodChaos pod-failure',
    kind: 'PodChaos',
    target: 'port',
    spec: { action: 'pod-failure' },
    shows: isSilent,
  },
  {
    name: 'PodChaos pod-kill',
    kind: 'PodChaos',
    target: 'command',
    spec: { action: 'pod-kill' },
    oneShot: true,
  },
  {
    name: 'DNSChaos error',
    kind: 'DNSChaos',
    target: 'command',
    spec: { action: 'error', patterns: ['*.example.test'] },
    path: '/lookup',
    shows: ({ status }) => status === 500,
  },
  {
    name: 'StressChaos cpu',
    kind: 'StressChaos',
    target: 'port',
    spec: { stressors: { cpu: { workers: 1, load: 20 } } },
  },
  {
    name: 'StressChaos memory',
    kind: 'StressChaos',
    target: 'port',
    spec: { stressors: { memory: { workers: 1, size: '32MB' } } },
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
    name: 'HTTPChaos abort',
    kind: 'HTTPChaos',
    target: 'port',
    spec: { target: 'Request', port: '{{port}}', abort: true },
    shows: isSilent,
    needs: ['nft'],
    undoneBy: 'nft',
  },
  {
    name: 'HTTPChaos delay',
    kind: 'HTTPChaos',
    target: 'port',
    spec: { target: 'Response', port: '{{port}}', delay: '200ms' },
    shows: isSlow,
    needs: ['nft'],
    undoneBy: 'nft',
  },
  {
    name: 'NetworkChaos partition (packets)',
    kind: 'NetworkChaos',
    target: 'port',
    spec: { action: 'partition', direction: 'both' },
    shows: isSilent,
    needs: ['nft'],
    undoneBy: 'nft',
  },
  {
    name: 'NetworkChaos reject (packets)',
    kind: 'NetworkChaos',
    target: 'port',
    spec: { action: 'reject', direction: 'from' },
    shows: isSilent,
    needs: ['nft'],
    undoneBy: 'nft',
  },
  {
    name: 'NetworkChaos loss (packets)',
    kind: 'NetworkChaos',
    target: 'port',
    spec: { action: 'loss', direction: 'both', loss: { loss: '100' } },
    shows: isSilent,
    needs: ['nft'],
    undoneBy: 'nft',
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
    undoneBy: 'nft',
  },
  {
    name: 'NetworkChaos delay (packets)',
    kind: 'NetworkChaos',
    target: 'port',
    spec: { action: 'delay', direction: 'both', delay: { latency: '200ms' } },
    shows: isSlow,
    needs: ['nft'],
    undoneBy: 'nft',
  },
  {
    name: 'IOChaos latency',
    kind: 'IOChaos',
    target: 'port',
    spec: { action: 'latency', delay: '200ms', volumePath: '{{folder}}/data', methods: ['open'] },
    path: '/file',
    shows: isSlow,
    needs: ['strace'],
  },
  {
    name: 'IOChaos fault',
    kind: 'IOChaos',
    target: 'pid',
    spec: { action: 'fault', errno: 5, volumePath: '{{folder}}/data', methods: ['open'] },
    path: '/file',
    shows: isError,
    needs: ['strace'],
  },
  {
    name: 'IOChaos diskFull',
    kind: 'IOChaos',
    target: 'port',
    spec: { action: 'diskFull', volumePath: '{{folder}}/data' },
    path: '/write',
    shows: isError,
  },
  {
    name: 'IOChaos readOnly',
    kind: 'IOChaos',
    target: 'port',
    spec: { action: 'readOnly', volumePath: '{{folder}}/data' },
    path: '/write',
    shows: isError,
  },
  {
    name: 'TimeChaos offset',
    kind: 'TimeChaos',
    target: 'command',
    spec: { timeOffset: '-2h' },
    path: '/time',
    shows: ({ text }) => Number(text) < Date.now() - 3_600_000,
    needs: ['faketime'],
  },
];
