// What share of look-ups fails and of packets is lost, beside what was asked for.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { dnsChaos } from '../../../src/faults/dns-chaos/dns-chaos.ts';
import { networkChaos } from '../../../src/faults/network-chaos/network-chaos.ts';
import { Asker } from './asker.ts';
import { Injecting } from './injecting.ts';
import { startNameServer } from './name-server.ts';
import type { BenchPart, Report } from './part.ts';
import { startTarget } from './target.ts';

const lookUps = 1000;
/** Of look-ups that are given up although nobody refuses them, when the machine is busy. */
const lateShare = 0.005;
const lossAskedMs = 2500;
/** An answer may still be under way. */
const lastMs = 200;

export const shares: BenchPart = {
  name: 'shares',
  about: 'look-ups that fail and packets that are lost, of all',
  async run(report) {
    const injecting = await Injecting.start();
    try {
      await dnsShares(injecting, report).catch((error: Error) =>
        report.note(`not measured: ${error.message}`),
      );
      await lossShares(injecting, report).catch((error: Error) =>
        report.note(`not measured: ${error.message}`),
      );
    } finally {
      await injecting.stop();
    }
  },
};

/** Of ten names that are asked for in turn, so many are to fail: there is no draw in it. */
async function dnsShares(injecting: Injecting, report: Report): Promise<void> {
  const stopServer = await startNameServer();
  const folder = mkdtempSync(join(tmpdir(), 'firedrill-bench-'));
  const resolvConf = join(folder, 'resolv.conf');
  writeFileSync(resolvConf, 'nameserver 127.0.0.77\n');
  const program = resolve('scripts/bench/faults/lookups-program.ts');
  const command = [process.execPath, '--import', 'tsx', program, '127.0.0.77', '53'];
  // What is not to fail is asked where the target's own resolv.conf says.
  const script = 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"';
  const child = spawn('unshare', ['--mount', '--', 'sh', '-c', script, 'sh', resolvConf, ...command], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = async (ports: 'fresh' | 'any' = 'fresh') => {
    child.stdin.write(`${lookUps} ${ports}\n`);
    return Number((await answers.next()).value) / lookUps;
  };
  try {
    // Before it has answered once, it is not yet the program that is meant.
    await failed();
    report.table(`DNSChaos error, ${lookUps} look-ups`, 'asked', 'measured');
    for (const [share, patterns] of [
      [0, ['*.other.test']],
      [0.3, ['service0.test', 'service1.test', 'service2.test']],
      [1, ['*.test']],
    ] as const) {
      const ready = await injecting.prepare(dnsChaos, child.pid!, { action: 'error', patterns });
      const active = await ready.inject();
      const measured = await failed();
      // The kernel remembers the way of a port that was used within half a minute: such look-ups go where they went.
      const anyPort = share === 1 ? await failed('any') : undefined;
      await active.undo();
      await ready.settle();
      report.row(`share ${share} (${ready.driver})`, share, measured);
      if (anyPort !== undefined) report.row('  from ports that may be used again', share, anyPort);
      judge(report, `DNS error share ${share}, off by`, measured - share, Math.max(0.05 * share, lateShare));
    }
  } finally {
    child.kill('SIGKILL');
    await stopServer();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function lossShares(injecting: Injecting, report: Report): Promise<void> {
  const target = await startTarget();
  const asker = new Asker('udp', target.ports.udp);
  try {
    report.table('NetworkChaos loss of datagrams', 'asked', 'measured', 'datagrams');
    for (const share of [0, 0.3, 1]) {
      await asker.ready();
      const fields = { action: 'loss', loss: { loss: String(share * 100) } };
      const ready = await injecting.prepare(networkChaos, target.pid, fields);
      const active = await ready.inject();
      await asker.forget();
      await sleep(lossAskedMs);
      const asked = await asker.asked();
      await active.undo();
      await ready.settle();
      const counted = asked.filter(({ atMs }) => atMs < asked.at(-1)!.atMs - lastMs);
      const lost = counted.filter(({ tookMs }) => tookMs === undefined).length;
      const measured = lost / counted.length;
      report.row(`share ${share} (${ready.driver})`, share, measured, counted.length);
      const drawn = 3 * Math.sqrt((share * (1 - share)) / counted.length);
      judge(report, `packet loss ${share}, off by`, measured - share, drawn);
    }
  } finally {
    asker.stop();
    await target.stop();
  }
}

function judge(report: Report, name: string, off: number, bound: number): void {
  report.goal({ name, measured: Math.abs(off), bound, unit: '', wanted: 'at most' });
}
