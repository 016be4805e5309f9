import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { describeWith, root } from '../../support/requires.ts';
import { bundled, temporaryFolder } from '../leases/support.ts';
import { guestKernel, runGuest } from './guest.ts';

const programs = ['nft', 'tc', 'ip', 'nsenter', 'unshare'];

/** What the program in the guest prints; times in milliseconds. */
interface Report {
  readonly driver: string;
  readonly missing?: string;
  /** The device's queueing disciplines during the fault, and after it. */
  readonly shaped: string;
  readonly qdiscs: string;
  readonly tables: string;
  readonly before: readonly (number | string)[];
  readonly during: readonly (number | string)[] | 'timeout';
  readonly beside: readonly (number | string)[];
  readonly after: readonly (number | string)[];
  readonly hits: number;
  readonly undone: { readonly undone: boolean; readonly evidence: string };
}

describeWith([root, ...programs, 'qemu-system-x86_64', 'busybox', guestKernel], 'netem, in a guest', () => {
  it('delays and loses packets of one process, and is gone again', async () => {
    const [, program] = await bundled('test/faults/network-chaos/netem-guest-program.ts');
    const path = (name: string) => realpathSync(execFileSync('which', [name], { encoding: 'utf8' }).trim());
    const said = await runGuest({
      folder: temporaryFolder(),
      programs: [process.execPath, ...programs.map(path), '/bin/sh'],
      files: [
        { from: program!, to: '/program.mjs' },
        { from: resolve('test/faults/network-chaos/peer-program.mjs'), to: '/peer-program.mjs' },
      ],
      modules: [
        'crc32c_generic',
        'sch_htb',
        'sch_netem',
        'nf_tables',
        'nft_socket',
        'nft_fib_inet',
        'nft_numgen',
        'nft_reject_inet',
      ],
      script: `PEER_PROGRAM=/peer-program.mjs ${process.execPath} /program.mjs 2>&1`,
      timeoutMs: 220_000,
    });
    const reports = [...said.matchAll(/report (\{.*\})/g)].map(([, json]) => JSON.parse(json!) as Report);
    expect(reports, said).toHaveLength(2);
    const [delayed, lost] = reports as [Report, Report];
    for (const report of reports) {
      expect(report).toMatchObject({ driver: 'netem', undone: { undone: true }, tables: '' });
      expect(report.missing).toBeUndefined();
      expect(report.qdiscs).not.toMatch(/htb|netem/);
      expect(report.undone.evidence).toMatch(/qdisc fd..: of lo is gone; a new connection to/);
      // Another process on the same device feels nothing; an emulated machine is slow, but not that slow.
      for (const times of [report.before, report.beside, report.after])
        expect(Math.min(...(times as number[]))).toBeLessThan(190);
    }
    expect(delayed.shaped).toMatch(/netem .*delay 300ms {2}100ms 25%/);
    expect(Math.min(...(delayed.during as number[]))).toBeGreaterThanOrEqual(200);
    expect(delayed.hits).toBeGreaterThan(8);
    expect(lost.shaped).toMatch(/netem .*delay 50ms loss 100%/);
    expect(lost.during).toBe('timeout');
  }, 240_000);
});
