// OTLP metrics over HTTP, protobuf or JSON, with or without gzip. What cannot be taken is told as a partial success.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp-response

import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { UserError } from '../../base/diagnostics.ts';
import type { IngestOptions } from '../../telemetry/metrics/ingest-options.ts';
import { readOtlpJson } from '../../telemetry/metrics/otlp/json.ts';
import type { OtlpResource } from '../../telemetry/metrics/otlp/model.ts';
import { readOtlpProtobuf } from '../../telemetry/metrics/otlp/protobuf.ts';
import { translateOtlp } from '../../telemetry/metrics/otlp/translate.ts';
import { type PushSinks, push } from '../../telemetry/metrics/push.ts';
import { ProtobufError } from '../../telemetry/protobuf-reader.ts';
import { type Answer, jsonType } from '../http/answer.ts';
import { HttpError } from '../http/api-error.ts';
import type { ApiRequest } from '../http/request.ts';
import type { Router } from '../http/router.ts';
import type { BodyLimits } from './remote-write.ts';

const protobufType = 'application/x-protobuf';

export function addOtlpRoutes(
  router: Router,
  sinks: PushSinks,
  limits: BodyLimits,
  ingest: IngestOptions = {},
): void {
  router.add('POST', '/api/v1/otlp/v1/metrics', async (request) => {
    const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
    if (type !== protobufType && type !== jsonType)
      throw new HttpError(
        415,
        `unsupported content type: ${JSON.stringify(type ?? '')}, supported: [${jsonType}, ${protobufType}]`,
      );
    const body = await decompressed(request, limits);
    const resources = type === jsonType ? readOtlpJson(body.toString()) : readProtobuf(body);
    if (typeof resources === 'string') throw new HttpError(400, resources);
    const translated = translateOtlp(resources, ingest);
    try {
      const { rejected, mistakes } = push(translated, sinks);
      return answer(type, translated.rejected + rejected, mistakes.join('\n'));
    } catch (error) {
      if (error instanceof UserError) throw new HttpError(503, error.message);
      throw error;
    }
  });
}

async function decompressed(request: ApiRequest, limits: BodyLimits): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  const body = await request.body(limits.bytesMax);
  if (encoding === 'identity') return body;
  if (encoding !== 'gzip')
    throw new HttpError(
      415,
      `unsupported compression: ${encoding.slice(0, 40)}. Only "gzip" or no compression supported`,
    );
  try {
    return await promisify(gunzip)(body, { maxOutputLength: limits.decodedBytesMax });
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    if (tooLarge) throw new HttpError(413, `the body holds more than ${limits.decodedBytesMax} bytes`);
    throw new HttpError(400, 'the body is no valid gzip');
  }
}

function readProtobuf(body: Buffer): OtlpResource[] {
  try {
    return readOtlpProtobuf(body);
  } catch (error) {
    if (error instanceof ProtobufError) throw new HttpError(400, error.message);
    throw error;
  }
}

/** ExportMetricsServiceResponse in the encoding of the request; empty when all was taken. */
function answer(type: string, rejected: number, message: string): Answer {
  const isPartial = rejected > 0 || message !== '';
  if (type === jsonType) {
    const partialSuccess = { rejectedDataPoints: String(rejected), errorMessage: message };
    return { status: 200, contentType: jsonType, body: JSON.stringify(isPartial ? { partialSuccess } : {}) };
  }
  const text = Buffer.from(message);
  const inner = Buffer.concat([Buffer.from([0x08, ...varint(rejected), 0x12, ...varint(text.length)]), text]);
  const body = isPartial
    ? Buffer.concat([Buffer.from([0x0a, ...varint(inner.length)]), inner])
    : Buffer.alloc(0);
  return { status: 200, contentType: protobufType, body };
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(Math.floor(value / 0x80))];
}
