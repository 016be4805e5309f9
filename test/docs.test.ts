// Documents that say what is not so are worse than none: links and paths lead somewhere, commands and their options exist,
// codes are in the catalogue, experiments are valid, and every verdict that the judge can give is explained.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { catalogue } from '../src/base/catalogue.ts';
import { formatDiagnostic } from '../src/base/diagnostics.ts';
import { checkFile } from '../src/experiment/file/check.ts';

const documents = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  'examples/README.md',
  ...readdirSync('examples', { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `examples/${name}/README.md`),
];
const textOf = new Map(documents.map((file) => [file, readFileSync(file, 'utf8')]));
const read = (file: string): string => textOf.get(file) ?? readFileSync(file, 'utf8');

interface Block {
  readonly language: string;
  readonly text: string;
}

function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, body]) => ({
    language: language!,
    text: body!,
  }));
}

function withoutBlocks(text: string): string {
  return text.replace(/^```\w*\n[\s\S]*?^```$/gm, '');
}

/** What stands between single backticks, in running text and in tables. */
function inlineCode(text: string): string[] {
  return [...withoutBlocks(text).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!);
}

/** As GitHub makes anchors of headings. */
function anchorsOf(text: string): string[] {
  const headings = [...withoutBlocks(text).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  const own = [...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id!);
  return [...headings, ...own];
}

describe.each(documents)('%s', (file) => {
  const text = read(file);

  it('links to what is there', () => {
    const links = [
      ...[...withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!),
      ...[...text.matchAll(/(?:src|srcset)="([^"]+)"/g)].map(([, target]) => target!),
    ];
    const broken = links.filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? file : join(dirname(file), path);
      if (!existsSync(target)) return true;
      return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('names paths that exist', () => {
    const folders = /^(src|test|docs|scripts|schema|examples|\.ci)\//;
    // Names without a folder are relative to what the text is about; only whole paths can be looked up.
    const gone = inlineCode(text)
      .filter((code) => folders.test(code) && /^[\w./-]+$/.test(code))
      .filter((path) => !existsSync(path));
    expect(gone).toEqual([]);
  });

  it('names codes of the catalogue', () => {
    const codes = new Set(text.match(/\bFD\d{3}\b/g) ?? []);
    expect([...codes].filter((code) => !Object.hasOwn(catalogue, code))).toEqual([]);
  });

  it('names scripts of the package', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...text.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map(([, name]) => name!);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it('calls commands with the options that they have', () => {
    const lines = blocksOf(text)
      .filter(({ language }) => language === 'sh')
      .flatMap((block) => block.text.split('\n'));
    const calls = [...lines, ...inlineCode(text)]
      .map((line) => line.replace(/\s+#.*$/, '').replace(/^npx /, ''))
      .filter((line) => /^firedrill [a-z]/.test(line));
    const wrong = calls.flatMap((call) => {
      const words = call.split(/\s+/).slice(1);
      const help = helpOf(words);
      if (help === undefined) return [`${call}: no command ${words[0]}`];
      const options = words.filter((word) => /^--[a-z]/.test(word)).map((word) => word.split('=')[0]!);
      return options
        .filter((option) => !new RegExp(`^ .*${option}\\b`, 'm').test(help))
        .map((option) => `${call}: no ${option}`);
    });
    expect(wrong).toEqual([]);
  }, 120_000);

  it('quotes experiments that are valid', async () => {
    const quoted = blocksOf(text).filter(
      ({ language, text: yaml }) => language === 'yaml' && /^kind: Experiment$/m.test(yaml),
    );
    for (const { text: yaml } of quoted) {
      const checked = await checkFile({
        file: `${file}.yaml`,
        text: yaml,
        env: {},
        files: { read: async (path) => ruleAndRouteFile(path, yaml) },
      });
      expect(checked.diagnostics.map(formatDiagnostic), yaml).toEqual([]);
    }
  });
});

const helpTexts = new Map<string, string>();

/** The help of the command that a line begins with, or of its command in turn; undefined when there is none. */
function helpOf([first, second]: readonly string[]): string | undefined {
  if (first === undefined || !lists(help(), first)) return undefined;
  return second !== undefined && lists(help(first), second) ? help(first, second) : help(first);
}

function lists(text: string, command: string): boolean {
  const commands = text.split(/^Commands:$/m)[1] ?? '';
  return /^[a-z]+$/.test(command) && new RegExp(`^  ${command}\\b`, 'm').test(commands);
}

function help(...command: string[]): string {
  const key = command.join(' ');
  const text = helpTexts.get(key) ?? firedrill(...command, '--help');
  helpTexts.set(key, text);
  return text;
}

function firedrill(...args: string[]): string {
  return execFileSync(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...args], {
    encoding: 'utf8',
  });
}

/** What an experiment of a document refers to: the demo's own files, with the alerts that it lists. */
function ruleAndRouteFile(path: string, experiment: string): string {
  if (/alertmanager/.test(path)) return readFileSync('examples/dns-outage/alertmanager.yaml', 'utf8');
  const { spec } = parse(experiment) as { spec: { alerts?: { name: string }[] } };
  const rules = (spec.alerts ?? []).map(({ name }) => `{ alert: ${name}, expr: up == 0 }`);
  return `groups: [{ name: quoted, rules: [${rules.join(', ')}] }]`;
}

describe('the README', () => {
  it('quotes the demo as it is, but for comments', () => {
    const quoted = blocksOf(read('README.md')).find(({ text }) => text.includes('name: dns-outage-leaky'));
    expect(parse(quoted!.text)).toEqual(parse(readFileSync('examples/dns-outage/leaky.yaml', 'utf8')));
  });

  it('has pictures that load fast', () => {
    for (const name of readdirSync('docs/images'))
      expect(statSync(resolve('docs/images', name)).size, name).toBeLessThan(300_000);
  });

  it('gives the exit codes that the catalogue has', async () => {
    const { exitCodes } = await import('../src/base/catalogue.ts');
    const codes = [...read('README.md').matchAll(/^\| (\d) \| /gm)].map(([, code]) => Number(code));
    expect(codes.sort()).toEqual(Object.values(exitCodes).sort());
  });
});

describe('the verdicts', () => {
  const judge = readdirSync('src/experiment/judge', { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
  const unions = readFileSync('src/experiment/verdict.ts', 'utf8').matchAll(
    /type (?:Objective|Alert|Fault)VerdictName =([^;]+);/g,
  );
  const named = [...unions].flatMap(([, union]) => union!.match(/[\w-]+(?=')/g) ?? []);
  const given = [...new Set(named)].filter((verdict) => judge.includes(`'${verdict}'`));

  it.each(['README.md', 'docs/verdicts.md'])('are all in %s, and no others', (file) => {
    const rows = [...read(file).matchAll(/^\|.*\|$/gm)].map(([row]) => row).join('\n');
    const words = inlineCode(read(file));
    expect(given.length).toBeGreaterThan(30);
    expect(given.filter((verdict) => !words.includes(verdict))).toEqual([]);
    const absent = [...new Set(named)].filter((verdict) => !given.includes(verdict));
    expect(absent.filter((verdict) => rows.includes(`\`${verdict}\``))).toEqual([]);
  });
});
