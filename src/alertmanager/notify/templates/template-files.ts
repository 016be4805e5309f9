// The files that `templates:` names: patterns with `*`, `?` and `[…]` in each part of a path, relative to the
// configuration's own folder. A pattern that matches nothing is no mistake, as in Alertmanager.

import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { UserError } from '../../../base/diagnostics.ts';
import type { AlertmanagerConfig } from '../../config/model.ts';
import { NotificationTemplates, type TemplateFile } from './notification-templates.ts';

const filesMax = 1000;
const fileBytesMax = 4 * 1024 * 1024;

/** All templates of a configuration. Rejects with FD409 for a file that cannot be read or is no template. */
export async function readTemplates(config: AlertmanagerConfig): Promise<NotificationTemplates> {
  return new NotificationTemplates(await readTemplateFiles(config.file, config.templates));
}

async function readTemplateFiles(configFile: string, patterns: readonly string[]): Promise<TemplateFile[]> {
  const files: TemplateFile[] = [];
  for (const pattern of patterns) {
    const path = isAbsolute(pattern) ? pattern : join(dirname(configFile), pattern);
    for (const file of await matching(path)) {
      if (files.length >= filesMax)
        throw UserError.of('FD409', `${pattern} brings more than ${filesMax} template files`);
      files.push({ file, text: await textOf(file) });
    }
  }
  return files;
}

async function textOf(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > fileBytesMax) throw UserError.of('FD409', `${file} is larger than ${fileBytesMax} bytes`);
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw UserError.of('FD409', `${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

async function matching(pattern: string): Promise<string[]> {
  let found = [pattern.startsWith('/') ? '/' : '.'];
  for (const part of pattern.split('/').filter((name) => name !== '')) {
    const next: string[] = [];
    for (const folder of found) next.push(...(await matchingPart(folder, part)));
    found = next;
  }
  return found.sort();
}

async function matchingPart(folder: string, part: string): Promise<string[]> {
  if (!/[*?[\\]/.test(part)) return (await exists(join(folder, part))) ? [join(folder, part)] : [];
  const expression = globExpression(part);
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => expression.test(name)).map((name) => join(folder, name));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function globExpression(part: string): RegExp {
  const token = /\\(.)|\[(\^?)([^\]]+)\]|[\s\S]/g;
  const source = part.replace(token, (whole, escaped?: string, not?: string, set?: string) => {
    if (whole === '*') return '[^/]*';
    if (whole === '?') return '[^/]';
    if (set !== undefined) return `[${not}${set.replace(/[\\[]/g, '\\$&')}]`;
    return (escaped ?? whole).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  return new RegExp(`^${source}$`);
}
