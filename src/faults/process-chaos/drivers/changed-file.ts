// Files of the target: removed, without permission, with other contents, or a certificate that has expired. What the
// file was stands in the lease, which is on disk, before anything happens to it.

import { execFile } from 'node:child_process';
import { lstatSync, realpathSync } from 'node:fs';
import { access, chmod, constants, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { ActiveFault, FaultDriver, Usability } from '../../fault.ts';
import { hasOwnNamespace } from '../../io-chaos/own-mounts.ts';
import { type RestoreFile, restoreFileStep } from '../../leases/steps/restore-file.ts';
import { differenceOf, hashAt, hashOf, recordFile, replaceFile } from '../../targets/file-copy.ts';
import { sendSignal } from '../../targets/process/signal.ts';
import { otherAction, refusal } from '../refusal.ts';
import { restartMsMax, restartRefusal } from '../restart.ts';
import { type FileSpec, isFileSpec, type ProcessChaosSpec } from '../spec.ts';

const run = promisify(execFile);
const commandMsMax = 10_000;
/** A lease holds the whole file. */
const fileBytesMax = 256 * 1024;

export const changedFile: FaultDriver<ProcessChaosSpec> = {
  name: 'changed-file',

  async probe(request) {
    const { spec, target } = request;
    if (!isFileSpec(spec)) return otherAction('changes files');
    if (target.type !== 'process') return refusal(`target ${target.name} has no processes`, 'name a process');
    const away = (await target.processes()).find(({ pid }) => hasOwnNamespace(pid));
    if (away)
      return refusal(`process ${away.pid} has mounts of its own`, 'name a process that sees the same files');
    return (
      restartRefusal(request) ??
      (await fileRefusal(spec)) ??
      (await placesRefusal(spec)) ??
      (await certificateRefusal(spec)) ?? { usable: true }
    );
  },

  plan: ({ spec, target }) => ({
    what: isFileSpec(spec) ? `${effectOf(spec)} ${spec.path} for ${target.name}` : '',
    how: `after a copy of its contents, mode, owner and times${isFileSpec(spec) ? tellingOf(spec) : ''}`,
    undo: `the file is put back; whoever had it open keeps what was there${restarts(spec) ? '; the target is started anew' : ''}`,
    survivesCrash: 'until the watchdog sees the runner die (at once) or hang (5s)',
    hits: undefined,
  }),

  injectMs: (request) => (restarts(request.spec) ? restartMsMax(request) : 0),

  // The step holds the file, which is read while injecting, and is in the lease before the file is touched.
  undoSteps: async () => [],

  async inject(request, _prepared, extend): Promise<ActiveFault> {
    const { spec, target, scratchFolder } = request;
    if (!isFileSpec(spec) || target.type !== 'process') throw new Error('the probe refuses this');
    const path = realpathSync(spec.path);
    const file = await recordFile(path);
    const bytes = await contentsFor(spec, scratchFolder);
    const put = spec.action === 'fileDeleted' ? 'absent' : bytes ? hashOf(bytes) : file.sha256;
    const signal = spec.reload === 'restart' ? undefined : spec.reload;
    const processes = signal ? (await target.processes()).slice(0, 1) : [];
    const step: RestoreFile = { file, put, ...(signal ? { reload: { signal, processes } } : {}) };
    await extend([{ type: 'restore-file', ...step }]);
    if (bytes) await replaceFile(file, bytes);
    else if (spec.action === 'permissionRemoved') await chmod(path, spec.mode);
    else await rm(path);
    if (signal) for (const id of processes) sendSignal(id, signal);
    // A target that does not start with such a file is what was to be seen.
    if (spec.reload === 'restart') await target.restart!({});
    let unready: string | undefined;
    let isUndone = false;
    return {
      hits: () => undefined,
      async missing() {
        // Its mode says it: to read what nobody may read, it would have to be readable meanwhile.
        if (spec.action === 'permissionRemoved') return await unlikeMode(path, spec.mode);
        if ((await hashAt(path)) !== put) return `${path} was changed by somebody else`;
        return (await differenceOf(file)) === undefined ? `${path} is as it was` : undefined;
      },
      async undo() {
        await restoreFileStep(step);
        if (spec.reload === 'restart' && !isUndone) unready = await target.restart!({});
        isUndone = true;
      },
      async verifyUndone() {
        const outcome = await restoreFileStep(step);
        if (!outcome.done) return { undone: false, left: [outcome.left] };
        if (unready !== undefined) return { undone: false, left: [unready] };
        const ready = spec.reload === 'restart' ? `, and ${target.name} was started with it` : '';
        return { undone: true, evidence: `${outcome.evidence}${ready}` };
      },
    };
  },
};

async function unlikeMode(path: string, mode: number): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return `${path} is not there`;
  const now = found.mode & 0o7777;
  return now === mode ? undefined : `${path} has the mode ${now.toString(8)}`;
}

function restarts(spec: ProcessChaosSpec): boolean {
  return isFileSpec(spec) && spec.reload === 'restart';
}

function tellingOf({ reload }: FileSpec): string {
  if (reload === undefined) return '';
  return reload === 'restart' ? '; the target is ended and started anew' : `; ${reload} tells the target`;
}

/** Each place that is to be changed must be there: a misspelt one would change nothing. */
async function placesRefusal(spec: FileSpec): Promise<Usability | undefined> {
  if (spec.action !== 'fileChanged' || !spec.replace) return undefined;
  const contents = await readFile(spec.path, 'utf8');
  const astray = spec.replace.find(({ text }) => !contents.includes(text));
  if (!astray) return undefined;
  return refusal(`${spec.path} does not contain ${JSON.stringify(astray.text)}`, 'correct `replace`');
}

async function fileRefusal(spec: FileSpec): Promise<Usability | undefined> {
  const found = lstatSync(spec.path, { throwIfNoEntry: false });
  if (!found) return refusal(`${spec.path} does not exist`, 'correct `path`');
  const path = realpathSync(spec.path);
  const file = lstatSync(path);
  if (!file.isFile()) return refusal(`${spec.path} is no plain file`, 'name a file');
  if (file.size > fileBytesMax) return refusal(`${spec.path} is larger than 256 KiB`, 'name a smaller file');
  if (file.nlink > 1)
    return refusal(`${spec.path} has ${file.nlink} names (hard links)`, 'name a file with one');
  const isOwner = process.getuid!() === 0 || file.uid === process.getuid!();
  const mayReplace = await access(dirname(path), constants.W_OK).then(
    () => true,
    () => false,
  );
  if (isOwner && mayReplace) return undefined;
  return refusal(
    `${spec.path} is not ours to change`,
    'run as its owner with the right to write its folder, or as root',
  );
}

async function certificateRefusal(spec: FileSpec): Promise<Usability | undefined> {
  if (spec.action !== 'certificateExpired') return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'firedrill-certificate-'));
  try {
    await expiredCopy(spec, folder);
    return undefined;
  } catch (error) {
    const words = ((error as { stderr?: string }).stderr ?? (error as Error).message).trim().split('\n')[0]!;
    return refusal(
      `no expired copy of ${spec.path} can be signed: ${words}`,
      'install openssl, and name the key of the certificate in `key`',
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Bytes that take the file's place; undefined when it keeps its own or is removed. */
async function contentsFor(spec: FileSpec, scratchFolder: string): Promise<Buffer | undefined> {
  if (spec.action === 'fileChanged') return Buffer.from(spec.content ?? (await replaced(spec)));
  return spec.action === 'certificateExpired' ? await expiredCopy(spec, scratchFolder) : undefined;
}

async function replaced({
  path,
  replace = [],
}: Extract<FileSpec, { action: 'fileChanged' }>): Promise<string> {
  const contents = await readFile(path, 'utf8');
  return replace.reduce((text, place) => text.replaceAll(place.text, () => place.with), contents);
}

/** The first certificate of the file, with its subject, names and key, signed by itself and over since yesterday. */
async function expiredCopy(
  { path, key }: Extract<FileSpec, { action: 'certificateExpired' }>,
  folder: string,
): Promise<Buffer> {
  const out = join(folder, 'expired.pem');
  await run('openssl', ['x509', '-in', path, '-key', key, '-days', '-1', '-out', out], {
    timeout: commandMsMax,
  });
  return await readFile(out);
}

function effectOf({ action }: FileSpec): string {
  if (action === 'fileDeleted') return 'removes';
  if (action === 'permissionRemoved') return 'takes the permissions of';
  return action === 'fileChanged' ? 'changes' : 'puts an expired certificate in the place of';
}
