// IOChaos names operations by what a file system is asked for; strace by system calls. Where one call stands for
// several operations (openat for open, create and opendir) it cannot be told which was meant, so all are hit.

import { type IoChaosSpec, type IoMethod, ioMethods } from './spec.ts';

const opens = ['open', 'openat', 'openat2', 'creat'];
const syncs = ['fsync', 'fdatasync', 'sync_file_range'];

/** System calls of each operation (syscalls(2)); none where no call stands for it. */
const callsOf: Readonly<Record<IoMethod, readonly string[]>> = {
  lookup: [],
  forget: [],
  getattr: ['stat', 'lstat', 'fstat', 'newfstatat', 'statx'],
  setattr: [
    ...['chmod', 'fchmod', 'fchmodat', 'chown', 'lchown', 'fchown', 'fchownat'],
    ...['truncate', 'ftruncate', 'utime', 'utimes', 'utimensat', 'futimesat'],
  ],
  readlink: ['readlink', 'readlinkat'],
  mknod: ['mknod', 'mknodat'],
  mkdir: ['mkdir', 'mkdirat'],
  unlink: ['unlink', 'unlinkat'],
  rmdir: ['rmdir'],
  symlink: ['symlink', 'symlinkat'],
  rename: ['rename', 'renameat', 'renameat2'],
  link: ['link', 'linkat'],
  open: opens,
  read: ['read', 'pread64', 'readv', 'preadv', 'preadv2'],
  write: ['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2'],
  flush: ['close'],
  release: ['close'],
  fsync: syncs,
  opendir: opens,
  readdir: ['getdents', 'getdents64'],
  releasedir: ['close'],
  fsyncdir: syncs,
  statfs: ['statfs', 'fstatfs'],
  setxattr: ['setxattr', 'lsetxattr', 'fsetxattr'],
  getxattr: ['getxattr', 'lgetxattr', 'fgetxattr'],
  listxattr: ['listxattr', 'llistxattr', 'flistxattr'],
  removexattr: ['removexattr', 'lremovexattr', 'fremovexattr'],
  access: ['access', 'faccessat', 'faccessat2'],
  create: opens,
  // fcntl(2) carries locks and much else.
  getlk: [],
  setlk: [],
  bmap: [],
};

/** Only these have the bytes that were read in their second argument. */
const plainReads = ['read', 'pread64'];

export interface CallChoice {
  readonly calls: readonly string[];
  /** Operations that were asked for by name and that no call stands for. */
  readonly impossible: readonly IoMethod[];
}

/** The calls that a fault acts on; without `methods`, all that it can act on. */
export function chooseCalls({ action, methods }: Pick<IoChaosSpec, 'action' | 'methods'>): CallChoice {
  const possible = (method: IoMethod) => {
    if (action === 'mistake') return callsOf[method].filter((call) => plainReads.includes(call));
    // A close that is refused closes nothing: the target would lose a descriptor for good.
    return callsOf[method].filter((call) => action === 'latency' || call !== 'close');
  };
  const calls = (methods.length > 0 ? methods : ioMethods).flatMap(possible);
  const impossible = methods.filter((method) => possible(method).length === 0);
  return { calls: [...new Set(calls)], impossible };
}
