// `traffic`: what uses the system while the drill runs.

import { z } from 'zod';
import { complain, duration, httpUrl, list, text } from '../../base/scalars.ts';
import type { TrafficSpec } from '../model.ts';
import { name, rate } from './scalars.ts';

const timeoutMsDefault = 10_000;

const httpSchema = z.strictObject({
  url: httpUrl.describe('Address that is asked, on loopback unless limits.hosts names its host.'),
  method: z
    .enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
    .optional()
    .describe('GET when not given.'),
  headers: z.record(text, z.string()).optional().describe('Request headers.'),
  body: z.string().optional().describe('Request body.'),
  timeout: duration.optional().describe('How long an answer may take; 10s when not given.'),
});

export const trafficSchema = z
  .strictObject({
    name: name.optional().describe('traffic, traffic-2, … when not given.'),
    http: httpSchema
      .optional()
      .describe('Requests of our own, at a rate that does not fall when answers slow down.'),
    rate: rate.optional().describe('Requests per second, minute or hour.'),
    command: list(z.string())
      .min(1)
      .optional()
      .describe('A load program, started with the run and ended with it.'),
  })
  .superRefine((traffic, context) => {
    if ((traffic.http === undefined) === (traffic.command === undefined))
      complain(context, 'FD107', 'not of one kind', { expected: 'one of http, command' });
    if (traffic.http && traffic.rate === undefined)
      complain(context, 'FD107', 'no rate', { expected: 'rate, such as 20/s' });
    if (traffic.command && traffic.rate !== undefined)
      complain(context, 'FD105', 'set by the command itself', {
        path: ['rate'],
        expected: 'no rate beside a command',
      });
  });

type TrafficFields = z.output<typeof trafficSchema>;

export function resolveTraffic(entries: readonly TrafficFields[]): TrafficSpec[] {
  return entries.map((entry, index) => {
    const trafficName = entry.name ?? (index === 0 ? 'traffic' : `traffic-${index + 1}`);
    if (entry.command) return { name: trafficName, type: 'command', command: entry.command };
    const http = entry.http!;
    return {
      name: trafficName,
      type: 'http',
      url: http.url,
      method: http.method ?? 'GET',
      headers: http.headers ?? {},
      body: http.body,
      timeoutMs: http.timeout ?? timeoutMsDefault,
      ratePerSecond: entry.rate!,
    };
  });
}
