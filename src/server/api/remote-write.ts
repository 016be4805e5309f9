// Remote write, 1.0 and 2.0: one path, told apart by the Content-Type. Statuses and headers as the specification has
// them: 204 when all was taken, 400 when a part was not and never will be, 415 for what is not spoken here, 5xx when
// it should be sent again.

import { UserError } from '../../base/diagnostics.ts';
import type { IngestOptions } from '../../telemetry/metrics/ingest-options.ts';
import { type PushSinks, push } from '../../telemetry/metrics/push.ts';
import type { WriteRequest } from '../../telemetry/metrics/remote-write/request.ts';
import { Version1Reader } from '../../telemetry/metrics/remote-write/version1.ts';
import { Version2Reader } from '../../telemetry/metrics/remote-write/version2.ts';
import { ProtobufError } from '../../telemetry/protobuf-reader.ts';
import { decodeSnappy, SnappyError } from '../../telemetry/snappy.ts';
import { type Answer, text } from '../http/answer.ts';
import { HttpError } from '../http/api-error.ts';
import type { ApiRequest } from '../http/request.ts';
import type { Router } from '../http/router.ts';

export interface BodyLimits {
  readonly bytesMax: number;
  readonly decodedBytesMax: number;
}

const version1Message = 'prometheus.WriteRequest';
const version2Message = 'io.prometheus.write.v2.Request';

export function addRemoteWriteRoutes(
  router: Router,
  sinks: PushSinks,
  limits: BodyLimits,
  ingest: IngestOptions = {},
): void {
  const version1 = new Version1Reader();
  const version2 = new Version2Reader(ingest);
  const readers: Readonly<Record<string, (body: Buffer) => WriteRequest>> = {
    [version1Message]: (body) => version1.read(body),
    [version2Message]: (body) => version2.read(body),
  };
  router.add('POST', '/api/v1/write', async (request) => {
    const message = messageOf(request);
    const read = readers[message];
    if (!read)
      throw new HttpError(
        415,
        `${message} protobuf message is not accepted by this server; only accepts ${version1Message}, ${version2Message}`,
      );
    const encoding = request.headers['content-encoding'] ?? 'snappy';
    if (encoding !== 'snappy')
      throw new HttpError(
        415,
        `${encoding} encoding (compression) is not accepted by this server; only snappy is acceptable`,
      );
    const body = await request.body(limits.bytesMax);
    return taken(decoded(body, read, limits), sinks, message === version2Message);
  });
}

/** Without a Content-Type, or without `proto`, it is version 1.0. */
function messageOf({ headers }: ApiRequest): string {
  const [mediaType = '', ...parameters] = (headers['content-type'] ?? 'application/x-protobuf')
    .split(';')
    .map((part) => part.trim());
  if (mediaType.toLowerCase() !== 'application/x-protobuf')
    throw new HttpError(
      415,
      `expected application/x-protobuf as the first (media) part, got ${mediaType.slice(0, 60)} content-type`,
    );
  const proto = parameters.find((parameter) => parameter.toLowerCase().startsWith('proto='));
  return proto === undefined ? version1Message : proto.slice('proto='.length).slice(0, 100);
}

function decoded(body: Buffer, read: (body: Buffer) => WriteRequest, limits: BodyLimits): WriteRequest {
  try {
    return read(decodeSnappy(body, limits.decodedBytesMax));
  } catch (error) {
    if (error instanceof SnappyError || error instanceof ProtobufError)
      throw new HttpError(400, error.message);
    throw error;
  }
}

/** Version 1.0 knows no such headers: its senders count for themselves. */
function taken(request: WriteRequest, sinks: PushSinks, tellsWritten: boolean): Answer {
  try {
    const { samples, histograms, exemplars, mistakes } = push(request, sinks);
    const written = {
      'x-prometheus-remote-write-samples-written': String(samples),
      'x-prometheus-remote-write-histograms-written': String(histograms),
      'x-prometheus-remote-write-exemplars-written': String(exemplars),
    };
    const headers = tellsWritten ? written : {};
    return mistakes.length === 0 ? text(204, '', headers) : text(400, `${mistakes.join('\n')}\n`, headers);
  } catch (error) {
    // The store is full: room may come with time.
    if (error instanceof UserError) throw new HttpError(500, error.message);
    throw error;
  }
}
