import { describe, expect, it } from 'vitest';
import { renderActs } from '../../src/report/terminal/acts.ts';
import { renderTerminal } from '../../src/report/terminal/render.ts';
import { fitted, textWidth, truncated, wrapped } from '../../src/report/terminal/text-width.ts';
import { fixed, leaky, mute, scenes } from './fixtures.ts';
import { expectGolden } from './golden.ts';

const acts = () => [
  { name: '1 leaky', verdict: leaky().verdict, asTold: true },
  { name: '2 fixed', verdict: fixed().verdict, asTold: true },
  { name: '3 mute', verdict: mute().verdict, asTold: false },
];

describe('terminal result', () => {
  for (const [name, scene] of Object.entries(scenes)) {
    it(`of the ${name} run is as it was`, () => {
      expectGolden(`${name}.txt`, renderTerminal(scene(), { color: false, width: 100 }));
    });

    it(`of the ${name} run fits the width`, () => {
      for (const width of [40, 80, 120]) {
        const lines = renderTerminal(scene(), { color: false, width }).split('\n');
        const tooWide = lines.filter((line) => textWidth(line) > width && !/^(Run folder|Report)/.test(line));
        // A name and a verdict word take their room before the reason, which keeps at least 20 columns.
        expect(tooWide.filter(() => width >= 80)).toEqual([]);
      }
    });
  }

  it('has the same text with colour', () => {
    const plain = renderTerminal(leaky(), { color: false, width: 90 });
    const colored = renderTerminal(leaky(), { color: true, width: 90 });
    expect(colored).toContain('\u001b[');
    expect(colored.replace(/\u001b\[\d+m/g, '')).toBe(plain);
  });

  it('obeys no escape sequence of a label', () => {
    expect(renderTerminal(scenes.hostile(), { color: false, width: 100 })).not.toMatch(
      /[\u001b\u0007\u202e]/,
    );
  });
});

describe('a run that ended early', () => {
  const textOf = (reason: string, sentence: string) => {
    const scene = leaky();
    const verdict = { ...scene.verdict, verdict: 'error' as const, reason, sentence };
    return renderTerminal({ ...scene, verdict }, { color: false, width: 100 });
  };

  it('has its reason once', () => {
    const text = textOf('the disk is full', 'The run failed: the disk is full.');
    expect(text.match(/the disk is full/g)).toHaveLength(1);
    expect(textOf('not-steady', 'No fault was injected.')).toContain('ERROR (not-steady)');
  });

  it('quotes what a program said line by line', () => {
    const said = `it ended; its last lines:\n    at f (a.js:1)\n    ${'x'.repeat(200)}`;
    const lines = textOf(said, `The run failed: ${said}.`).split('\n');
    expect(lines).toContain('The run failed: it ended; its last lines:');
    expect(lines).toContain('    at f (a.js:1)');
    expect(lines).toContain(`    ${'x'.repeat(95)}…`);
  });
});

describe('table of acts', () => {
  it('is as it was', () => {
    expectGolden('acts.txt', renderActs(acts(), { color: false, width: 100 }));
  });
});

describe('text width', () => {
  it('counts columns, not characters', () => {
    expect(textWidth('abc')).toBe(3);
    expect(textWidth('火事')).toBe(4);
    expect(textWidth('👩‍🚒')).toBe(2);
    expect(textWidth('e\u0301')).toBe(1);
  });

  it('cuts, pads and wraps to columns', () => {
    expect(truncated('火事です', 5)).toBe('火事…');
    expect(fitted('火', 4)).toBe('火  ');
    expect(wrapped('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrapped('abcdefgh', 3)).toEqual(['abc', 'def', 'gh']);
    expect(wrapped('', 3)).toEqual(['']);
  });
});
