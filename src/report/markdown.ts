// The result as a comment on a merge request, in the Markdown that GitHub and GitLab share: a headline, one table,
// each objective as a line of block characters, and the rest folded away.

import { humanDuration } from '../base/duration.ts';
import type { QuantityWords } from '../experiment/judge/quantity.ts';
import type { AlertVerdict, Half, Judgement, ObjectiveVerdict, RunVerdict } from '../experiment/verdict.ts';
import { worstEnd } from './comparison.ts';
import { costLine } from './cost-words.ts';
import { labelWords } from './describe-event.ts';
import { besideHops, boundWords, hopName, inOrderOfTime, latencyWords, settingWords } from './hop-words.ts';
import { firstEvent, type ReportInput, redactInput } from './input.ts';
import { code, plain, table } from './markdown-parts.ts';
import { type Measurement, measureObjective } from './measured.ts';
import { relativeTime } from './moment.ts';
import { assumptionWords, projectionLine } from './projection-words.ts';
import { condense, sparkline } from './sparkline.ts';
import { halfWord } from './standing.ts';
import { trialJudgement, trialName, trialsOf } from './trials.ts';
import { warmedLine } from './warmed-words.ts';

const judgementMarks: Record<Judgement, string> = {
  right: '✅',
  wrong: '❌',
  inconclusive: '❔',
  warn: '⚠️',
  note: '▫️',
};

const runMarks: Record<RunVerdict, string> = {
  pass: '✅',
  fail: '❌',
  inconclusive: '❔',
  stopped: '⏹️',
  error: '🛑',
};

export function renderMarkdown(original: ReportInput): string {
  const measurements = original.verdict.objectives.map((objective) => measureObjective(original, objective));
  const input = redactInput(original);
  const { verdict } = input;
  const zeroMs = verdict.times.injected ?? verdict.startedAt;
  return `${[
    `### ${runMarks[verdict.verdict]} ${plain(verdict.title)}`,
    `**${plain(verdict.sentence)}**`,
    ...leftBlock(verdict.notUndone),
    table(
      ['', 'verdict', 'what happened'],
      [
        ...trialRows(input),
        halfRow('Resilience', verdict.resilience),
        ...verdict.objectives.map((item) => itemRow(code(item.name), item)),
        halfRow('Detection', verdict.detection),
        ...verdict.alerts.map((item) => itemRow(code(`${item.name}${labelWords(item.labels)}`), item)),
        ['**Faults**', '', ''],
        ...verdict.faults.map((item) => itemRow(code(item.name), item)),
        ...collateralRows(input),
      ],
    ),
    ...verdict.objectives.map((objective, index) => picture(objective, measurements[index]!)),
    ...costParagraph(input),
    ...projectionParagraph(input, zeroMs),
    ...warmedParagraph(input),
    ...verdict.warnings.map((warning) => `⚠️ ${plain(warning)}`),
    ...details(input, zeroMs),
    footer(input),
  ].join('\n\n')}\n`;
}

function costParagraph({ verdict }: ReportInput): string[] {
  const lines = (verdict.costs ?? []).map((cost) => `${code(cost.objective)} ${plain(costLine(cost))}`);
  return lines.length === 0 ? [] : [lines.join('<br>\n')];
}

function projectionParagraph({ verdict }: ReportInput, zeroMs: number): string[] {
  const lines = verdict.alerts.flatMap((alert) => {
    const line = projectionLine(alert, zeroMs);
    const { projection } = alert.predicted ?? {};
    return line === undefined || !projection
      ? []
      : [
          `${code(alert.name)} projected, not observed, if ${plain(`${assumptionWords(projection)}: ${line}.`)}`,
        ];
  });
  return lines.length === 0 ? [] : [lines.join('<br>\n')];
}

function warmedParagraph({ timeline }: ReportInput): string[] {
  const line = warmedLine(timeline);
  return line === undefined ? [] : [plain(`${line[0]!.toUpperCase()}${line.slice(1)}.`)];
}

function leftBlock(left: readonly string[]): string[] {
  if (left.length === 0) return [];
  return [
    '🛑 **A fault could not be undone. This is left behind:**',
    left.map((line) => `- ${plain(line)}`).join('\n'),
  ];
}

function halfRow(name: string, half: Half | null): string[] {
  const mark = half === null ? '' : `${runMarks[half]} `;
  return [`**${name}**`, `${mark}**${halfWord(half)}**`, ''];
}

function itemRow(
  name: string,
  item: { readonly verdict: string; readonly judgement: Judgement; readonly reason: string },
): string[] {
  return [name, `${judgementMarks[item.judgement]} ${item.verdict}`, plain(item.reason)];
}

function trialRows({ verdict }: ReportInput): string[][] {
  const trials = trialsOf(verdict);
  if (trials.length === 0) return [];
  return [
    ['**Trials**', '', ''],
    ...trials.map((trial) =>
      itemRow(plain(trialName(trial)), {
        ...{ verdict: trial.verdict, judgement: trialJudgement(trial, verdict) },
        reason: trial.sentence,
      }),
    ),
  ];
}

function collateralRows({ verdict }: ReportInput): string[][] {
  if (verdict.collateral.length === 0) return [];
  return [
    ['**Other alerts**', '', ''],
    ...verdict.collateral.map((alert) =>
      itemRow(code(`${alert.name}${labelWords(alert.labels)}`), { ...alert, verdict: 'not listed' }),
    ),
  ];
}

const pictureWidth = 48;

/** The worst series as block characters, with what they run between. */
function picture(objective: ObjectiveVerdict, measured: Measurement): string {
  const { operator, threshold } = objective.comparison;
  const worst = measured.series[0];
  if (!worst) return `${code(objective.name)} ${measured.problem ? plain(measured.problem) : 'no samples'}`;
  const values = Array.from(worst.values).filter((value) => Number.isFinite(value));
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const must = measured.must === '' ? '' : `, ${measured.must}`;
  const blocks = sparkline(
    condense(Array.from(worst.values), pictureWidth, worstEnd(operator)),
    pictureWidth,
    threshold,
  );
  return `${code(objective.name)} ${code(blocks)} ${plain(`${rangeWords(low, high, measured.quantity)}${must}`)}`;
}

function rangeWords(low: number, high: number, quantity: QuantityWords): string {
  const [from, to] = [quantity(low), quantity(high)];
  return from === to ? from : `${from} to ${to}`;
}

function details(input: ReportInput, zeroMs: number): string[] {
  const { verdict } = input;
  const alerts = verdict.alerts.map((alert) => ({
    ...alert,
    evidence: besideHops(alert.evidence, alert.hops),
  }));
  const evidence = [...verdict.objectives, ...alerts, ...verdict.faults].flatMap((item) =>
    item.evidence.map(({ label, value, at }) => [
      code(item.name),
      plain(label),
      `${plain(value)}${at === undefined ? '' : ` (${relativeTime(at, zeroMs)})`}`,
    ]),
  );
  const notes = verdict.alerts.flatMap((alert) =>
    alert.notes.map((note) => `- ${code(alert.name)} ${plain(note.text)}`),
  );
  return [
    ...(verdict.alerts.some(({ hops }) => hops.length > 0)
      ? fold('From the fault to the pager and back', hopTables(verdict.alerts, zeroMs))
      : []),
    ...(evidence.length > 0 ? fold('Evidence', table(['item', 'fact', 'value'], evidence)) : []),
    ...(notes.length > 0 ? fold('Notes', notes.join('\n')) : []),
  ];
}

function hopTables(alerts: readonly AlertVerdict[], zeroMs: number): string {
  return alerts
    .filter(({ hops }) => hops.length > 0)
    .map(({ name, hops, shorten }) => {
      const rows = inOrderOfTime(hops).map((hop) => [
        plain(`${hopName(hop.hop)}${hop.detail === null ? '' : `: ${hop.detail}`}`),
        hop.at === null ? '–' : relativeTime(hop.at, zeroMs),
        latencyWords(hop) ?? '–',
        `${boundWords(hop) ?? '–'}${hop.over ? ' ⚠️ over' : ''}`,
        plain(settingWords(hop)) || '–',
      ]);
      const hopTable = table([code(name), 'when', 'took', 'bound', 'from'], rows);
      return shorten === null ? hopTable : `${hopTable}\n\n${plain(shorten.text)}`;
    })
    .join('\n\n');
}

/** The blank lines around the content are what makes both sites read it as Markdown. */
function fold(title: string, content: string): string[] {
  return [`<details><summary>${title}</summary>`, content, '</details>'];
}

function footer({ verdict, timeline }: ReportInput): string {
  const started = firstEvent(timeline, 'run.started');
  const version = started ? ` with Firedrill ${plain(started.firedrill)}` : '';
  return `<sub>Run ${plain(verdict.run)}, ${humanDuration(verdict.endedAt - verdict.startedAt)}${version}</sub>`;
}
