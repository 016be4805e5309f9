// What Pyrra only warns of when it reads an object, and what its rules would stumble over later.

import type { ErrorCode } from '../../base/catalogue.ts';
import type { Diagnostic } from '../../base/diagnostics.ts';
import { formatDuration } from '../../base/duration.ts';
import type { YamlDocument, YamlPath } from '../../base/yaml.ts';
import { parseBareSelector } from '../bare-selector.ts';
import type { SimpleObjective } from '../objective.ts';
import { pyrraWindowMinMs } from '../rules/pyrra-windows.ts';
import type { PyrraObject } from './schema.ts';

export function pyrraWarnings(
  document: YamlDocument,
  { metadata, spec }: PyrraObject,
  { target, window }: SimpleObjective,
): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const warn = (code: ErrorCode, message: string, path: YamlPath, expected?: string) =>
    diagnostics.push({
      code,
      severity: 'warning',
      message,
      at: document.placeOf(path),
      ...(expected !== undefined && { expected }),
    });
  if (!metadata.namespace)
    warn('FD858', 'the object has no namespace: Kubernetes puts it into `default`', ['metadata', 'name']);
  const targetPath = ['spec', 'target'];
  if (typeof spec.target !== 'string')
    warn('FD858', 'Kubernetes takes a target in quotes only', targetPath, `"${target.text}"`);
  if (target.percent > 0 && target.percent < 1)
    warn(
      'FD858',
      `the target is ${target.text} %, of 100`,
      targetPath,
      `"${Number(`${target.percent}e2`)}", if it was meant as a share of 1`,
    );
  if (target.errorBudget === 0)
    warn(
      'FD856',
      'a target of 100 % has no error budget: every alert rings with the first error',
      targetPath,
    );
  if (window.durationMs < pyrraWindowMinMs)
    warn(
      'FD857',
      'the shortest range of the rules, an 8064th of the window, is rounded to 0s: Pyrra writes rules that Prometheus refuses',
      ['spec', 'window'],
      `a window of ${formatDuration(pyrraWindowMinMs)} or more`,
    );
  if (spec.alerting?.disabled !== undefined && spec.alerting.disabled !== null)
    warn('FD858', '`disabled` is deprecated', ['spec', 'alerting', 'disabled'], '`burnrates: false`');
  for (const [message, ...path] of namesOf(spec.indicator))
    warn('FD858', message, ['spec', 'indicator', ...path, 'metric']);
  return diagnostics;
}

type Found = readonly [message: string, ...path: string[]];

/** Names that are not what such an indicator usually counts. */
function namesOf({ ratio, latency }: PyrraObject['spec']['indicator']): Found[] {
  if (ratio)
    return ratio.errors.metric === ratio.total.metric
      ? [['errors and total are the same: all would be errors', 'ratio', 'errors']]
      : [];
  if (!latency) return [];
  const found: Found[] = [];
  if (!parseBareSelector(latency.total.metric).name.endsWith('_count'))
    found.push(["the total of a latency is usually a histogram's `_count`", 'latency', 'total']);
  if (!parseBareSelector(latency.success.metric).name.endsWith('_bucket'))
    found.push(["the success of a latency is usually a histogram's `_bucket`", 'latency', 'success']);
  if (latency.success.metric === latency.total.metric)
    found.push(['success and total are the same: all would be fast', 'latency', 'success']);
  return found;
}
