// /metrics about the server itself, in the text format, under the names that Prometheus has for the same things.

import { isLegacyName, quoteString } from '../base/labels.ts';
import { formatValue } from '../promql/format.ts';

export class SelfMetrics {
  readonly #requests = new Map<string, number>();

  countRequest(route: string, status: number): void {
    const key = `handler=${quoteString(route)},code="${status}"`;
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
  }

  render(gauges: readonly SelfMetric[]): string {
    const requests: SelfMetric = {
      name: 'prometheus_http_requests_total',
      help: 'Counter of HTTP requests.',
      type: 'counter',
      values: [...this.#requests],
    };
    return [...gauges, requests].map(familyText).join('');
  }
}

export interface SelfMetric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  /** Labels as they stand in braces, and the value. */
  readonly values: readonly (readonly [labels: string, value: number])[];
}

function familyText({ name, help, type, values }: SelfMetric): string {
  if (!isLegacyName(name)) throw new Error(`${name} is not a metric name`);
  const lines = values.map(
    ([labels, value]) => `${name}${labels === '' ? '' : `{${labels}}`} ${formatValue(value)}\n`,
  );
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}
