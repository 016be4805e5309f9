import { readFileSync } from 'node:fs';

/** The kernel's clock tick in /proc, which is the same on every Linux that Node.js runs on: sysconf(_SC_CLK_TCK). */
const tickMs = 10;

/** Milliseconds of processor time that a process has used, by itself and in the kernel (proc_pid_stat(5)). */
export function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

/** Milliseconds for which a process could have run, and had no processor (/proc/PID/schedstat). */
export function waitedMsOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
}
