// What can be seen of the machine from the torture's own namespaces, as a list of phrases: whatever is there after a
// trial and was not before it is left over.

import { spawnSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { makerOf } from '../../src/faults/kernel/nft-table.ts';

export interface LookOptions {
  /** Folders in which every file counts. */
  readonly folders: readonly string[];
  /** The journal's folder: leases that are not undone count. */
  readonly state: string;
  /** The service that must be as it was; undefined when Firedrill started it. */
  readonly service: number | undefined;
  /** Folders of which only the names count that stand right in them. */
  readonly surfaces: readonly string[];
  /** What a container engine of the torture's own does beside: its processes and its mounts. */
  isForeignProcess(pid: number): boolean;
  isForeignMount(line: string): boolean;
}

const commands: readonly (readonly string[])[] = [
  ['nft', 'list', 'ruleset'],
  ['iptables-save'],
  ['ip6tables-save'],
  ['tc', 'qdisc', 'show'],
  ['ip', '-o', 'link', 'show'],
  ['ip', 'rule', 'show'],
  ['ip', 'route', 'show', 'table', 'all'],
  ['ip', 'netns', 'list'],
];

const namespaceKinds = ['mnt', 'net', 'user', 'pid', 'ipc', 'uts', 'cgroup', 'time'];

/** The worker itself, and the programs that it looks with, are left out by their pids. */
export function lookAtMachine(options: LookOptions): Set<string> {
  const { folders, surfaces, state, service } = options;
  const seen = new Set<string>();
  const note = (what: string, text: string) => seen.add(`${what}: ${text}`);
  for (const command of commands)
    for (const line of linesOf(command)) note(command.join(' '), withoutCounts(line));
  const mounts = lines('/proc/self/mountinfo').filter((line) => !options.isForeignMount(line));
  for (const line of mounts) note('mount', withoutMountIds(line));
  for (const line of lines('/proc/net/netfilter/nfnetlink_queue')) note('nfqueue', line);
  for (const socket of sockets()) note('socket', socket);
  for (const group of controlGroups('/sys/fs/cgroup', 0)) note('control group', group);
  for (const pid of pids()) if (!options.isForeignProcess(pid)) lookAtProcess(pid, note);
  for (const folder of folders) for (const file of files(folder)) note('file', file);
  for (const folder of surfaces) for (const { name } of entries(folder)) note('file', join(folder, name));
  for (const lease of openLeases(state)) note('lease', lease);
  if (service !== undefined) lookAtService(service, note);
  return seen;
}

type Note = (what: string, text: string) => void;

function lookAtProcess(pid: number, note: Note): void {
  const status = read(`/proc/${pid}/status`);
  const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1];
  const state = field('State');
  // What is dead and only waits to be collected is over; process 1 here does not collect orphans.
  if (state === undefined || state === 'Z' || state === 'X' || pid === process.pid) return;
  const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim().slice(0, 120);
  note('process', `${pid} ${command}`);
  if (state === 'T' || state === 't') note('stopped process', `${pid} ${command}`);
  if ((field('TracerPid') ?? '0') !== '0') note('traced process', `${pid} ${command}`);
  for (const kind of namespaceKinds) note('namespace', link(`/proc/${pid}/ns/${kind}`));
}

/** What a fault may change of a process that it does not own. */
function lookAtService(pid: number, note: Note): void {
  note('service', `limits ${read(`/proc/${pid}/limits`).replace(/\s+/g, ' ')}`);
  note('service', `control groups ${read(`/proc/${pid}/cgroup`).replaceAll('\n', ' ')}`);
  note('service', `oom_score_adj ${read(`/proc/${pid}/oom_score_adj`).trim()}`);
  for (const line of lines(`/proc/${pid}/mountinfo`)) note('mount of the service', withoutMountIds(line));
}

/** Of packets and bytes, as iptables-save writes them. */
function withoutCounts(line: string): string {
  return line.replace(/\[\d+:\d+\]/, '');
}

function withoutMountIds(line: string): string {
  return line.split(' ').slice(2).join(' ');
}

/** Those that listen, or receive datagrams; connections come and go. */
function sockets(): string[] {
  const found: string[] = [];
  for (const protocol of ['tcp', 'tcp6', 'udp', 'udp6', 'raw']) {
    for (const line of lines(`/proc/net/${protocol}`).slice(1)) {
      const [, local, , state] = line.trim().split(/\s+/);
      if (state === '0A' || state === '07') found.push(`${protocol} ${local} ${state}`);
    }
  }
  return found;
}

const groupDepthMax = 6;

function controlGroups(folder: string, depth: number): string[] {
  if (depth > groupDepthMax) return [];
  return entries(folder).flatMap((entry) => {
    if (!entry.isDirectory()) return [];
    const path = join(folder, entry.name);
    if (!entry.name.startsWith('firedrill_')) return controlGroups(path, depth + 1);
    // Control groups are the whole machine's; those of other pid namespaces are somebody else's.
    if (makerOf(entry.name) === undefined) return [];
    return [path, ...controlGroups(path, depth + 1)];
  });
}

function files(folder: string): string[] {
  return entries(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    return [asItIs(path), ...(entry.isDirectory() ? files(path) : [])];
  });
}

/** With all that a fault may change of it. */
function asItIs(path: string): string {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found?.isFile()) return path;
  const { mode, uid, gid, size, mtimeMs } = found;
  return `${path} mode ${(mode & 0o7777).toString(8)} of ${uid}:${gid}, ${size} bytes of ${mtimeMs}`;
}

function openLeases(state: string): string[] {
  const leases = entries(join(state, 'leases')).flatMap(({ name }) => {
    if (name.startsWith('.')) return [`torn write ${name}`];
    const text = read(join(state, 'leases', name));
    const lease = JSON.parse(text || '{}') as {
      id?: string;
      fault?: string;
      state?: string;
      reason?: string;
    };
    return lease.state === 'undone'
      ? []
      : [`${lease.id} of ${lease.fault} is ${lease.state} ${lease.reason ?? ''}`];
  });
  const runs = entries(join(state, 'runs')).map(({ name }) => `run record ${name}`);
  return [...leases, ...runs];
}

export function pids(): number[] {
  return entries('/proc')
    .map((entry) => Number(entry.name))
    .filter(Number.isInteger);
}

export function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}

export function groupsOf(pid: number): string {
  return read(`/proc/${pid}/cgroup`);
}

export function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

/** What a program prints, without comments; nothing when it fails. */
export function linesOf([program, ...args]: readonly string[]): string[] {
  const { status, stdout } = spawnSync(program!, args, { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#')) : [];
}

function lines(path: string): string[] {
  return read(path).split('\n').filter(Boolean);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return 'gone';
  }
}

function entries(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
