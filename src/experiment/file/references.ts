// What one part of the file says of another: names that must be defined, names that must be unique, hosts that must be
// allowed. It works on the parts that are right by themselves, so that these mistakes are told together with others.

import { httpUrlOf, splitAddress } from '../../base/scalars.ts';
import type { YamlPath } from '../../base/yaml.ts';
import type { AlertFields } from './alerts.ts';
import type { Parts } from './parts.ts';
import type { Reading } from './reading.ts';

export function checkReferences(reading: Reading, parts: Parts): void {
  checkUnique(
    reading,
    'fault',
    parts.faults.map(({ path, value }) => ({ path, name: value.name })),
  );
  checkUnique(
    reading,
    'objective',
    parts.objectives.map(({ path, value }) => ({ path, name: value.name })),
  );
  checkUnique(
    reading,
    'traffic',
    parts.traffic.map(({ path, value }) => ({ path, name: value.name })),
  );
  checkAlerts(reading, parts);
  checkSource(reading, parts);
  checkCollateral(reading, parts);
  checkHosts(reading, parts);
}

function checkUnique(
  reading: Reading,
  what: string,
  entries: readonly { readonly path: YamlPath; readonly name: string | undefined }[],
): void {
  const seen = new Set<string>();
  for (const { path, name } of entries) {
    if (name === undefined) continue;
    if (seen.has(name))
      reading.error('FD111', `the ${what} ${JSON.stringify(name)} is there already`, [...path, 'name'], {
        expected: 'another name',
      });
    seen.add(name);
  }
}

function checkAlerts(reading: Reading, parts: Parts): void {
  const seen = new Set<string>();
  for (const { path, value: alert } of parts.alerts) {
    const entry = JSON.stringify([alert.name, Object.entries(alert.labels ?? {}).sort()]);
    if (seen.has(entry))
      reading.error(
        'FD111',
        `the alert ${JSON.stringify(alert.name)} with these labels is there already`,
        [...path, 'name'],
        {
          expected: 'one entry for each alert and set of labels',
        },
      );
    seen.add(entry);
    checkGuards(reading, parts, alert, path);
    if (alert.notifies && parts.telemetry && parts.telemetry.alertmanager === undefined)
      reading.error('FD107', 'nothing says where notifications go', [...path, 'notifies'], {
        key: true,
        expected: 'telemetry.alertmanager',
      });
  }
}

function checkGuards(reading: Reading, parts: Parts, alert: AlertFields, path: YamlPath): void {
  if (parts.objectivesMistyped) return;
  (alert.guards ?? []).forEach((objective, index) => {
    if (!parts.objectiveNames.includes(objective))
      reading.undefinedName('objective', objective, parts.objectiveNames, [...path, 'guards', index]);
  });
  const guarded = alert.guards?.length ?? parts.objectiveNames.length;
  if ((alert.expect ?? 'follows') === 'follows' && guarded === 0)
    reading.error('FD107', `${alert.name} follows objectives, but guards none`, path, {
      expected: 'guards, or expect: rings, quiet or any',
    });
}

/** Objectives and alerts need something that is measured; traffic of ours is measured without being asked. */
function checkSource(reading: Reading, parts: Parts): void {
  const { telemetry } = parts;
  const measures = telemetry?.scrape ?? telemetry?.prometheus;
  const broken = telemetry === undefined && reading.at(['spec', 'telemetry']) !== undefined;
  if (measures || broken || parts.traffic.some(({ value }) => value.http)) return;
  for (const key of ['objectives', 'alerts', 'stopConditions']) {
    const entries = reading.at(['spec', key]);
    if (Array.isArray(entries) && entries.length > 0) {
      reading.error('FD107', `${key} need something that is measured`, ['spec', key], {
        key: true,
        expected: 'telemetry.scrape or telemetry.prometheus',
      });
      return;
    }
  }
}

function checkCollateral(reading: Reading, parts: Parts): void {
  const { collateral, telemetry } = parts;
  if (!collateral || !telemetry?.prometheus || collateral.scope) return;
  const key = collateral.failOn ? 'failOn' : collateral.verdict === 'fail' ? 'verdict' : undefined;
  if (key)
    reading.error(
      'FD118',
      'any alert of the whole Prometheus could fail this run',
      ['spec', 'collateral', key],
      {
        key: true,
        expected: 'scope, with the labels of what this drill can touch',
      },
    );
}

/** Traffic and proxies reach loopback, and other hosts only by name. */
function checkHosts(reading: Reading, parts: Parts): void {
  const refuse = (host: string | undefined, path: YamlPath) => {
    if (host === undefined || isLoopback(host) || parts.allowedHosts.includes(host)) return;
    reading.error('FD117', `${host} is not this machine`, path, {
      expected: `loopback, or limits.hosts: [${host}]`,
    });
  };
  for (const { path, value } of parts.traffic)
    refuse(value.http && httpUrlOf(value.http.url)?.hostname.replace(/^\[|\]$/g, ''), [
      ...path,
      'http',
      'url',
    ]);
  for (const { path, value } of parts.targets) {
    refuse(value.proxy && splitAddress(value.proxy.listen)?.host, [...path, 'proxy', 'listen']);
    refuse(value.proxy && splitAddress(value.proxy.upstream)?.host, [...path, 'proxy', 'upstream']);
  }
}

/** By its text alone: a name is only trusted when it is `localhost`. */
function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|0:0:0:0:0:0:0:1)$/i.test(host);
}
