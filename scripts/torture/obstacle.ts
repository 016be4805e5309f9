// What keeps an undo from working, until it is taken out of the way: then `firedrill undo` must do it.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { groupsOf } from './machine-look.ts';
import type { Recipe } from './recipes.ts';

interface Surroundings {
  /** The mount with the files that faults change. */
  readonly data: string;
  readonly service: number | undefined;
  /** Pid of a container engine. */
  readonly engine: number | undefined;
}

const readOnlyTriesMax = 100;

export class Obstacle {
  readonly #undo: (() => void)[] = [];

  constructor(kind: NonNullable<Recipe['obstacle']>, { data, service, engine }: Surroundings) {
    switch (kind) {
      case 'group':
        for (const group of groupsOfFiredrill(service!)) this.#occupy(group);
        break;
      case 'folder':
        this.#lock(data);
        break;
      case 'engine':
        process.kill(engine!, 'SIGSTOP');
        this.#undo.push(() => process.kill(engine!, 'SIGCONT'));
        break;
    }
    if (this.#undo.length === 0) throw new Error(`there is nothing for the obstacle ${kind} to stand in`);
  }

  /** Idempotent. */
  remove(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }

  /** A control group of somebody else's in ours, with a process in it, keeps ours from being removed. */
  #occupy(group: string): void {
    const own = join(group, 'somebody');
    mkdirSync(own);
    const sleeper: ChildProcess = spawn('sleep', ['100'], { stdio: 'ignore' });
    writeFileSync(join(own, 'cgroup.procs'), String(sleeper.pid));
    this.#undo.push(() => {
      process.kill(sleeper.pid!, 'SIGKILL');
      removeWhenEmpty(own);
    });
  }

  /** Not while a file in it is being written. */
  #lock(data: string): void {
    for (let tries = 0; tries < readOnlyTriesMax; tries++) {
      if (spawnSync('mount', ['-o', 'remount,bind,ro', data]).status !== 0) continue;
      this.#undo.push(() => spawnSync('mount', ['-o', 'remount,bind,rw', data]));
      return;
    }
  }
}

/** Folders of the control groups of ours that a process is in. */
function groupsOfFiredrill(pid: number): string[] {
  return groupsOf(pid)
    .split('\n')
    .flatMap((line) => {
      const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      if (!path.includes('/firedrill_')) return [];
      return [join('/sys/fs/cgroup', controllers.split(',')[0] || 'unified', path)];
    });
}

const removeTriesMax = 1000;

/** The process in it may still be ending; one that is frozen ends when it is let go. */
function removeWhenEmpty(group: string): void {
  for (let tries = 0; tries < removeTriesMax; tries++) {
    try {
      rmdirSync(group);
      return;
    } catch {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
