// The live view on a real terminal: frames replace each other, and the terminal is left as it was found.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { describeWith } from '../support/requires.ts';

const program = join(import.meta.dirname, 'live-view-program.ts');

describeWith(['tmux'], 'live view in tmux', () => {
  const socket = `firedrill-test-${process.pid}`;
  const tmux = (...args: string[]) => execFileSync('tmux', ['-L', socket, ...args], { encoding: 'utf8' });
  const screen = () => tmux('capture-pane', '-p', '-t', 'view');

  afterEach(() => {
    try {
      tmux('kill-server');
    } catch {
      // The server has ended with its last session.
    }
  });

  async function until(condition: () => boolean): Promise<void> {
    for (let tries = 0; tries < 200 && !condition(); tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(condition(), screen()).toBe(true);
  }

  it('paints over itself, then makes room and shows the cursor', async () => {
    const command = `${process.execPath} --import tsx ${program}; echo status=$?; sleep 60`;
    tmux('-f', '/dev/null', 'new-session', '-d', '-s', 'view', '-x', '90', '-y', '24', command);
    await until(() => /ContainerMemoryHigh\s+firing/.test(screen()));
    const painted = screen();
    expect(painted.match(/A DNS outage must not leak memory/g), painted).toHaveLength(1);
    expect(tmux('display', '-p', '-t', 'view', '#{cursor_flag}').trim()).toBe('0');
    await until(() => screen().includes('status=0'));
    expect(screen()).toContain('result: done');
    expect(screen()).not.toContain('ContainerMemoryHigh');
    expect(tmux('display', '-p', '-t', 'view', '#{cursor_flag}').trim()).toBe('1');
  });
});
