import { readFile } from 'node:fs/promises';
import { UserError } from '../base/diagnostics.ts';
import { systemReason } from './system-reason.ts';

/** The content of a file with a password, token, key or certificate. Rejects with FD707. */
export async function readSecretFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw UserError.of('FD707', `${path} cannot be read: ${systemReason(error)}`);
  }
}
