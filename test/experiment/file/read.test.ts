import { describe, expect, it } from 'vitest';
import { brief, goodDrill, readDrill, spoilt, told } from './drill.ts';

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
          "rules": [
            "/cwd/drills/alerts.yaml",
          ],
          "scrape": [
            {
              "bodySizeLimitBytes": 67108864,
              "honorLabels": false,
              "honorTimestamps": true,
              "http": {},
              "intervalMs": 1000,
              "jobName": "app",
              "metricsPath": "/metrics",
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
