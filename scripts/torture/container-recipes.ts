// Faults in a container of a Docker daemon that the torture starts for the trial. Its web server answers `hello`.

import type { Answer, Recipe } from './recipes.ts';

const isSilent = ({ status }: Answer) => status === undefined;
const isSlow = ({ ms }: Answer) => ms > 150;

const daemon = ['dockerd', 'docker', 'busybox', 'ip', 'nsenter', 'curl'];

type ContainerRecipe = Omit<Recipe, 'target' | 'needs'> & { readonly needs?: readonly string[] };

const all: readonly ContainerRecipe[] = [
  {
    name: 'PodChaos pod-failure (container)',
    kind: 'PodChaos',
    spec: { action: 'pod-failure' },
    shows: isSilent,
    obstacle: 'engine',
  },
  {
    name: 'PodChaos pod-kill (container)',
    kind: 'PodChaos',
    spec: { action: 'pod-kill' },
    oneShot: true,
  },
  {
    name: 'PodChaos restart (container)',
    kind: 'PodChaos',
    spec: { action: 'restart' },
    oneShot: true,
  },
  {
    name: 'ContainerChaos stop',
    kind: 'ContainerChaos',
    spec: { action: 'stop', gracePeriod: 0 },
    shows: isSilent,
  },
  {
    name: 'ContainerChaos restart',
    kind: 'ContainerChaos',
    spec: { action: 'restart', gracePeriod: 0 },
    oneShot: true,
  },
  {
    name: 'ContainerChaos disconnect',
    kind: 'ContainerChaos',
    spec: { action: 'disconnect' },
    shows: isSilent,
  },
  {
    name: 'ContainerChaos limit',
    kind: 'ContainerChaos',
    spec: { action: 'limit', limits: { cpus: 0.2, memory: '64MB', pids: 30 } },
  },
  {
    name: 'NetworkChaos partition (container)',
    kind: 'NetworkChaos',
    spec: { action: 'partition', direction: 'both' },
    shows: isSilent,
    needs: ['nft'],
  },
  {
    name: 'NetworkChaos delay (container)',
    kind: 'NetworkChaos',
    spec: { action: 'delay', direction: 'both', delay: { latency: '200ms' } },
    shows: isSlow,
    needs: ['nft', 'python3'],
  },
  {
    name: 'NetworkChaos bandwidth (container)',
    kind: 'NetworkChaos',
    spec: { action: 'bandwidth', bandwidth: { rate: '20kbps', limit: 65_536, buffer: 4096 } },
    needs: ['nft', 'tc'],
  },
  {
    name: 'DNSChaos error (container)',
    kind: 'DNSChaos',
    spec: { action: 'error', patterns: ['*.example.test'] },
    needs: ['nft'],
  },
  {
    name: 'StressChaos cpu (container)',
    kind: 'StressChaos',
    spec: { stressors: { cpu: { workers: 1, load: 20 } } },
    needs: ['stress-ng'],
  },
  {
    name: 'IOChaos latency (container)',
    kind: 'IOChaos',
    spec: { action: 'latency', delay: '200ms', volumePath: '/www', methods: ['open'] },
    shows: isSlow,
    needs: ['strace'],
  },
];

export const containerRecipes: readonly Recipe[] = all.map((recipe) => ({
  ...recipe,
  target: 'container',
  needs: [...daemon, ...(recipe.needs ?? [])],
}));
