import { describe, expect, it } from 'vitest';
import { brief, readDrill, spoilt } from './drill.ts';

/** Mistakes in the spec of one fault, which stands on line 22 of the file. */
const mistakesIn = (kind: string, spec: string) =>
  brief(
    readDrill(
      spoilt(
        ['kind: DNSChaos', `kind: ${kind}`],
        ['{ action: error, patterns: ["*.example.test"], duration: 30s }', `{ ${spec}, duration: 30s }`],
        ['      effect: { min: 10 }\n', ''],
      ),
    ),
  );

const cases: readonly (readonly [kind: string, spec: string, mistake: RegExp])[] = [
  [
    'IOChaos',
    'action: fault, volumePath: /srv, errno: ENOSUCH',
    /:22:\d+ FD105 .*ENOSUCH is no errno <the number or the name/,
  ],
  ['IOChaos', 'action: fault, volumePath: /srv, errno: 5, percent: 101', /:22:\d+ FD105 .*percent/],
  [
    'IOChaos',
    'action: fault, volumePath: /srv, errno: 5, methods: [raed]',
    /:22:\d+ FD105 .*methods\[0\] is "raed" <read /,
  ],
  ['IOChaos', 'action: fault, volumePath: srv, errno: 5', /:22:\d+ FD105 .*not absolute/],
  [
    'IOChaos',
    'action: fault, volumePath: /srv, path: /etc/passwd, errno: 5',
    /:22:\d+ FD105 .*not below volumePath/,
  ],
  ['IOChaos', 'action: latency, volumePath: /srv, delay: 10', /:22:\d+ FD\d+ .*delay/],
  ['IOChaos', 'action: attrOverride, volumePath: /srv, attr: { perm: 10000 }', /:22:\d+ FD105 .*perm/],
  [
    'IOChaos',
    'action: mistake, volumePath: /srv, mistake: { filling: ones, maxOccurrences: 1, maxLength: 1 }',
    /:22:\d+ FD105 .*filling/,
  ],
  ['ProcessChaos', 'action: fileDeletet, path: /srv/a', /:22:\d+ FD105 .*fileDeleted/],
  ['ProcessChaos', 'action: environmentChanged, env: { "A-B": x }', /:22:\d+ FD\d+ .*env/],
  ['ProcessChaos', 'action: dependencyReplaced, port: 70000', /:22:\d+ FD105 .*port/],
  ['ProcessChaos', 'action: fileChanged, path: /srv/a', /:22:\d+ FD107 .*neither content nor replace/],
  [
    'StressChaos',
    'stressngStressors: "--cpu-online 1"',
    /:22:\d+ FD105 .*not let through: it acts on the machine/,
  ],
  ['StressChaos', 'stressors: { cpu: { workers: 1, load: 120 } }', /:22:\d+ FD105 .*load.*100/],
  ['StressChaos', 'stressors: { pids: { workers: 1, count: 0 } }', /:22:\d+ FD105 .*count/],
  ['TimeChaos', 'timeOffset: 5 parsecs', /:22:\d+ FD\d+ .*timeOffset/],
];

describe('a mistake in a fault', () => {
  it.for(cases)('of %s is told with its place: %s', async ([kind, spec, mistake]) => {
    const told = await mistakesIn(kind, spec);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(mistake);
  });
});
