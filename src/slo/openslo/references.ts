// Which object a name stands for, over all files that are read together.

import { nearest } from '../../base/diagnostics.ts';
import type {
  Definition,
  DefinitionOf,
  Kind,
  OpenSloVersion,
  Referable,
  SliDefinition,
  SloDefinition,
} from './definition.ts';
import type { Findings } from './findings.ts';

export class References {
  readonly #findings: Findings;
  readonly #byName = new Map<string, Definition['definition']>();

  /** Names that are taken twice are told; the first keeps its name. */
  constructor(definitions: readonly Definition[], findings: Findings) {
    this.#findings = findings;
    for (const { kind, definition } of definitions) {
      const { version, metadata, document, path } = definition;
      const key = keyOf(version, kind, metadata.name);
      const first = this.#byName.get(key);
      if (!first) {
        this.#byName.set(key, definition);
        continue;
      }
      const { file, line } = first.document.placeOf([...first.path, 'metadata', 'name']);
      const message = `the ${kind} ${JSON.stringify(metadata.name)} is there twice; the first is in ${file}:${line}`;
      const at = [...path, 'metadata', 'name'];
      // Nothing but a description depends on which Service is meant.
      if (kind === 'Service') findings.warn('FD111', message, document, at);
      else findings.error('FD111', message, document, at);
    }
  }

  /** Whether the name is taken by this very object. */
  holds(kind: Kind, definition: Definition['definition']): boolean {
    const { version, metadata } = definition;
    return this.#byName.get(keyOf(version, kind, metadata.name)) === definition;
  }

  find<K extends Kind>(version: OpenSloVersion, kind: K, name: string): DefinitionOf<K> | undefined {
    return this.#byName.get(keyOf(version, kind, name)) as DefinitionOf<K> | undefined;
  }

  /** The object that is meant; what is not there is told at the reference. */
  resolve<K extends Kind>(
    kind: K,
    version: OpenSloVersion,
    referable: Referable<DefinitionOf<K>>,
  ): DefinitionOf<K> | undefined {
    if ('inline' in referable) return referable.inline;
    const { reference, document, at } = referable;
    const found = this.find(version, kind, reference);
    if (found) return found;
    const names = this.#namesOf(version, kind);
    const near = nearest(reference, names);
    const expected = near ?? (names.length > 0 ? `one of ${names.join(', ')}` : `a file that defines it`);
    const circle = kind === 'SLI' ? this.#circleFrom(version, reference) : [];
    if (circle.length > 0) {
      const way = circle.map((name) => JSON.stringify(name)).join(' -> ');
      this.#findings.error(
        'FD854',
        `SLOs refer to each other in a circle: ${way}`,
        document,
        at,
        'the name of an SLI',
      );
      return undefined;
    }
    const isSlo = kind === 'SLI' && this.find(version, 'SLO', reference) !== undefined;
    const message = isSlo
      ? `${JSON.stringify(reference)} is an SLO, not an SLI`
      : `the ${kind} ${JSON.stringify(reference)} is not defined`;
    this.#findings.error('FD110', message, document, at, expected);
    return undefined;
  }

  #namesOf(version: OpenSloVersion, kind: Kind): string[] {
    const prefix = keyOf(version, kind, '');
    return [...this.#byName.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length));
  }

  /** SLOs from `name` back to it, where SLOs stand in the place of SLIs; empty when they do not lead back. */
  #circleFrom(version: OpenSloVersion, name: string, way: readonly string[] = []): string[] {
    if (way[0] === name) return [...way, name];
    const slo = way.includes(name) ? undefined : this.find(version, 'SLO', name);
    for (const next of slo ? sliNamesOf(slo) : []) {
      const circle = this.#circleFrom(version, next, [...way, name]);
      if (circle.length > 0) return circle;
    }
    return [];
  }
}

function sliNamesOf(slo: SloDefinition): string[] {
  const all: (Referable<SliDefinition> | undefined)[] = [
    slo.indicator,
    ...slo.objectives.map(({ indicator }) => indicator),
  ];
  return all.flatMap((each) => (each && 'reference' in each ? [each.reference] : []));
}

function keyOf(version: OpenSloVersion, kind: Kind, name: string): string {
  return `${version} ${kind} ${name}`;
}
