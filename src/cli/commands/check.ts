// check: every file's mistakes, and of rule files also what makes alerts lie.

import { exitCodes } from '../../base/catalogue.ts';
import { type Diagnostic, UserError } from '../../base/diagnostics.ts';
import {
  type Checked,
  type CheckOptions as CheckFileOptions,
  checkFile,
  type FileKind,
} from '../../experiment/file/check.ts';
import { diagnosticAnnotations } from '../../report/annotations.ts';
import { renderSarif } from '../../report/sarif.ts';
import { checkObjectives } from '../check-objectives.ts';
import { colorsOf } from '../color.ts';
import { showDiagnostics } from '../failure.ts';
import { mixedFeatures } from '../features.ts';
import {
  lintExperiment,
  lintRules,
  type RuleLinting,
  type RuleLintOptions,
  withRuleLinting,
} from '../lint-rules.ts';
import { namedFiles } from '../named-files.ts';
import { writeOut } from '../reports.ts';
import { print, printJson, readUserFile, userFiles } from '../surroundings.ts';
import { version } from '../version.ts';

export interface CheckOptions extends RuleLintOptions {
  readonly kind?: FileKind;
  readonly enableFeature?: readonly string[];
  readonly failOn: 'error' | 'warning';
  readonly report?: readonly string[];
  readonly output: 'text' | 'json';
}

interface CheckedFile extends Checked {
  readonly file: string;
}

export async function check(files: readonly string[], options: CheckOptions): Promise<number> {
  const reports = (options.report ?? []).map(parseReport);
  const enabled = mixedFeatures(options.enableFeature);
  const how = {
    ...(options.kind && { kind: options.kind }),
    features: enabled.features,
    matcherMode: enabled.mode,
    sloFeatures: enabled.slo,
  };
  const read: CheckedFile[] = [];
  for (const { file, isFound } of await namedFiles(files)) {
    const checked = await readAndCheck(file, how);
    if (!isFound || !isForeign(checked)) read.push({ file, ...checked });
  }
  const together = await checkedTogether(read, enabled.slo);
  const checked = await withRuleLinting(options, enabled, (linting) =>
    linted(together, linting, enabled.mode),
  );
  if (options.output === 'json') printJson({ files: checked });
  else checked.forEach(show);
  const all = checked.flatMap(({ diagnostics }) => diagnostics);
  for (const { format, file } of reports) await writeOut(file, renderers[format](all));
  const isBad = options.failOn === 'warning' ? all.length > 0 : countOf(all, 'error') > 0;
  return isBad ? exitCodes.badInput : exitCodes.pass;
}

const renderers = {
  sarif: (diagnostics: readonly Diagnostic[]) => renderSarif(diagnostics, { version, root: process.cwd() }),
  github: diagnosticAnnotations,
} as const;

function parseReport(text: string): { readonly format: keyof typeof renderers; readonly file: string } {
  const [format = '', ...rest] = text.split('=');
  const file = rest.join('=');
  if (Object.hasOwn(renderers, format) && file !== '')
    return { format: format as keyof typeof renderers, file };
  throw UserError.of('FD105', `--report ${text}`, {
    expected: `KIND=FILE with KIND one of ${Object.keys(renderers).join(', ')}`,
  });
}

function show({ file, kind, diagnostics }: CheckedFile): void {
  const { red, yellow, green } = colorsOf(process.stdout);
  showDiagnostics(diagnostics);
  const errors = countOf(diagnostics, 'error');
  const warnings = countOf(diagnostics, 'warning');
  const counts = [
    ...(errors > 0 ? [red(`${errors} ${errors === 1 ? 'error' : 'errors'}`)] : [green('ok')]),
    ...(warnings > 0 ? [yellow(`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`)] : []),
  ];
  print(`${file}: ${kind ?? 'unknown kind'}: ${counts.join(', ')}`);
}

function countOf(diagnostics: readonly Diagnostic[], severity: Diagnostic['severity']): number {
  return diagnostics.filter((each) => each.severity === severity).length;
}

/** A file that cannot be read is one more mistake, beside those of the others. */
async function readAndCheck(
  file: string,
  how: Pick<CheckFileOptions, 'kind' | 'features' | 'matcherMode' | 'sloFeatures'>,
): Promise<Checked> {
  try {
    const text = await readUserFile(file);
    return await checkFile({ file, text, env: process.env, files: userFiles, ...how });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { kind: how.kind, diagnostics: error.diagnostics };
  }
}

/** In a folder, what does not say that it is ours is passed over. */
function isForeign({ kind, diagnostics }: Checked): boolean {
  return kind === undefined && diagnostics.every(({ code }) => code === 'FD109');
}

/** With the objectives of all files seen at once. */
async function checkedTogether(
  files: readonly CheckedFile[],
  features: ReturnType<typeof mixedFeatures>['slo'],
): Promise<CheckedFile[]> {
  const objectives = files.filter(({ kind }) => kind === 'slo').map(({ file }) => file);
  if (objectives.length < 2) return [...files];
  const found = await checkObjectives([...new Set(objectives)], features);
  return files.map((checked) => ({
    ...checked,
    diagnostics: (checked.kind === 'slo' && found.get(checked.file)) || checked.diagnostics,
  }));
}

/** With what the lint finds in those files that can be read. */
async function linted(
  files: readonly CheckedFile[],
  linting: RuleLinting,
  mode: ReturnType<typeof mixedFeatures>['mode'],
): Promise<CheckedFile[]> {
  const sound = files.filter(({ diagnostics }) => countOf(diagnostics, 'error') === 0);
  const rules = sound.filter(({ kind }) => kind === 'rules').map(({ file }) => file);
  const findings = await lintRules(rules, linting);
  const result: CheckedFile[] = [];
  for (const checked of files) {
    const { file, kind, diagnostics } = checked;
    // The lint tells again what the reader of a rule file warns of, unless a comment silences it.
    if (findings.has(file)) result.push({ ...checked, diagnostics: findings.get(file)! });
    else if (kind === 'experiment' && sound.includes(checked))
      result.push({
        ...checked,
        diagnostics: [...diagnostics, ...(await lintExperiment(file, linting, mode))],
      });
    else result.push(checked);
  }
  return result;
}
