import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { UserError } from '../../../src/base/diagnostics.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { planOutlets, userNamespace } from '../../../src/faults/dns-chaos/drivers/user-namespace.ts';
import { describeWith } from '../../support/requires.ts';
import { anything, declare, onCleanup } from './support.ts';

const etcHosts = '127.0.0.1 localhost\n10.7.7.7 db\n';

it('leaves addresses where they are, and gives unknown names a loopback address each', () => {
  const plan = planOutlets(
    declare({
      connects: [
        '127.0.0.1:5432',
        '10.1.2.3:80',
        '[2001:db8::1]:80',
        'localhost:6379',
        'db:5432',
        'own.test:80',
        'api.test:443',
        'api.test:80',
        'web.test:443',
      ],
      hosts: { '*.test': '127.0.0.9', 'api.test': '127.0.0.8' },
    }),
    etcHosts,
  );
  const text = plan.outlets.map(({ inside, to }) => `${inside.host} ${inside.port} > ${to.host} ${to.port}`);
  expect(text).toEqual([
    '127.0.0.1 5432 > 127.0.0.1 5432',
    '10.1.2.3 80 > 10.1.2.3 80',
    '2001:db8::1 80 > 2001:db8::1 80',
    '127.0.0.1 6379 > 127.0.0.1 6379',
    '10.7.7.7 5432 > 10.7.7.7 5432',
    '127.0.0.9 80 > 127.0.0.9 80',
    '127.0.0.8 443 > 127.0.0.8 443',
    '127.0.0.8 80 > 127.0.0.8 80',
    '127.0.0.9 443 > 127.0.0.9 443',
  ]);
  expect(plan.hosts).toEqual({});
  expect(plan.addresses).toEqual(['10.1.2.3', '2001:db8::1', '10.7.7.7']);
  const names = planOutlets(declare({ connects: ['api.test:443', 'api.test:80', 'web.test:443'] }), etcHosts);
  expect(names.hosts).toEqual({ 'api.test': '127.254.0.1', 'web.test': '127.254.0.2' });
  expect(names.outlets.map(({ inside, to }) => [inside.host, to.host])).toEqual([
    ['127.254.0.1', 'api.test'],
    ['127.254.0.1', 'api.test'],
    ['127.254.0.2', 'web.test'],
  ]);
});

it('opens one door for one address, and none for what the target listens on itself', () => {
  const { outlets } = planOutlets(
    declare({ connects: ['localhost:80', '127.0.0.1:80', '127.0.0.1:8080'], listens: [8080] }),
    etcHosts,
  );
  expect(outlets).toHaveLength(1);
});

it.each(['api.test', 'api.test:0', 'api.test:99999', '::1:80', ''])('refuses %j', (address) => {
  expect(() => planOutlets(declare({ connects: [address] }), etcHosts)).toThrow(UserError);
});

describeWith(['unshare', 'nsenter', 'ip'], 'in this process, too', () => {
  it('a namespace can be had', async () => {
    const scratchFolder = mkdtempSync(join(tmpdir(), 'firedrill-outlets-'));
    onCleanup(() => rmSync(scratchFolder, { recursive: true }));
    const usability = await userNamespace.probe({
      name: 'dns-chaos',
      kind: 'DNSChaos',
      spec: { action: 'error', patterns: [] },
      durationMs: 1000,
      target: {
        type: 'process',
        name: 'target',
        namespace: 'default',
        labels: {},
        started: true,
        describe: async () => '',
        processes: async () => [],
      },
      declared: declare({ connects: [] }),
      machine: anything,
      clock: systemClock,
      random: seededRandom(1),
      scratchFolder,
    });
    expect(usability).toEqual({ usable: true });
  });
});
