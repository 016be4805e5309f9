// What notification templates call `.`: Alertmanager's Data, with its fields, methods and JSON names.
// https://prometheus.io/docs/alertmanager/latest/notifications/

import type { LabelRecord } from '../../../base/labels.ts';
import { fingerprint } from '../../../rules/fingerprint.ts';
import { timeStruct, zeroTimeMs } from '../../../rules/templates/time.ts';
import { StringMap, Struct, type Value, withType } from '../../../rules/templates/values.ts';
import type { FlushedAlert } from '../../dispatch/group.ts';
import { common, quoteMeta, statusOf } from '../alert-sets.ts';

export interface DataSource {
  readonly receiver: string;
  readonly reason: string;
  readonly groupLabels: LabelRecord;
  readonly alerts: readonly FlushedAlert[];
  readonly externalUrl: string;
}

export function templateData({ receiver, reason, groupLabels, alerts, externalUrl }: DataSource): Struct {
  return new DataStruct('template.Data', [
    ['Receiver', 'receiver', quoteMeta(receiver)],
    ['Status', 'status', statusOf(alerts)],
    ['Alerts', 'alerts', alertList(alerts.map(alertStruct))],
    ['NotificationReason', 'notification_reason', reason],
    ['GroupLabels', 'groupLabels', keyValues(groupLabels)],
    ['CommonLabels', 'commonLabels', keyValues(common(alerts.map(({ alert }) => alert.labels.toRecord())))],
    [
      'CommonAnnotations',
      'commonAnnotations',
      keyValues(common(alerts.map(({ alert }) => alert.annotations))),
    ],
    ['ExternalURL', 'externalURL', externalUrl],
  ]);
}

/** A Go struct whose JSON has names of its own. */
class DataStruct extends Struct {
  readonly #jsonNames: readonly (readonly [string, string])[];

  /** Name, name in JSON, value. */
  constructor(typeName: string, fields: readonly (readonly [string, string, Value])[]) {
    super(typeName, Object.fromEntries(fields.map(([name, , value]) => [name, value])));
    this.#jsonNames = fields.map(([name, jsonName]) => [name, jsonName]);
  }

  toJSON(): object {
    return Object.fromEntries(this.#jsonNames.map(([name, jsonName]) => [jsonName, this.members[name]]));
  }
}

function alertStruct({ status, alert }: FlushedAlert): DataStruct {
  return new DataStruct('template.Alert', [
    ['Status', 'status', status],
    ['Labels', 'labels', keyValues(alert.labels.toRecord())],
    ['Annotations', 'annotations', keyValues(alert.annotations)],
    ['StartsAt', 'startsAt', timeStruct(alert.startsAt)],
    ['EndsAt', 'endsAt', timeStruct(status === 'resolved' ? alert.endsAt : zeroTimeMs)],
    ['GeneratorURL', 'generatorURL', alert.generatorUrl],
    ['Fingerprint', 'fingerprint', fingerprint(alert.labels)],
  ]);
}

function alertList(alerts: readonly DataStruct[]): readonly Value[] {
  const having = (status: string) => (): Value => alerts.filter((alert) => alert.member('Status') === status);
  return withType([...alerts], {
    name: 'template.Alerts',
    methods: { Firing: having('firing'), Resolved: having('resolved') },
  });
}

type Pair = readonly [string, string];

function keyValues(record: LabelRecord): StringMap {
  const map = new StringMap(Object.entries(record));
  const pairs = (): Pair[] => sortedPairs(record);
  return withType(map, {
    name: 'template.KV',
    methods: {
      SortedPairs: () => pairList(pairs()),
      Names: () => stringList(pairs().map(([name]) => name)),
      Values: () => stringList(pairs().map(([, value]) => value)),
      Remove: (names) => without(record, names ?? []),
      String: () => pairsText(pairs()),
    },
    print: () => pairsText(pairs()),
  });
}

/** The alert's name comes first. */
function sortedPairs(record: LabelRecord): Pair[] {
  const isName = (name: string): boolean => name === 'alertname';
  return Object.entries(record).sort(([a], [b]) => {
    if (isName(a) !== isName(b)) return isName(a) ? -1 : 1;
    return a < b ? -1 : 1;
  });
}

function without(record: LabelRecord, names: Value): StringMap {
  const removed = new Set(Array.isArray(names) ? (names as readonly Value[]) : []);
  return keyValues(Object.fromEntries(Object.entries(record).filter(([name]) => !removed.has(name))));
}

function pairList(pairs: readonly Pair[]): readonly Value[] {
  const structs = pairs.map(
    ([name, value]) =>
      new DataStruct('template.Pair', [
        ['Name', 'Name', name],
        ['Value', 'Value', value],
      ]),
  );
  return withType(structs, {
    name: 'template.Pairs',
    methods: {
      Names: () => stringList(pairs.map(([name]) => name)),
      Values: () => stringList(pairs.map(([, value]) => value)),
      String: () => pairsText(pairs),
    },
    print: () => pairsText(pairs),
  });
}

function stringList(strings: readonly string[]): readonly Value[] {
  return withType([...strings], {
    name: 'template.Strings',
    methods: { Join: (separator) => strings.join(typeof separator === 'string' ? separator : '') },
  });
}

function pairsText(pairs: readonly Pair[]): string {
  return pairs.map(([name, value]) => `${name}=${value}`).join(', ');
}
