// What Linux says about processes, read from /proc. Reads are synchronous on purpose: they take microseconds, never
// touch a disk, and two of them can be made without another process of ours running in between.
// Field numbers are those of proc(5), `/proc/pid/stat`. Imports nothing, because the watchdog carries it.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { ProcessId } from '../target.ts';

export interface ProcessStat extends ProcessId {
  /** The kernel's name of it, at most 15 characters. */
  readonly name: string;
  /** R running, S sleeping, D uninterruptible, T stopped, t traced, Z zombie, X dead, I idle. */
  readonly state: string;
  readonly parent: number;
  readonly session: number;
  /** User and system time of the process itself, in clock ticks. */
  readonly cpuTicks: number;
  readonly isKernelThread: boolean;
}

/** Clock ticks a second in /proc: USER_HZ, which is 100 on every architecture that Node.js supports. */
export const ticksPerSecond = 100;

/** PF_KTHREAD of include/linux/sched.h. */
const kernelThreadFlag = 0x00200000;

export function processStat(pid: number): ProcessStat | undefined {
  const text = readProcess(pid, 'stat');
  return text === undefined ? undefined : parseStat(text);
}

function parseStat(text: string): ProcessStat | undefined {
  // The name is in brackets and may itself hold brackets and spaces: everything after the last one is plain.
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const fields = text.slice(close + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]);
  return {
    pid: Number(text.slice(0, open)),
    name: text.slice(open + 1, close),
    state: fields[0] ?? '?',
    parent: field(4),
    session: field(6),
    isKernelThread: (field(9) & kernelThreadFlag) !== 0,
    cpuTicks: field(14) + field(15),
    startTime: field(22),
  };
}

/** Who has this pid now; undefined when nobody does, or only a dead process that its parent has not collected. */
export function identify(pid: number): ProcessId | undefined {
  const stat = processStat(pid);
  return stat && isLive(stat) ? { pid: stat.pid, startTime: stat.startTime } : undefined;
}

/** The state of exactly this process; undefined when it is gone, even if its pid is in use again. */
export function statOf(id: ProcessId): ProcessStat | undefined {
  const stat = processStat(id.pid);
  return stat && stat.startTime === id.startTime && isLive(stat) ? stat : undefined;
}

export function isAlive(id: ProcessId): boolean {
  return statOf(id) !== undefined;
}

export function isSame(a: ProcessId, b: ProcessId): boolean {
  return a.pid === b.pid && a.startTime === b.startTime;
}

/** Equal for the same process and for no other of this machine's start: for sets and maps. */
export function processKey({ pid, startTime }: ProcessId): string {
  return `${pid}:${startTime}`;
}

/** T is stopped by a signal. A process that a debugger holds (t) does not count: SIGCONT would not continue it. */
export function isStopped(stat: ProcessStat): boolean {
  return stat.state === 'T';
}

function isLive(stat: ProcessStat): boolean {
  return stat.state !== 'Z' && stat.state !== 'X';
}

/** Every live process that we can see, user processes and kernel threads, by pid. */
export function processTable(): Map<number, ProcessStat> {
  const table = new Map<number, ProcessStat>();
  for (const pid of allPids()) {
    const stat = processStat(pid);
    if (stat && isLive(stat)) table.set(pid, stat);
  }
  return table;
}

/** The roots that are in the table and all their descendants, parents before children. */
export function withDescendants(roots: Iterable<number>, table: Map<number, ProcessStat>): ProcessStat[] {
  const children = new Map<number, number[]>();
  for (const { pid, parent } of table.values()) children.set(parent, [...(children.get(parent) ?? []), pid]);
  const found = new Map<number, ProcessStat>();
  const queue = [...roots];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    const stat = table.get(pid);
    if (!stat || found.has(pid)) continue;
    found.set(pid, stat);
    queue.push(...(children.get(pid) ?? []));
  }
  // A child never starts before its parent; within one clock tick the pid decides.
  return [...found.values()].sort((a, b) => a.startTime - b.startTime || a.pid - b.pid);
}

/** The process itself, its parent, and so on up to process 1. */
export function ancestry(pid: number): ProcessStat[] {
  const line: ProcessStat[] = [];
  for (let stat = processStat(pid); stat; stat = stat.parent > 0 ? processStat(stat.parent) : undefined)
    line.push(stat);
  return line;
}

/** `NAME=value` entries as they were when the program started; undefined when we may not read them. */
export function environment(pid: number): string[] | undefined {
  return readProcess(pid, 'environ')?.split('\0').filter(Boolean);
}

/** Id of the user that it runs as; undefined when it is gone. */
export function userOf(pid: number): number | undefined {
  const uid = /^Uid:\s+(\d+)/m.exec(readProcess(pid, 'status') ?? '')?.[1];
  return uid === undefined ? undefined : Number(uid);
}

/** The command line, joined by spaces; the kernel's name in brackets when it has none. */
export function commandLine(pid: number): string {
  const words = readProcess(pid, 'cmdline')?.split('\0').join(' ').trim();
  return words || `[${processStat(pid)?.name ?? 'gone'}]`;
}

/** Path of the program that the process runs; undefined when we may not know. */
export function executable(pid: number): string | undefined {
  return readLink(`/proc/${pid}/exe`);
}

/** Bytes of memory that the process holds and no file backs: RssAnon of /proc/PID/status. */
export function anonymousBytes(pid: number): number {
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readProcess(pid, 'status') ?? '')?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

/** A socket on which somebody listens. */
export interface ListeningSocket {
  readonly inode: string;
  readonly uid: number;
  /** `0.0.0.0` and `::` are all addresses; an IPv4 address of an IPv6 socket is given as IPv4. */
  readonly address: string;
}

/**
 * Listening TCP sockets of a port, of both address families and on any address, in the network namespace of a process;
 * default: in ours.
 */
export function listeningSockets(port: number, networkOf: number | 'self' = 'self'): ListeningSocket[] {
  const sockets: ListeningSocket[] = [];
  for (const file of ['tcp', 'tcp6']) {
    for (const line of (readText(`/proc/${networkOf}/net/${file}`) ?? '').split('\n').slice(1)) {
      // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode; state 0A is LISTEN.
      const [, local, , state, , , , uid, , inode] = line.trim().split(/\s+/);
      if (state !== '0A' || inode === undefined) continue;
      const [address = '', localPort = ''] = local?.split(':') ?? [];
      if (Number.parseInt(localPort, 16) === port)
        sockets.push({ inode, uid: Number(uid), address: readAddress(address) });
    }
  }
  return sockets;
}

/** /proc/net/tcp writes addresses as 32-bit words in the order of the machine's octets, which is little-endian here. */
function readAddress(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const octets = words.flatMap((word) => (word.match(/../g) ?? []).reverse());
  const isMapped = octets.length === 16 && octets.slice(0, 12).join('') === '00000000000000000000FFFF';
  if (octets.length === 4 || isMapped)
    return octets
      .slice(-4)
      .map((octet) => Number.parseInt(octet, 16))
      .join('.');
  const groups = (octets.join('').match(/.{4}/g) ?? []).map((group) =>
    Number.parseInt(group, 16).toString(16),
  );
  return groups.every((group) => group === '0') ? '::' : groups.join(':').replace(/^(?:0:){7}/, '::');
}

/** The processes that have one of these sockets open, among `pids` (default: all that we may look into). */
export function socketHolders(inodes: readonly string[], pids: Iterable<number> = allPids()): number[] {
  const names = new Set(inodes.map((inode) => `socket:[${inode}]`));
  if (names.size === 0) return [];
  return [...pids].filter((pid) =>
    list(`/proc/${pid}/fd`).some((descriptor) => names.has(readLink(`/proc/${pid}/fd/${descriptor}`) ?? '')),
  );
}

/** Every pid that we can see. */
export function allPids(): number[] {
  return list('/proc').map(Number).filter(Number.isInteger);
}

function readProcess(pid: number, file: string): string | undefined {
  return readText(`/proc/${pid}/${file}`);
}

// A process may end between any two reads, and some files are not ours to read: both are ordinary here.
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
