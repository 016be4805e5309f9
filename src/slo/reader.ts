// What a reader of one format is: the registry in read.ts asks each which documents are its own, and gives it all of
// them at once, because one may refer to another in a different file.

import type { Diagnostic } from '../base/diagnostics.ts';
import type { YamlDocument } from '../base/yaml.ts';
import type { Objective } from './objective.ts';

/** What is off unless it is asked for with `--enable-feature`. */
export const sloFeatureNames = ['openslo-v2alpha'] as const;

export type SloFeature = (typeof sloFeatureNames)[number];

export interface ReaderOptions {
  readonly features: ReadonlySet<SloFeature>;
}

export interface ReadObjectives {
  /** Those that are whole: each has queries that parse and everything that it refers to. */
  readonly objectives: readonly Objective[];
  /** Errors and warnings, each with its place. Without errors, all that the files hold can be used. */
  readonly diagnostics: readonly Diagnostic[];
}

export interface ObjectiveReader {
  /** How the format is called in messages. */
  readonly title: string;
  /** Whether the document says of itself that it is of this format; it may still be wrong. */
  isOne(value: unknown): boolean;
  /** All documents of the format, of all files, in their order. */
  read(documents: readonly YamlDocument[], options: ReaderOptions): ReadObjectives;
}
