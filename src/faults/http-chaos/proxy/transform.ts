// One message on its way through the faults that match it: delayed, its head changed, its body replaced or patched.

import type { Duplex } from 'node:stream';
import type { Clock } from '../../../base/clock.ts';
import type { HttpChaosSpec } from '../spec.ts';
import type { BodyReader } from './body.ts';
import { write } from './bytes.ts';
import { bodyBytesMax, changeBody, changesBody, fieldsOfBody } from './change.ts';
import type { Field } from './head.ts';
import type { HttpRule } from './rules.ts';

/** Waits as long as the faults say, or until each is taken back. */
export async function delay(rules: readonly HttpRule[], clock: Clock, closed: AbortSignal): Promise<void> {
  for (const { spec, over } of rules) {
    if (spec.delayMs > 0) await clock.sleep(spec.delayMs, AbortSignal.any([over, closed]));
  }
}

/** What goes on instead of a body, after the head: new content, or what was read of the old body, as it came. */
export interface Rebodied {
  readonly content: Buffer | undefined;
  readonly held: readonly Buffer[];
}

/** Reads the body when a fault changes it. */
export async function rebody(
  body: BodyReader,
  fields: readonly Field[],
  rules: readonly HttpRule[],
): Promise<Rebodied> {
  const changing = rules.filter(({ spec }) => changesBody(spec));
  if (changing.length === 0) return { content: undefined, held: [] };
  const old = await hold(body, changing[0]!.spec);
  if (!old.content) {
    for (const rule of changing) rule.unpatched++;
    return { content: undefined, held: old.wire };
  }
  let content: Buffer | undefined;
  let described = fields;
  for (const rule of changing) {
    const changed = await changeBody(content ?? old.content, described, rule.spec);
    if (!changed) rule.unpatched++;
    else {
      content = changed;
      described = fieldsOfBody(fields, changed.length);
    }
  }
  return { content, held: content ? [] : old.wire };
}

/** The whole body, or, when it is too large, what was read of it. One that is replaced anyway is not kept. */
async function hold(
  body: BodyReader,
  { replace }: HttpChaosSpec,
): Promise<{ readonly content: Buffer | undefined; readonly wire: readonly Buffer[] }> {
  const wire: Buffer[] = [];
  const content: Buffer[] = [];
  let bytes = 0;
  for (let piece = await body.next(); piece; piece = await body.next()) {
    if (replace.body !== undefined) continue;
    wire.push(piece.wire);
    content.push(...piece.content);
    bytes += piece.wire.length;
    if (bytes > bodyBytesMax) return { content: undefined, wire };
  }
  return { content: Buffer.concat(content), wire };
}

/** Passes on what is left of a body, as it comes. */
export async function passBody(body: BodyReader, sink: Duplex): Promise<void> {
  for (let piece = await body.next(); piece; piece = await body.next()) await write(sink, piece.wire);
}

/** A rule has acted when it did anything but find a body that it could not patch. */
export function countHits(rules: readonly HttpRule[], rebodied: Rebodied): void {
  for (const rule of rules) {
    const { spec } = rule;
    const onlyBody = spec.delayMs === 0 && !changesHead(spec);
    if (!onlyBody || rebodied.content) rule.hits++;
  }
}

function changesHead({ replace, patch }: HttpChaosSpec): boolean {
  const { body: _replaced, ...replaced } = replace;
  const { body: _patched, ...patched } = patch;
  return [...Object.values(replaced), ...Object.values(patched)].some((change) => change !== undefined);
}
