// ProcessChaos is ours, with fields in Chaos Mesh's manner: what operators do to a process by mistake, or forget to do.

import { isIP } from 'node:net';
import { z } from 'zod';
import { complain, port, text } from '../../base/scalars.ts';

const path = text.refine((value) => value.startsWith('/'), {
  error: 'not absolute',
  params: { expected: 'a path that begins with /' },
});

/** Sent when the file has changed and again when it is back, to programs that read it anew then; or start it anew. */
const reload = z.enum(['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'restart']).optional();

const octal = z
  .string()
  .regex(/^[0-7]{3,4}$/, { error: 'no mode' })
  .meta({ expected: 'a mode in octal, such as "000"' })
  .transform((written) => Number.parseInt(written, 8));

/** Of one process towards one server; more would first use up our own descriptors. */
const connectionsMax = 10_000;

/** One place of a file: each time that `text` occurs, `with` takes its place. */
const replacement = z.strictObject({ text, with: z.string() });

const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'no name of a variable' });

/** What a server of ours says in the place of a dependency. */
const wrongAnswers = ['reset', 'hang', 'empty', 'garbage', 'error', 'slow'] as const;

const actions = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('fileDeleted'), path, reload }),
  z.strictObject({ action: z.literal('permissionRemoved'), path, mode: octal.default(0), reload }),
  /** A configuration that somebody got wrong: other contents, or some of its places changed. */
  z.strictObject({
    action: z.literal('fileChanged'),
    path,
    content: z.string().optional(),
    replace: z.array(replacement).min(1).max(100).optional(),
    reload,
  }),
  /** `path`: the certificate in PEM; `key`: its private key, because the expired one is signed with it. */
  z.strictObject({ action: z.literal('certificateExpired'), path, key: path, reload }),
  /** Variables that somebody got wrong; null takes one away. The target is started anew, twice. */
  z.strictObject({
    action: z.literal('environmentChanged'),
    env: z
      .record(variable, z.string().nullable())
      .refine((env) => Object.keys(env).length > 0, { error: 'no variable is given' }),
  }),
  /** What the target calls is replaced by a server that fails. */
  z.strictObject({
    action: z.literal('dependencyReplaced'),
    /** The port that the target connects to; `address`: only at this IP address. */
    port,
    address: text
      .refine((value) => isIP(value) !== 0, { error: 'no IP address' })
      .optional()
      .meta({ expected: 'an IP address, such as 10.0.0.7' }),
    answer: z.enum(wrongAnswers).default('error'),
    /** HTTP status of `error`; 429 is a limit of requests that is reached. */
    status: z.int().min(400).max(599).default(500),
  }),
  /** Clients that open connections, ask for nothing, and never close them. */
  z.strictObject({
    action: z.literal('connectionsHeld'),
    port,
    connections: z.int().min(1).max(connectionsMax),
  }),
]);

export const processChaosSchema = actions.superRefine((spec, context) => {
  if (spec.action !== 'fileChanged') return;
  if ((spec.content === undefined) !== (spec.replace === undefined)) return;
  complain(
    context,
    'FD107',
    spec.content === undefined ? 'neither content nor replace' : 'both content and replace',
    {
      expected: 'one of the two',
    },
  );
});

export type ProcessChaosSpec = z.output<typeof processChaosSchema>;

export type FileSpec = Extract<ProcessChaosSpec, { path: string }>;
export type DependencySpec = Extract<ProcessChaosSpec, { action: 'dependencyReplaced' }>;

export function isFileSpec(spec: ProcessChaosSpec): spec is FileSpec {
  return 'path' in spec;
}
