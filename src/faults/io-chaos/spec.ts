// IOChaos in Chaos Mesh's fields: what happens (`action`, with the fields of that action) to which calls (`methods`,
// `percent`) on which files (`path` below `volumePath`). Two actions are ours: `diskFull` and `readOnly`.

import { constants } from 'node:os';
import { z } from 'zod';
import { complain, list, size, text } from '../../base/scalars.ts';
import { containerNames, delay, int32, int64, percent } from '../chaos-mesh/fields.ts';
import { isPathPattern } from './path-pattern.ts';

/** Operations of a file system, by the names that FUSE has for them. */
export const ioMethods = [
  'lookup',
  'forget',
  'getattr',
  'setattr',
  'readlink',
  'mknod',
  'mkdir',
  'unlink',
  'rmdir',
  'symlink',
  'rename',
  'link',
  'open',
  'read',
  'write',
  'flush',
  'release',
  'fsync',
  'opendir',
  'readdir',
  'releasedir',
  'fsyncdir',
  'statfs',
  'setxattr',
  'getxattr',
  'listxattr',
  'removexattr',
  'access',
  'create',
  'getlk',
  'setlk',
  'bmap',
] as const;

export type IoMethod = (typeof ioMethods)[number];

const fileTypes = [
  'namedPipe',
  'charDevice',
  'blockDevice',
  'directory',
  'regularFile',
  'symlink',
  'socket',
] as const;

/** The highest errno of Linux, and the numbers below it that name nothing (errno(3)). */
const errnoMax = 133;
const errnosUnused = [41, 58];

const errnoExpected = 'the number or the name of an error of Linux, such as 5 (EIO) or ENOSPC';

/** Chaos Mesh takes the number; the name is ours. */
const errno = z
  .union([z.int(), z.string()])
  .transform((written, context) => {
    const names: Readonly<Record<string, number>> = constants.errno;
    const number = typeof written === 'string' ? (names[written] ?? -1) : written;
    if (number >= 0 && number <= errnoMax && !errnosUnused.includes(number)) return number;
    complain(context, 'FD105', `${written} is no errno`, { expected: errnoExpected });
    return z.NEVER;
  })
  .meta({ expected: errnoExpected });

const timespec = z.strictObject({ sec: int64, nsec: z.int().min(0).max(999_999_999) });

const attrSchema = z.strictObject({
  ino: int64.optional(),
  size: int64.optional(),
  blocks: int64.optional(),
  atime: timespec.optional(),
  mtime: timespec.optional(),
  ctime: timespec.optional(),
  kind: z.enum(fileTypes).optional(),
  /** Decimal in the file: 72 is 0o110. */
  perm: z.int().min(0).max(0o7777).optional(),
  nlink: int32.optional(),
  uid: int32.optional(),
  gid: int32.optional(),
  rdev: int32.optional(),
});

const mistakeSchema = z.strictObject({
  filling: z.enum(['zero', 'random']),
  /** There are 1 to this many segments of wrong bytes. */
  maxOccurrences: z.int().min(1),
  /** Each of them has 1 to this many bytes. */
  maxLength: z.int().min(1),
});

/** Replaces what `stat` says of a file. */
type IoAttributes = z.output<typeof attrSchema>;
type IoMistake = z.output<typeof mistakeSchema>;

const fields = z.strictObject({
  action: z.enum(['latency', 'fault', 'attrOverride', 'mistake', 'diskFull', 'readOnly']),
  delay: delay.optional(),
  errno: errno.optional(),
  attr: attrSchema.optional(),
  mistake: mistakeSchema.optional(),
  size: size.optional(),
  volumePath: text,
  path: text.optional(),
  methods: list(z.enum(ioMethods)).optional(),
  percent: percent.optional(),
  containerNames,
});

type IoAction =
  | { readonly action: 'latency'; readonly delayMs: number }
  | { readonly action: 'fault'; readonly errno: number }
  | { readonly action: 'attrOverride'; readonly attr: IoAttributes }
  | { readonly action: 'mistake'; readonly mistake: IoMistake }
  | { readonly action: 'readOnly' }
  /** `sizeBytes`: of the file system that a target which we start gets for the folder. */
  | { readonly action: 'diskFull'; readonly sizeBytes: number };

const sizeBytesDefault = 64 * 1024 * 1024;

export type IoChaosSpec = IoAction & {
  /** Absolute: the folder in which files are. */
  readonly volumePath: string;
  /** Absolute, a pattern (`*`, `**`, `?`); undefined: every file below volumePath. */
  readonly path: string | undefined;
  /** Empty: every operation. */
  readonly methods: readonly IoMethod[];
  /** Of the calls, 0 to 100. */
  readonly percent: number;
};

export const ioChaosSchema = fields.transform((spec, context): IoChaosSpec => {
  const { volumePath, path, methods = [], percent: share = 100 } = spec;
  const missing = (key: string, expected: string) => {
    complain(context, 'FD107', `action ${spec.action} needs it`, { path: [key], expected });
    return z.NEVER;
  };
  if (!volumePath.startsWith('/'))
    complain(context, 'FD105', 'not absolute', {
      path: ['volumePath'],
      expected: 'a path that begins with /',
    });
  if (path !== undefined && !isBelow(path, volumePath))
    complain(context, 'FD105', 'not below volumePath', {
      path: ['path'],
      expected: `${volumePath.replace(/\/+$/, '')}/…`,
    });
  if (path !== undefined && !isPathPattern(path))
    complain(context, 'FD105', `${JSON.stringify(path)} is no pattern`, {
      path: ['path'],
      expected: 'a path with *, **, ? or [a-z]',
    });
  const where = { volumePath, path, methods, percent: share };
  switch (spec.action) {
    case 'latency':
      if (spec.delay === undefined) return missing('delay', 'a duration such as 10ms');
      return { action: 'latency', delayMs: spec.delay, ...where };
    case 'fault':
      if (!spec.errno) return missing('errno', 'the number of an error other than 0, such as 5 (EIO)');
      return { action: 'fault', errno: spec.errno, ...where };
    case 'attrOverride':
      if (!spec.attr) return missing('attr', 'attributes, such as { perm: 72 }');
      return { action: 'attrOverride', attr: spec.attr, ...where };
    case 'mistake':
      if (!spec.mistake) return missing('mistake', '{ filling: zero, maxOccurrences: 1, maxLength: 1 }');
      return { action: 'mistake', mistake: spec.mistake, ...where };
    case 'readOnly':
      return { action: 'readOnly', ...where };
    case 'diskFull':
      return { action: 'diskFull', sizeBytes: spec.size ?? sizeBytesDefault, ...where };
  }
});

function isBelow(path: string, folder: string): boolean {
  const root = folder.replace(/\/+$/, '');
  return path === root || path.startsWith(`${root}/`);
}
