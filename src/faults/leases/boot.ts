// This start of the machine: its id, and the time since (CLOCK_BOOTTIME, which goes on while the machine sleeps).

import { readFileSync } from 'node:fs';

export interface Boot {
  readonly id: string;
  /** Milliseconds since the machine was started; /proc/uptime gives hundredths of a second. */
  nowMs(): number;
}

export const systemBoot: Boot = {
  get id() {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  },
  nowMs: () => Math.round(Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000),
};
