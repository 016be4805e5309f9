// PhysicalMachineChaos: its schema. It tells a chaosd server on each machine what to do; the parameters of an action
// stand under a key of the action's name.

import { z } from 'zod';
import { complain, list, text } from '../../base/scalars.ts';
import { int32, int64 } from './fields.ts';
import { genericSelectorFields } from './selector.ts';

const string = z.string().optional();
const number = int64.optional();
const flag = z.boolean().optional();
const strings = list(z.string()).optional();

const network = {
  correlation: string,
  device: string,
  'source-port': string,
  'egress-port': string,
  'ip-address': string,
  'ip-protocol': string,
  hostname: string,
};
const jvm = { port: int32.optional(), pid: number };
const jvmMethod = { ...jvm, class: string, method: string };
const redis = { addr: string, password: string };
const redisServer = { ...redis, conf: string, flushConfig: flag, redisPath: flag };
const kafka = {
  topic: string,
  host: string,
  port: number,
  username: string,
  password: string,
  messageSize: number,
};
const payload = { size: string, path: string, 'payload-process-num': number };
const names = { 'file-name': string, 'dir-name': string };

/** Fields of each action, of which the schema asks. */
const parameters = {
  'stress-cpu': { load: number, workers: number, options: strings },
  'stress-mem': { size: string, options: strings },
  'disk-read-payload': payload,
  'disk-write-payload': payload,
  'disk-fill': { size: string, path: string, 'fill-by-fallocate': flag },
  'network-corrupt': { ...network, percent: string },
  'network-duplicate': { ...network, percent: string },
  'network-loss': { ...network, percent: string },
  'network-delay': { ...network, latency: string, jitter: string, 'accept-tcp-flags': string },
  'network-partition': {
    device: string,
    hostname: string,
    'ip-address': string,
    direction: string,
    'ip-protocol': string,
    'accept-tcp-flags': string,
  },
  'network-dns': { 'dns-server': string, 'dns-ip': string, 'dns-domain-name': string },
  'network-bandwidth': {
    rate: z.string(),
    limit: z.int32().min(1),
    buffer: z.int32().min(1),
    peakrate: number,
    minburst: int32.optional(),
    device: string,
    'ip-address': string,
    hostname: string,
  },
  'network-flood': {
    rate: z.string(),
    duration: z.string(),
    'ip-address': string,
    port: string,
    parallel: int32.optional(),
  },
  'network-down': { device: string, duration: string },
  process: { process: string, signal: number, recoverCmd: string },
  'jvm-exception': { ...jvmMethod, exception: string },
  'jvm-gc': jvm,
  'jvm-latency': { ...jvmMethod, latency: number },
  'jvm-return': { ...jvmMethod, value: string },
  'jvm-stress': { ...jvm, 'cpu-count': number, 'mem-type': string },
  'jvm-rule-data': { ...jvm, 'rule-data': string },
  'jvm-mysql': {
    ...jvm,
    mysqlConnectorVersion: string,
    database: string,
    table: string,
    sqlType: string,
    exception: string,
    latency: number,
  },
  clock: { pid: number, 'time-offset': string, 'clock-ids-slice': string },
  'redis-expiration': { ...redis, expiration: string, key: string, option: string },
  'redis-penetration': { ...redis, requestNum: number },
  'redis-cacheLimit': { ...redis, cacheSize: string, percent: string },
  'redis-restart': redisServer,
  'redis-stop': redisServer,
  'kafka-fill': { ...kafka, maxBytes: number, reloadCommand: string },
  'kafka-flood': { ...kafka, threads: number },
  'kafka-io': { topic: string, configFile: string, nonReadable: flag, nonWritable: flag },
  'file-create': names,
  'file-modify': { 'file-name': string, privilege: int32.optional() },
  'file-delete': names,
  'file-rename': { 'source-file': string, 'dest-file': string },
  'file-append': { 'file-name': string, data: string, count: number },
  'file-replace': { 'file-name': string, 'origin-string': string, 'dest-string': string, line: number },
  vm: { 'vm-name': string },
  user_defined: { attackCmd: string, recoverCmd: string },
} as const;

/** chaosd knows these too, and the API server refuses their action: the list of its schema lacks them. */
const httpRequest = {
  target: z.string(),
  port: int32.optional(),
  path: string,
  method: string,
  code: string,
};
const refusedParameters = {
  'http-abort': { proxy_ports: list(int64), ...httpRequest },
  'http-delay': { proxy_ports: list(int64), ...httpRequest, delay: z.string() },
  'http-config': { file_path: string },
  'http-request': { url: string, 'enable-conn-pool': flag, count: number },
} as const;

const optionalMappings = Object.fromEntries(
  Object.entries({ ...parameters, ...refusedParameters }).map(([action, fields]) => [
    action,
    z.strictObject(fields).optional(),
  ]),
);

const actions = Object.keys(parameters) as (keyof typeof parameters)[];

export const physicalMachineChaosSchema = z
  .strictObject({
    action: z.enum(actions),
    address: list(text).optional(),
    selector: z
      .strictObject({ ...genericSelectorFields, physicalMachines: z.record(text, list(text)).optional() })
      .optional(),
    uid: string,
    ...optionalMappings,
  })
  .superRefine((spec, context) => {
    const given = spec as Readonly<Record<string, unknown>>;
    if (given[spec.action] === undefined)
      complain(context, 'FD107', `action ${spec.action} needs its parameters`, { expected: spec.action });
    const addresses = spec.address?.length ?? 0;
    const selects = Object.values(spec.selector ?? {}).some((part) => part !== undefined);
    if (addresses === 0 && !selects)
      complain(context, 'FD107', 'no machine is named', { expected: 'address or selector' });
    if (addresses > 0 && selects)
      complain(context, 'FD105', 'machines are named twice', {
        path: ['address'],
        expected: 'address or selector, not both',
      });
  });
