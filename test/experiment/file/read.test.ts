import { describe, expect, it } from 'vitest';
import { brief, goodDrill, goodFiles, readDrill, spoilt, told } from './drill.ts';

describe('a good experiment', () => {
  it('comes out with every default filled in', async () => {
    const read = await readDrill(goodDrill);
    expect(await told(Promise.resolve(read))).toBe('');
    if (!read.ok) return;
    const { resolvedText, ...experiment } = read.value;
    expect(JSON.parse(JSON.stringify(experiment).replaceAll(process.cwd(), '/cwd'))).toMatchInlineSnapshot(`
      {
        "alerts": [
          {
            "coveredBy": [
              "NodeDown",
            ],
            "expect": "follows",
            "firesWithinMs": 30000,
            "guards": [
              "memory",
            ],
            "labels": {
              "job": "app",
            },
            "name": "ContainerMemoryHigh",
            "notifies": {
              "receivers": [
                "platform-oncall",
              ],
              "withinMs": 60000,
            },
            "resolvesWithinMs": 60000,
          },
        ],
        "collateral": {
          "allow": [],
          "failOn": {
            "severity": "page",
          },
          "scope": {
            "job": "app",
          },
          "verdict": "warn",
        },
        "faults": [
          {
            "durationMs": 30000,
            "effect": {
              "min": 10,
            },
            "kind": "DNSChaos",
            "mode": "all",
            "name": "dns-chaos",
            "oneShot": false,
            "spec": {
              "action": "error",
              "patterns": [
                "*.example.test",
              ],
            },
            "targets": [
              "app",
            ],
          },
        ],
        "file": "/cwd/drills/drill.yaml",
        "folder": "/cwd/drills",
        "history": {
          "from": null,
          "isOn": true,
          "lengthMsMax": null,
          "samplesMax": 20000000,
        },
        "limits": {
          "runTimeMs": 900000,
          "share": 0.5,
        },
        "name": "dns-outage",
        "objectives": [
          {
            "breachForMs": 3000,
            "expect": "held",
            "name": "memory",
            "promql": "process_resident_memory_bytes{job="app"} < 100e6",
            "recovers": {
              "stableMs": 10000,
              "withinMs": 30000,
            },
          },
        ],
        "phases": {
          "baseline": "auto",
          "recovery": 20000,
        },
        "secrets": [],
        "seed": 1,
        "stopConditions": [
          {
            "blindForMs": 10000,
            "promql": "up{job="other"} == 0",
          },
        ],
        "targets": [
          {
            "kind": {
              "command": [
                "node",
                "app.js",
              ],
              "env": {},
              "folder": "/cwd/drills",
              "hosts": {},
              "listens": [
                8080,
              ],
              "ready": {
                "http": "http://127.0.0.1:8080/healthz",
                "withinMs": 30000,
              },
              "restart": false,
              "restartDelayMs": 1000,
              "type": "command",
            },
            "labels": {
              "app": "checkout",
            },
            "name": "app",
            "namespace": "default",
          },
          {
            "kind": {
              "listen": "127.0.0.1:0",
              "type": "proxy",
              "upstream": "127.0.0.1:8080",
            },
            "labels": {},
            "name": "link",
            "namespace": "default",
          },
        ],
        "telemetry": {
          "alertmanager": {
            "file": "/cwd/drills/alertmanager.yaml",
          },
          "capture": {
            "answers": {},
            "listen": "127.0.0.1:0",
          },
          "evaluationIntervalMs": 1000,
          "externalLabels": {},
          "features": [],
          "rules": [
            "/cwd/drills/alerts.yaml",
          ],
          "scrape": [
            {
              "bodySizeLimitBytes": 67108864,
              "discovery": [],
              "honorLabels": false,
              "honorTimestamps": true,
              "http": {},
              "intervalMs": 1000,
              "jobName": "app",
              "labelLimits": {
                "count": 128,
                "nameBytes": 1024,
                "valueBytes": 16384,
              },
              "metricsPath": "/metrics",
              "nativeHistograms": false,
              "params": {},
              "sampleLimit": 100000,
              "scheme": "http",
              "targets": [
                {
                  "address": "127.0.0.1:8080",
                  "labels": {},
                },
              ],
              "timeoutMs": 1000,
            },
          ],
        },
        "title": "A DNS outage must not leak memory",
        "traffic": [
          {
            "headers": {},
            "method": "GET",
            "name": "shop",
            "ratePerSecond": 20,
            "timeoutMs": 10000,
            "type": "http",
            "url": "http://127.0.0.1:8080/",
          },
        ],
        "trials": 1,
      }
    `);
  });
});

describe('what is no experiment at all', () => {
  it.each([
    ['an empty file', '', 'drills/drill.yaml:1:1 FD102 drills/drill.yaml is empty'],
    ['no YAML', '<html>\n  <body>: [</body>\n', 'FD103 not valid YAML'],
    ['two documents', `${goodDrill}---\n${goodDrill}`, 'FD104 a second document begins here'],
    ['a text', 'just some words', 'FD105 the document is "just some words" <a mapping>'],
    ['too large', `# ${'x'.repeat(1024 * 1024)}\n${goodDrill}`, 'FD113 drills/drill.yaml has 10'],
    ['nested deep', `a: ${'['.repeat(2000)}`, 'FD113 nested too deep'],
  ])('%s', async (_name, text, expected) => {
    expect((await brief(readDrill(text)))[0]).toContain(expected);
  });
});

describe('one mistake', () => {
  const cases: [string, [string, string][]][] = [
    ['wrong type', [['duration: 30s }', 'duration: [30s] }']]],
    ['a number for a duration', [['duration: 30s', 'duration: 30']]],
    ['duration of 0', [['within: 30s, stable', 'within: 0s, stable']]],
    ['negative duration', [['duration: 30s', 'duration: -1s']]],
    ['no duration', [['recovery: 20s', 'recovery: soon']]],
    ['unknown key', [['objectives:', 'objectivs:']]],
    ['unknown key in a spec', [['patterns:', 'patern:']]],
    ['unknown key beside those of all kinds', [['duration: 30s', 'duraton: 30s']]],
    ['feature that is not there', [['phases:', 'retries: 3\n  phases:']]],
    ['history that is none', [['phases:', 'history: long\n  phases:']]],
    ['deadline that is not there', [['fires: { within: 30s }', 'fires: { before: 2% }']]],
    ['unknown kind of fault', [['DNSChaos', 'DnsChaos']]],
    ['PromQL syntax', [['} < 100e6', '} < sum(']]],
    ['PromQL type', [['process_resident_memory_bytes{job="app"} < 100e6', 'rate(up) > 1']]],
    [
      'no comparison',
      [['process_resident_memory_bytes{job="app"} < 100e6', 'process_resident_memory_bytes']],
    ],
    ['stop condition without comparison', [[`'up{job="other"} == 0'`, 'up']]],
    ['unknown target', [['on: app', 'on: ap']]],
    ['no target chosen', [['      on: app\n', '']]],
    [
      'selector that matches nothing',
      [
        ['on: app', 'name: x'],
        ['patterns:', 'selector: { labelSelectors: { app: chekout } }, patterns:'],
      ],
    ],
    ['on and selector', [['patterns:', 'selector: { labelSelectors: { app: checkout } }, patterns:']]],
    ['no duration of a fault', [[', duration: 30s', '']]],
    ['unknown objective', [['guards: [memory]', 'guards: [memroy]']]],
    ['follows without objectives', [['guards: [memory]', 'guards: []']]],
    [
      'alert without deadline',
      [
        ['      fires: { within: 30s }\n', ''],
        ['within: 60s, receivers', 'receivers'],
      ],
    ],
    [
      'deadline of a quiet alert',
      [
        ['expect: follows', 'expect: quiet'],
        [
          '      notifies: { within: 60s, receivers: [platform-oncall] }\n      resolves: { within: 60s }\n',
          '',
        ],
      ],
    ],
    ['unknown alert', [['name: ContainerMemoryHigh', 'name: ContainerMemoryHihg']]],
    ['unknown parent', [['coveredBy: [NodeDown]', 'coveredBy: [NodeDwon]']]],
    [
      'labels that no rule can have',
      [['labels: { job: app }\n      guards', 'labels: { severity: ticket }\n      guards']],
    ],
    ['unknown receiver', [['[platform-oncall]', '[platform-oncal]']]],
    ['missing rule file', [['[alerts.yaml]', '[alert.yaml]']]],
    ['notifications to nowhere', [['    alertmanager: alertmanager.yaml\n', '']]],
    [
      'foreign host of traffic',
      [['http: { url: "http://127.0.0.1:8080/" }', 'http: { url: "http://shop.example/" }']],
    ],
    ['foreign host of a proxy', [['upstream: "127.0.0.1:8080"', 'upstream: "10.0.0.7:8080"']]],
    ['rate', [['20/s', '20 per second']]],
    ['traffic without a rate', [[', rate: 20/s', '']]],
    ['share', [['share: 50%', 'share: 0.5']]],
    ['no port', [['targets: ["127.0.0.1:8080"]', 'targets: ["127.0.0.1"]']]],
    ['interval twice', [['interval: 1s', 'interval: 1s, scrape_interval: 1s']]],
    ['timeout above the interval', [['interval: 1s', 'interval: 1s, scrape_timeout: 2s']]],
    [
      'two credentials',
      [['interval: 1s', 'interval: 1s, bearer_token: abcdefgh, basic_auth: { username: me }']],
    ],
    [
      'env beside a port',
      [
        ['command: [node, app.js]', 'port: 8080, env: { A: b }'.replace(', ', '\n        ')],
        ['        ready: { http: "http://127.0.0.1:8080/healthz" }\n', ''],
      ],
    ],
    ['two kinds of process', [['command: [node, app.js]', 'command: [node, app.js]\n        pid: 12']]],
    ['no targets', [[goodDrill.slice(goodDrill.indexOf('  targets:'), goodDrill.indexOf('  traffic:')), '']]],
    ['name of a target', [['    app:\n', '    "my app":\n']]],
    ['mode without value', [['action: error', 'mode: fixed, action: error']]],
    ['value out of range', [['action: error', 'mode: fixed-percent, value: "120", action: error']]],
    ['too many trials', [['trials: 1', 'trials: 1000']]],
    [
      'two sources',
      [
        [
          '    rules: [alerts.yaml]',
          '    prometheus: { url: "http://127.0.0.1:9090" }\n    rules: [alerts.yaml]',
        ],
      ],
    ],
    [
      'collateral without scope on a remote source',
      [
        [
          'scrape: [{ job: app, targets: ["127.0.0.1:8080"], interval: 1s }]',
          'prometheus: { url: "http://127.0.0.1:9090" }',
        ],
        [' scope: { job: app },', ''],
      ],
    ],
    [
      'nothing that measures',
      [
        ['    scrape: [{ job: app, targets: ["127.0.0.1:8080"], interval: 1s }]\n', ''],
        ['http: { url: "http://127.0.0.1:8080/" }, rate: 20/s', 'command: [load]'],
      ],
    ],
  ];

  it('is told with its place and what was expected', async () => {
    const all: Record<string, string[]> = {};
    for (const [name, changes] of cases) all[name] = await brief(readDrill(spoilt(...changes)));
    expect(all).toMatchInlineSnapshot(`
      {
        "PromQL syntax": [
          "drills/drill.yaml:27:62 FD201 spec.objectives[0].promql: unclosed left parenthesis",
        ],
        "PromQL type": [
          "drills/drill.yaml:27:20 FD202 spec.objectives[0].promql: expected type range vector in call to function "rate", got instant vector",
        ],
        "a number for a duration": [
          "drills/drill.yaml:22:70 FD105 spec.faults[0].spec.duration is the number 30 <a duration such as 500ms, 30s, 5m or 1h30m>",
        ],
        "alert without deadline": [
          "drills/drill.yaml:32:7 FD107 spec.alerts[0]: no deadline for ContainerMemoryHigh <fires: { within: … }, or notifies with \`within\`>",
        ],
        "collateral without scope on a remote source": [
          "drills/drill.yaml:40:32 FD118 any alert of the whole Prometheus could fail this run <scope, with the labels of what this drill can touch>",
        ],
        "deadline of a quiet alert": [
          "drills/drill.yaml:36:14 FD105 spec.alerts[0].fires: a deadline of an alert that must stay quiet <no deadline beside expect: quiet>",
        ],
        "deadline that is not there": [
          "drills/drill.yaml:36:14 FD107 spec.alerts[0].fires.within is required <a duration such as 500ms, 30s, 5m or 1h30m>",
          "drills/drill.yaml:36:16 FD106 unknown key "before" in spec.alerts[0].fires <one of within>",
        ],
        "duration of 0": [
          "drills/drill.yaml:30:27 FD112 spec.objectives[0].recovers.within: "0s" is not above zero <a duration such as 500ms, 30s, 5m or 1h30m>",
        ],
        "env beside a port": [
          "drills/drill.yaml:10:14 FD105 spec.targets.app.process.env: only for a program that Firedrill starts <command beside it>",
        ],
        "feature that is not there": [
          "drills/drill.yaml:24:3 FD106 unknown key "retries" in spec <one of title, target, targets, traffic, telemetry, faults, phases, history, objectives, alerts, collateral, stopConditions, limits, trials, minPass, seed>",
        ],
        "follows without objectives": [
          "drills/drill.yaml:32:7 FD107 ContainerMemoryHigh follows objectives, but guards none <guards, or expect: rings, quiet or any>",
        ],
        "foreign host of a proxy": [
          "drills/drill.yaml:12:55 FD117 10.0.0.7 is not this machine <loopback, or limits.hosts: [10.0.0.7]>",
        ],
        "foreign host of traffic": [
          "drills/drill.yaml:14:34 FD117 shop.example is not this machine <loopback, or limits.hosts: [shop.example]>",
        ],
        "history that is none": [
          "drills/drill.yaml:24:12 FD112 spec.history: "long" is no length of a history <auto, none, or a duration such as 3d>",
        ],
        "interval twice": [
          "drills/drill.yaml:16:86 FD105 spec.telemetry.scrape[0].scrape_interval: the interval stands there twice <only interval>",
        ],
        "labels that no rule can have": [
          "drills/drill.yaml:33:7 FD110 no rule ContainerMemoryHigh can have these labels <labels that fit {"severity":"page"} (drills/alerts.yaml:4)>",
        ],
        "missing rule file": [
          "drills/drill.yaml:17:13 FD101 drills/alert.yaml is not there <a file that can be read>",
        ],
        "mode without value": [
          "drills/drill.yaml:22:13 FD107 spec.faults[0].spec: mode fixed needs a value <a whole number above 0>",
        ],
        "name of a target": [
          "drills/drill.yaml:7:5 FD105 spec.targets: the key "my app" is not possible here <letters, digits, \`-\`, \`_\` and \`.\`, at most 100 of them, a letter or digit first and last>",
          "drills/drill.yaml:21:11 FD110 there is no target "app" <one of my app, link>",
        ],
        "negative duration": [
          "drills/drill.yaml:22:70 FD112 spec.faults[0].spec.duration: "-1s" is not above zero <a duration such as 500ms, 30s, 5m or 1h30m>",
        ],
        "no comparison": [
          "drills/drill.yaml:27:15 FD119 spec.objectives[0].promql: the expression gives values, but nothing says which of them are good <a comparison, such as \`… < 0.3\`>",
        ],
        "no duration": [
          "drills/drill.yaml:24:39 FD112 spec.phases.recovery: "soon" is no length of a phase <auto, or a duration such as 30s>",
        ],
        "no duration of a fault": [
          "drills/drill.yaml:22:13 FD107 DNSChaos has no duration <duration, such as 30s: every fault ends>",
        ],
        "no port": [
          "drills/drill.yaml:16:36 FD105 spec.telemetry.scrape[0].targets[0]: "127.0.0.1" is no address <host:port, such as 127.0.0.1:8080>",
        ],
        "no target chosen": [
          "drills/drill.yaml:20:7 FD107 which target the fault acts on is not said <on: app or link>",
        ],
        "no targets": [
          "drills/drill.yaml:5:3 FD107 nothing is named that may be broken <target or targets>",
        ],
        "nothing that measures": [
          "drills/drill.yaml:24:3 FD107 objectives need something that is measured <telemetry.scrape or telemetry.prometheus>",
        ],
        "notifications to nowhere": [
          "drills/drill.yaml:36:7 FD107 nothing says where notifications go <telemetry.alertmanager>",
        ],
        "on and selector": [
          "drills/drill.yaml:22:30 FD105 a selector beside \`on\` <only on>",
        ],
        "rate": [
          "drills/drill.yaml:14:68 FD105 spec.traffic[0].rate: "20 per second" is no rate <a rate such as 20/s, 300/m or 0.5/s>",
        ],
        "selector that matches nothing": [
          "drills/drill.yaml:22:30 FD110 the selector matches none of the targets <what one of these carries: default/app {app=checkout}, default/link>",
        ],
        "share": [
          "drills/drill.yaml:42:34 FD105 spec.limits.share is the number 0.5 <a share such as 50%, above 0% and at most 100%>",
        ],
        "stop condition without comparison": [
          "drills/drill.yaml:41:30 FD119 spec.stopConditions[0].promql: the expression gives values, but nothing says which of them are good <a comparison, such as \`… < 0.3\`>",
        ],
        "timeout above the interval": [
          "drills/drill.yaml:16:85 FD105 spec.telemetry.scrape[0].scrape_timeout: longer than the interval <at most the interval>",
        ],
        "too many trials": [
          "drills/drill.yaml:43:11 FD105 spec.trials is the number 1000 <100 or less>",
        ],
        "traffic without a rate": [
          "drills/drill.yaml:14:7 FD107 spec.traffic[0]: no rate <rate, such as 20/s>",
        ],
        "two credentials": [
          "drills/drill.yaml:16:83 FD105 spec.telemetry.scrape[0].bearer_token: a second way to authenticate <only basic_auth>",
        ],
        "two kinds of process": [
          "drills/drill.yaml:9:9 FD105 spec.targets.app.process: named in 2 ways <one of command, pid, port>",
        ],
        "two sources": [
          "drills/drill.yaml:17:17 FD105 spec.telemetry.prometheus: a second source beside scrape <scrape or prometheus>",
        ],
        "unknown alert": [
          "drills/drill.yaml:32:13 FD110 there is no rule for the alert "ContainerMemoryHihg" <ContainerMemoryHigh>",
        ],
        "unknown key": [
          "drills/drill.yaml:25:3 FD106 unknown key "objectivs" in spec <objectives>",
        ],
        "unknown key beside those of all kinds": [
          "drills/drill.yaml:22:60 FD106 unknown key "duraton" in spec.faults[0].spec <duration>",
        ],
        "unknown key in a spec": [
          "drills/drill.yaml:22:30 FD106 unknown key "patern" in spec.faults[0].spec <patterns>",
        ],
        "unknown kind of fault": [
          "drills/drill.yaml:20:13 FD105 spec.faults[0].kind is "DnsChaos" <DNSChaos (of DNSChaos, PodChaos, StressChaos, NetworkChaos, HTTPChaos, ContainerChaos, IOChaos, TimeChaos, BlockChaos, ProcessChaos, Schedule, Workflow)>",
        ],
        "unknown objective": [
          "drills/drill.yaml:34:16 FD110 there is no objective "memroy" <memory>",
        ],
        "unknown parent": [
          "drills/drill.yaml:39:19 FD110 there is no rule for the alert "NodeDwon" <NodeDown>",
        ],
        "unknown receiver": [
          "drills/drill.yaml:37:44 FD110 there is no receiver "platform-oncal" <platform-oncall>",
        ],
        "unknown target": [
          "drills/drill.yaml:21:11 FD110 there is no target "ap" <app>",
        ],
        "value out of range": [
          "drills/drill.yaml:22:43 FD105 spec.faults[0].spec.value: "120" does not fit mode fixed-percent <a whole number from 1 to 100>",
        ],
        "wrong type": [
          "drills/drill.yaml:22:70 FD105 spec.faults[0].spec.duration is a list <a duration such as 500ms, 30s, 5m or 1h30m>",
        ],
      }
    `);
  });
});

describe('several mistakes', () => {
  it('are told together, across parts and files, from top to bottom', async () => {
    const text = spoilt(
      ['command: [node, app.js]', 'comand: [node, app.js]'],
      ['duration: 30s', 'duration: 30'],
      ['} < 100e6', '} < 100e6 +'],
      ['guards: [memory]', 'guards: [cpu]'],
      ['[platform-oncall]', '[nobody]'],
      ['trials: 1', 'trials: none'],
    );
    const rules = goodFiles['drills/alerts.yaml']!.replace('up == 0', 'up =! 0');
    const broken = { 'drills/alerts.yaml': rules };
    expect(await told(readDrill(text, { extraFiles: broken }))).toMatchInlineSnapshot(`
      "drills/drill.yaml:9:9: error FD106: unknown key "comand" in spec.targets.app.process
          9 |         comand: [node, app.js]
            |         ^^^^^^
        expected: command
      drills/drill.yaml:22:70: error FD105: spec.faults[0].spec.duration is the number 30
         22 |       spec: { action: error, patterns: ["*.example.test"], duration: 30 }
            |                                                                      ^^
        expected: a duration such as 500ms, 30s, 5m or 1h30m
      drills/drill.yaml:27:65: error FD201: spec.objectives[0].promql: unexpected end of input
         27 |       promql: process_resident_memory_bytes{job="app"} < 100e6 +
            |                                                                 ^
        hint: The position is inside the expression.
      drills/drill.yaml:34:16: error FD110: there is no objective "cpu"
         34 |       guards: [cpu]
            |                ^^^
        expected: memory
      drills/drill.yaml:37:44: error FD110: there is no receiver "nobody"
         37 |       notifies: { within: 60s, receivers: [nobody] }
            |                                            ^^^^^^
        expected: platform-oncall
      drills/drill.yaml:43:11: error FD105: spec.trials is "none"
         43 |   trials: none
            |           ^^^^
        expected: a number
      drills/alerts.yaml:9:18: error FD201: groups[0].rules[1].expr: unexpected "="
          9 |         expr: up =! 0
            |                  ^
        hint: The position is inside the expression."
    `);
  });

  it('of an expression in a block scalar are shown inside it', async () => {
    const text = spoilt([
      'promql: process_resident_memory_bytes{job="app"} < 100e6',
      'promql: |-\n        sum by (job) (\n          rate(requests_total{job=app}[1m])\n        ) < 5',
    ]);
    expect(await told(readDrill(text))).toMatchInlineSnapshot(`
      "drills/drill.yaml:29:35: error FD201: spec.objectives[0].promql: unexpected identifier "app" in label matching, expected string
         29 |           rate(requests_total{job=app}[1m])
            |                                   ^^^
        hint: The position is inside the expression."
    `);
  });
});

describe('names that stand there twice', () => {
  it.each([
    ['objective', goodDrill.slice(goodDrill.indexOf('    - name: memory'), goodDrill.indexOf('  alerts:'))],
    [
      'alert',
      goodDrill.slice(goodDrill.indexOf('    - name: Container'), goodDrill.indexOf('  collateral:')),
    ],
    ['traffic', goodDrill.slice(goodDrill.indexOf('    - { name: shop'), goodDrill.indexOf('  telemetry:'))],
  ])('%s', async (what, part) => {
    const found = await brief(readDrill(goodDrill.replace(part, part + part)));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(new RegExp(`FD111 the ${what} .* is there already`));
  });

  it('a key of YAML', async () => {
    const found = await brief(readDrill(goodDrill.replace('  trials: 1', '  trials: 1\n  trials: 2')));
    expect(found).toEqual([expect.stringContaining('FD103 not valid YAML: map keys must be unique')]);
  });
});

describe('an alert entry and its rules', () => {
  const pageAndTicket = goodFiles['drills/alerts.yaml']!.replace(
    '      - alert: NodeDown',
    `      - alert: ContainerMemoryHigh
        expr: process_resident_memory_bytes > 50e6
        labels: { severity: ticket }
      - alert: NodeDown`,
  );

  it('is refused when the rules have different severities', async () => {
    expect(
      await brief(readDrill(goodDrill, { extraFiles: { 'drills/alerts.yaml': pageAndTicket } })),
    ).toEqual([
      'drills/drill.yaml:32:13 FD116 ContainerMemoryHigh has rules of different severities: ' +
        'page (drills/alerts.yaml:4), ticket (drills/alerts.yaml:8) <labels: { severity: page or ticket }>',
    ]);
  });

  it('is accepted when its labels tell them apart', async () => {
    const text = spoilt(['labels: { job: app }\n      guards', 'labels: { severity: page }\n      guards']);
    expect(await brief(readDrill(text, { extraFiles: { 'drills/alerts.yaml': pageAndTicket } }))).toEqual([]);
  });

  it('is not looked for where a remote source has the rules', async () => {
    const text = spoilt(
      [
        'scrape: [{ job: app, targets: ["127.0.0.1:8080"], interval: 1s }]',
        'prometheus: { url: "http://127.0.0.1:9090/" }',
      ],
      ['    rules: [alerts.yaml]\n', ''],
      ['name: ContainerMemoryHigh', 'name: Unknown'],
    );
    expect(await brief(readDrill(text))).toEqual([]);
  });
});

describe('short forms', () => {
  it('of a single target', async () => {
    const text = `apiVersion: firedrill.dev/v1
kind: Experiment
metadata: { name: short }
spec:
  target: { process: { port: 8080 } }
  faults: [{ kind: PodChaos, spec: { action: pod-failure, duration: 10s } }]
`;
    const read = await readDrill(text);
    expect(read.ok && read.value.targets.map(({ name, kind }) => [name, kind])).toEqual([
      ['target', { type: 'port', port: 8080, only: false }],
    ]);
    expect(read.ok && read.value.faults[0]).toMatchObject({
      name: 'pod-chaos',
      targets: ['target'],
      mode: 'all',
    });
    expect(read.ok && read.value.telemetry).toMatchObject({ scrape: [], evaluationIntervalMs: 5000 });
  });

  it("of scraping and Prometheus's own fields mean the same", async () => {
    const prometheus = spoilt([
      'scrape: [{ job: app, targets: ["127.0.0.1:8080"], interval: 1s }]',
      `scrape:
      - job_name: app
        static_configs: [{ targets: ["127.0.0.1:8080"] }]
        scrape_interval: 1s`,
    ]);
    const [short, long] = [await readDrill(goodDrill), await readDrill(prometheus)];
    expect(short.ok && short.value.telemetry.scrape).toEqual(long.ok && long.value.telemetry.scrape);
  });

  it('keeps every field of a scrape_config', async () => {
    const text = spoilt([
      'interval: 1s }',
      `interval: 2s, scrape_timeout: 1s, scheme: https, metrics_path: /probe, params: { module: [http] },
      honor_labels: true, honor_timestamps: false, body_size_limit: 10MB, sample_limit: 50,
      authorization: { type: Token, credentials_file: token.txt },
      tls_config: { ca_file: ca.pem, cert_file: c.pem, key_file: k.pem, server_name: app, insecure_skip_verify: true } }`,
    ]);
    const read = await readDrill(text);
    expect(read.ok && read.value.telemetry.scrape[0]).toMatchObject({
      scheme: 'https',
      metricsPath: '/probe',
      params: { module: ['http'] },
      intervalMs: 2000,
      timeoutMs: 1000,
      honorLabels: true,
      honorTimestamps: false,
      bodySizeLimitBytes: 10 * 2 ** 20,
      sampleLimit: 50,
      http: {
        authorizationType: 'Token',
        bearerTokenFile: `${process.cwd()}/drills/token.txt`,
        tls: { caFile: `${process.cwd()}/drills/ca.pem`, serverName: 'app', insecureSkipVerify: true },
      },
    });
  });
});

describe('what a fault acts on', () => {
  const select = (selector: string) =>
    spoilt(['      on: app\n', ''], ['patterns:', `selector: ${selector}, patterns:`]);

  it.each([
    ['{ labelSelectors: { app: checkout } }', ['app']],
    ['{ namespaces: [default] }', ['app', 'link']],
    ['{ pods: { default: [link] } }', ['link']],
    ['{ expressionSelectors: [{ key: app, operator: In, values: [checkout, cart] }] }', ['app']],
    ['{ expressionSelectors: [{ key: app, operator: NotIn, values: [checkout] }] }', ['link']],
    ['{ expressionSelectors: [{ key: app, operator: Exists }] }', ['app']],
    ['{ expressionSelectors: [{ key: app, operator: DoesNotExist }] }', ['link']],
  ])('%s', async (selector, expected) => {
    const read = await readDrill(select(selector));
    expect(read.ok && read.value.faults[0]?.targets).toEqual(expected);
  });

  it.each(['{ namespaces: [other] }', '{ namespaces: [default], labelSelectors: { app: cart } }'])(
    'nothing: %s',
    async (selector) => {
      expect(await brief(readDrill(select(selector)))).toEqual([
        expect.stringContaining('FD110 the selector matches none of the targets'),
      ]);
    },
  );

  it('names faults after their kind, with numbers where it repeats', async () => {
    const fault = goodDrill.slice(goodDrill.indexOf('    - kind: DNS'), goodDrill.indexOf('  phases:'));
    const read = await readDrill(
      goodDrill.replace(fault, fault + fault.replace('on:', 'name: mine\n      on:') + fault),
    );
    expect(read.ok && read.value.faults.map((one) => one.name)).toEqual(['dns-chaos', 'mine', 'dns-chaos-2']);
  });

  it('warns of a duration that changes nothing', async () => {
    const text = spoilt(
      ['kind: DNSChaos', 'kind: PodChaos'],
      ['action: error, patterns: ["*.example.test"]', 'action: pod-kill'],
    );
    const read = await readDrill(text);
    expect(read.ok && read.value.faults[0]).toMatchObject({ oneShot: true, durationMs: undefined });
    expect(await brief(Promise.resolve(read))).toEqual([
      expect.stringContaining('FD120 PodChaos acts once here'),
    ]);
  });
});
