// ProcessChaos is ours, with fields in Chaos Mesh's manner: what operators do to a process by mistake, or forget to do.

import { z } from 'zod';
import { port, text } from '../../base/scalars.ts';

const path = text.refine((value) => value.startsWith('/'), {
  error: 'not absolute',
  params: { expected: 'a path that begins with /' },
});

/** Sent when the file has changed and again when it is back, to programs that read it anew then. */
const reload = z.enum(['SIGHUP', 'SIGUSR1', 'SIGUSR2']).optional();

const octal = z
  .string()
  .regex(/^[0-7]{3,4}$/, { error: 'no mode' })
  .meta({ expected: 'a mode in octal, such as "000"' })
  .transform((written) => Number.parseInt(written, 8));

/** Of one process towards one server; more would first use up our own descriptors. */
const connectionsMax = 10_000;

export const processChaosSchema = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('fileDeleted'), path, reload }),
  z.strictObject({ action: z.literal('permissionRemoved'), path, mode: octal.default(0), reload }),
  /** A configuration that somebody got wrong: `content` takes the place of what the file holds. */
  z.strictObject({ action: z.literal('fileChanged'), path, content: z.string(), reload }),
  /** `path`: the certificate in PEM; `key`: its private key, because the expired one is signed with it. */
  z.strictObject({ action: z.literal('certificateExpired'), path, key: path, reload }),
  /** Clients that open connections, ask for nothing, and never close them. */
  z.strictObject({
    action: z.literal('connectionsHeld'),
    port,
    connections: z.int().min(1).max(connectionsMax),
  }),
]);

export type ProcessChaosSpec = z.output<typeof processChaosSchema>;

export type FileSpec = Exclude<ProcessChaosSpec, { action: 'connectionsHeld' }>;
