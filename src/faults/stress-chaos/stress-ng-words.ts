// `stressngStressors`: arguments for stress-ng as Chaos Mesh passes them on (stress-ng(1)). Only stressors that use up what
// any program uses are let through: stress-ng has others that take processors offline, reset the machine or mount things.

import { parseSize } from './size.ts';

/** Stressors, each with the options that change how much it does, not what it does it to. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  cpu: ['load', 'load-slice', 'method'],
  matrix: ['method', 'size'],
  vm: ['bytes', 'hang', 'keep', 'populate', 'method'],
  cache: ['flush', 'fence', 'prefetch'],
  stream: [],
  hdd: ['bytes', 'opts', 'write-size'],
  io: [],
  iomix: ['bytes'],
  dentry: [],
  dir: ['dirs'],
  sock: ['domain', 'msgs'],
  udp: ['domain'],
  pipe: ['data-size', 'size'],
  epoll: ['domain', 'sockets'],
  poll: ['fds'],
  eventfd: [],
  open: ['max'],
  fork: ['max'],
  vfork: ['max'],
  clone: ['max'],
  pthread: ['max'],
  zombie: ['max'],
  switch: [],
  futex: [],
  mutex: [],
  sem: [],
  msg: ['bytes'],
  timer: ['freq'],
  nanosleep: ['threads'],
  yield: [],
  fault: [],
  getrandom: [],
  qsort: ['size'],
  zlib: ['level', 'method'],
};

const shortNames: Readonly<Record<string, string>> = {
  ...{ '-c': 'cpu', '-m': 'vm', '-d': 'hdd', '-i': 'io', '-C': 'cache', '-f': 'fork', '-S': 'sock' },
  ...{
    '-o': 'open',
    '-p': 'pipe',
    '-P': 'poll',
    '-s': 'switch',
    '-T': 'timer',
    '-y': 'yield',
    '-D': 'dentry',
  },
};

/** What one of the best known refused ones would do. */
const dangers: readonly (readonly [RegExp, string])[] = [
  [
    /^(cpu-online|watchdog|reboot|efivar|klog|ioport|opcode|sysinval|enosys|x86syscall)$/,
    'it acts on the machine, not only on what programs share',
  ],
  [
    /^(swap|bigheap|brk|oom-pipe|malloc|mmap.*|shm.*|stackmmap|rmap|tmpfs|ramfs|memfd)$/,
    'it can use up the memory of the whole machine; `vm` is bounded',
  ],
  [
    /^(module|loop|umount|binderfs|chroot|cgroup|quota|userns|sysfs|procfs|dev.*|raw.*|netdev|apparmor|bad-.*)$/,
    'it acts on the kernel beyond the target',
  ],
  [
    /^(all|sequential|random|class|permute|exclude|job|aggressive|maximize|pathological|oomable|no-oom-adjust)$/,
    'it lets stress-ng choose stressors, or takes its bounds away',
  ],
  [
    /^(timeout|temp-path|log-file|yaml|keep-.*|quiet|verbose|taskset|sched.*|ionice.*|times|metrics.*|stdout|stderr|syslog)$/,
    'Firedrill sets how stress-ng runs and ends',
  ],
];

/** The most that stress-ng itself runs of one stressor. */
const workersMax = 8192;
const value = /^[A-Za-z0-9_.,%-]+$/;

export type StressNgWords =
  | { readonly words: readonly string[]; readonly memory: string | undefined }
  | { readonly mistake: string };

export function readStressNgWords(text: string): StressNgWords {
  const given = text.split(/\s+/).filter((word) => word !== '');
  const words: string[] = [];
  let hasStressor = false;
  let memory: string | undefined;
  for (let index = 0; index < given.length; index++) {
    const [written = '', attached] = given[index]!.split('=', 2);
    const name = shortNames[written] ?? (written.startsWith('--') ? written.slice(2) : undefined);
    if (name === undefined) return { mistake: `${JSON.stringify(written)} is no option` };
    const refused = refusalOf(name);
    if (refused !== undefined) return { mistake: refused };
    const next = given[index + 1];
    const following =
      attached ?? (next !== undefined && value.test(next) && !next.startsWith('-') ? next : undefined);
    if (attached === undefined && following !== undefined) index++;
    if (following !== undefined && !value.test(following))
      return { mistake: `--${name} ${JSON.stringify(following)} is no plain value` };
    if (Object.hasOwn(allowed, name)) {
      if (!/^\d+$/.test(following ?? '') || Number(following) > workersMax)
        return { mistake: `--${name} needs a number of workers, at most ${workersMax}` };
      hasStressor = true;
      if (name === 'vm') memory ??= '256MB';
    }
    if (name === 'vm-bytes') {
      if (parseSize(following ?? '') === undefined)
        return { mistake: `--vm-bytes ${following ?? ''} is no size` };
      memory = following;
    }
    words.push(`--${name}`, ...(following === undefined ? [] : [following]));
  }
  return hasStressor ? { words, memory } : { mistake: 'no stressor is given' };
}

/** Stressors that are let through, for the words of an error. */
export const stressorNames = Object.keys(allowed);

function refusalOf(name: string): string | undefined {
  if (Object.hasOwn(allowed, name)) return undefined;
  const owner = stressorNames.find(
    (each) => name.startsWith(`${each}-`) && allowed[each]!.includes(name.slice(each.length + 1)),
  );
  if (owner !== undefined) return undefined;
  const danger = dangers.find(([pattern]) => pattern.test(name))?.[1];
  return `--${name} is not let through${danger === undefined ? '' : `: ${danger}`}`;
}
