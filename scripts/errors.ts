// Generates docs/errors.md from the catalogue of errors.

import { catalogue, type ErrorCode } from '../src/base/catalogue.ts';
import { exitCodeOf } from '../src/base/diagnostics.ts';
import { writeGenerated } from './generated.ts';

const headings: Readonly<Record<string, string>> = {
  1: 'Files',
  2: 'PromQL',
  3: 'Rules',
  4: 'Alertmanager',
  5: 'Targets',
  6: 'Faults and leases',
  7: 'Telemetry',
  8: 'Runs',
  9: 'The tool and its surroundings',
};

const codes = (Object.keys(catalogue) as ErrorCode[]).sort();

function row(code: ErrorCode): string {
  const { title, hint } = catalogue[code];
  return `| <a id="${code.toLowerCase()}"></a>${code} | ${cell(title)} | ${exitCodeOf(code)} | ${cell(hint)} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function section(digit: string): string {
  const rows = codes.filter((code) => code[2] === digit).map(row);
  if (rows.length === 0) return '';
  const head = ['| code | what is wrong | exit | what to do |', '|---|---|---|---|'];
  return ['', `## ${headings[digit]}`, '', ...head, ...rows, ''].join('\n');
}

const intro = `# Errors

<!-- Generated from src/base/catalogue.ts by scripts/errors.ts. -->

Every mistake that Firedrill finds in what it is given has a code that never changes and is never used again. A message
names the place, shows the line, and says what was expected there. \`exit\` is the exit code of a command that ends with
the error. What has no code here is a bug in Firedrill and shows a stack.
`;

writeGenerated('docs/errors.md', intro + Object.keys(headings).map(section).join(''), 'scripts/errors.ts');
