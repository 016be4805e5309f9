import { exitCodes } from '../../base/catalogue.ts';
import { UserError } from '../../base/diagnostics.ts';
import {
  type Checked,
  type CheckOptions as CheckFileOptions,
  checkFile,
  type FileKind,
} from '../../experiment/file/check.ts';
import { colorsOf } from '../color.ts';
import { showDiagnostics } from '../failure.ts';
import { enabledFeatures } from '../features.ts';
import { print, printJson, readUserFile } from '../surroundings.ts';

export interface CheckOptions {
  readonly kind?: FileKind;
  readonly enableFeature?: readonly string[];
  readonly output: 'text' | 'json';
}

export async function check(files: readonly string[], options: CheckOptions): Promise<number> {
  const how = {
    ...(options.kind && { kind: options.kind }),
    features: enabledFeatures(options.enableFeature),
  };
  const { red, green } = colorsOf(process.stdout);
  const checked = [];
  for (const file of files) checked.push({ file, ...(await readAndCheck(file, how)) });
  if (options.output === 'json') printJson({ files: checked });
  for (const { file, kind: found, diagnostics } of options.output === 'json' ? [] : checked) {
    showDiagnostics(diagnostics);
    const errors = diagnostics.filter((each) => each.severity === 'error').length;
    const state = errors > 0 ? red(`${errors} ${errors === 1 ? 'error' : 'errors'}`) : green('ok');
    print(`${file}: ${found ?? 'unknown kind'}: ${state}`);
  }
  const bad = checked.some(({ diagnostics }) => diagnostics.some((each) => each.severity === 'error'));
  return bad ? exitCodes.badInput : exitCodes.pass;
}

/** A file that cannot be read is one more mistake, beside those of the others. */
async function readAndCheck(
  file: string,
  how: Pick<CheckFileOptions, 'kind' | 'features'>,
): Promise<Checked> {
  try {
    const text = await readUserFile(file);
    return await checkFile({ file, text, env: process.env, files: { read: readUserFile }, ...how });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { kind: how.kind, diagnostics: error.diagnostics };
  }
}
