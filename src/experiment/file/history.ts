// `history`: what long windows are given behind the baseline.

import { isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import { parseDuration } from '../../base/duration.ts';
import { complain, duration, httpUrl, httpUrlOf, text } from '../../base/scalars.ts';
import { httpClientFields, oneCredential, resolveHttpClient } from '../../telemetry/config/http-client.ts';
import type { HistorySpec } from '../model.ts';
import type { Reading } from './reading.ts';

const modeExpected = 'auto, none, or a duration such as 3d';

const mode = z
  .string()
  .transform((written, context): 'auto' | 'none' | number => {
    if (written === 'auto' || written === 'none') return written;
    const ms = parseDuration(written);
    if (ms !== undefined && ms > 0) return ms;
    complain(context, 'FD112', `${JSON.stringify(written)} is no length of a history`, {
      expected: modeExpected,
    });
    return z.NEVER;
  })
  .meta({ expected: modeExpected });

const addressSchema = z
  .strictObject({
    url: httpUrl.describe('Address of the HTTP API, without /api/v1.'),
    ...httpClientFields,
  })
  .superRefine(oneCredential);

export const historySchema = z.union([
  mode,
  z.strictObject({
    from: z
      .union([text, addressSchema])
      .optional()
      .describe(
        'Where real samples are: a run folder, a recording, an OpenMetrics file, or the address of a Prometheus.',
      ),
    length: duration.optional().describe('No history is longer; as long as the windows are when not given.'),
    samples: z
      .int()
      .min(1000)
      .max(200_000_000)
      .optional()
      .describe('How many samples a history may have; 20000000 when not given.'),
  }),
]);

const samplesMaxDefault = 20_000_000;

export function resolveHistory(
  history: z.output<typeof historySchema> | undefined,
  folder: string,
): HistorySpec {
  if (history === undefined || typeof history !== 'object') {
    const lengthMsMax = typeof history === 'number' ? history : null;
    return { isOn: history !== 'none', lengthMsMax, samplesMax: samplesMaxDefault, from: null };
  }
  const { from, length, samples } = history;
  return {
    isOn: true,
    lengthMsMax: length ?? null,
    samplesMax: samples ?? samplesMaxDefault,
    from: from === undefined ? null : resolveFrom(from, folder),
  };
}

function resolveFrom(
  from: string | z.output<typeof addressSchema>,
  folder: string,
): NonNullable<HistorySpec['from']> {
  if (typeof from !== 'string')
    return { url: from.url.replace(/\/+$/, ''), http: resolveHttpClient(from, folder) };
  if (httpUrlOf(from)) return { url: from.replace(/\/+$/, ''), http: {} };
  return { path: isAbsolute(from) ? from : resolve(folder, from) };
}

/** A remote source has its own history, and nothing of ours is put into it. */
export function checkHistory(reading: Reading): void {
  const history = reading.at(['spec', 'history']);
  if (reading.at(['spec', 'telemetry', 'prometheus']) === undefined) return;
  if (history === undefined || history === 'auto' || history === 'none') return;
  reading.error('FD120', 'a remote source keeps its own history', ['spec', 'history'], {
    key: true,
    severity: 'warning',
    expected: 'history only with telemetry.scrape',
  });
}
