// prometheus.yml as the embedded engine reads it: global, scrape_configs, rule_files and storage's retention. Sections
// that belong to what the engine has not (remote write, alerting and the like) are warned of, not refused, so that a
// team's file can be used as it is.

import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { type Diagnostic, UserError } from '../../base/diagnostics.ts';
import type { LabelRecord } from '../../base/labels.ts';
import { duration, size, text } from '../../base/scalars.ts';
import { checkYaml, parseYaml } from '../../base/yaml.ts';
import { secretStrings } from '../../experiment/file/secret-fields.ts';
import type { Features } from '../../promql/features.ts';
import { readRuleFile } from '../../rules/file.ts';
import type { RuleGroup } from '../../rules/model.ts';
import { resolveScrapeConfig, scrapeConfig } from '../../telemetry/config/scrape-config.ts';
import type { ScrapeSpec } from '../../telemetry/metrics/scrape-spec.ts';
import { maskedYaml } from '../alerts/masked-yaml.ts';

const intervalMsDefault = 60_000;
const timeoutMsDefault = 10_000;

const unusedSections = ['alerting', 'remote_write', 'remote_read', 'tracing', 'otlp'] as const;
const unused = z.unknown().optional();

const count = z.int().min(0);

const globalConfig = z.strictObject({
  scrape_interval: duration.optional(),
  scrape_timeout: duration.optional(),
  evaluation_interval: duration.optional(),
  rule_query_offset: duration.optional(),
  external_labels: z.record(text, z.string()).nullish(),
  body_size_limit: size.optional(),
  sample_limit: count.optional(),
  label_limit: count.optional(),
  label_name_length_limit: count.optional(),
  label_value_length_limit: count.optional(),
  scrape_native_histograms: z.boolean().optional(),
  query_log_file: unused,
});

const configFile = z.strictObject({
  global: globalConfig.nullish(),
  scrape_configs: z.array(scrapeConfig).nullish(),
  rule_files: z.array(text).nullish(),
  storage: z
    .strictObject({
      tsdb: z
        .strictObject({
          out_of_order_time_window: unused,
          retention: z.strictObject({ time: duration.optional(), size: size.optional() }).nullish(),
        })
        .nullish(),
      exemplars: z.strictObject({ max_exemplars: z.int().min(1).optional() }).nullish(),
    })
    .nullish(),
  alerting: unused,
  remote_write: unused,
  remote_read: unused,
  tracing: unused,
  otlp: unused,
});

export interface ServerConfig {
  /** As it stands in the file but for its secrets, for status/config. */
  readonly yaml: string;
  readonly evaluationIntervalMs: number;
  readonly externalLabels: LabelRecord;
  readonly scrape: readonly ScrapeSpec[];
  readonly groups: readonly RuleGroup[];
  readonly retentionMs: number | undefined;
  readonly retentionBytes: number | undefined;
  readonly exemplarsMax: number | undefined;
  readonly warnings: readonly Diagnostic[];
}

export const emptyConfig: ServerConfig = {
  yaml: '',
  evaluationIntervalMs: intervalMsDefault,
  externalLabels: {},
  scrape: [],
  groups: [],
  retentionMs: undefined,
  retentionBytes: undefined,
  exemplarsMax: undefined,
  warnings: [],
};

/** Rejects with a UserError that holds all mistakes of the file and of the rule files that it names. */
export async function readServerConfig(
  file: string,
  readText: (path: string) => Promise<string>,
  features: Features,
): Promise<ServerConfig> {
  const yaml = await readText(file);
  const document = parseYaml(file, yaml);
  if (!document.ok) throw new UserError(document.diagnostics);
  const checked = checkYaml(document.value, configFile);
  if (!checked.ok) throw new UserError(checked.diagnostics);
  const { global, scrape_configs: scrapes, rule_files: ruleFiles, storage } = checked.value;
  const folder = dirname(resolve(file));
  const warnings: Diagnostic[] = unusedSections
    .filter((section) => checked.value[section] !== undefined)
    .map((section) => ({
      code: 'FD121',
      severity: 'warning',
      message: `${section} is not used`,
      at: document.value.placeOfKey([section]),
    }));
  const repeated = (scrapes ?? []).findIndex(
    ({ job_name: name }, i, all) => all.findIndex((other) => other.job_name === name) < i,
  );
  if (repeated >= 0)
    throw UserError.of('FD111', `the job ${JSON.stringify(scrapes![repeated]!.job_name)} is there twice`, {
      at: document.value.placeOf(['scrape_configs', repeated, 'job_name']),
    });
  const rules = await readRules(ruleFiles ?? [], folder, readText, features);
  const { retention } = storage?.tsdb ?? {};
  return {
    yaml: maskedYaml(yaml, secretStrings(document.value.value)),
    evaluationIntervalMs: global?.evaluation_interval ?? intervalMsDefault,
    externalLabels: global?.external_labels ?? {},
    scrape: (scrapes ?? []).map((scrape) =>
      resolveScrapeConfig(scrape, {
        intervalMs: global?.scrape_interval ?? intervalMsDefault,
        timeoutMs: global?.scrape_timeout ?? timeoutMsDefault,
        bodySizeLimitBytes: global?.body_size_limit ?? 0,
        sampleLimit: global?.sample_limit ?? 0,
        labelLimits: {
          count: global?.label_limit ?? 0,
          nameBytes: global?.label_name_length_limit ?? 0,
          valueBytes: global?.label_value_length_limit ?? 0,
        },
        nativeHistograms: global?.scrape_native_histograms ?? false,
        folder,
      }),
    ),
    groups: rules.groups,
    retentionMs: retention?.time,
    retentionBytes: retention?.size,
    exemplarsMax: storage?.exemplars?.max_exemplars,
    warnings: [...warnings, ...rules.warnings],
  };
}

async function readRules(
  patterns: readonly string[],
  folder: string,
  readText: (path: string) => Promise<string>,
  features: Features,
): Promise<{ groups: RuleGroup[]; warnings: Diagnostic[] }> {
  const groups: RuleGroup[] = [];
  const warnings: Diagnostic[] = [];
  const mistakes: Diagnostic[] = [];
  for (const path of (
    await Promise.all(patterns.map((pattern) => filesOf(resolve(folder, pattern))))
  ).flat()) {
    const read = readRuleFile(path, await readText(path), { features });
    if (!read.ok) mistakes.push(...read.diagnostics);
    else {
      groups.push(...read.value.groups);
      warnings.push(...read.value.warnings);
    }
  }
  if (mistakes.length > 0) throw new UserError(mistakes);
  return { groups, warnings };
}

/** `*` and `?` in the last part of the path; a path without them names one file, which must be there. */
async function filesOf(path: string): Promise<string[]> {
  const pattern = basename(path);
  if (!/[*?]/.test(pattern)) return [path];
  const expression = pattern
    .replace(/[\\^$.+()[\]{}|]/g, '\\$&')
    .replace(/\*/g, '[^/]*')
    .replace(/\?/g, '[^/]');
  const names = await readdir(dirname(path)).catch(() => []);
  return names
    .filter((name) => new RegExp(`^${expression}$`).test(name))
    .sort()
    .map((name) => join(dirname(path), name));
}
