// Bundles our own code into dist/: the command line with one chunk for each command, and the small programs that
// run beside it. Dependencies stay outside, loaded from node_modules when they are needed.

import { chmod, copyFile, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { build } from 'esbuild';

const { version } = JSON.parse(await readFile('package.json', 'utf8'));

// Built beside dist/ and put in its place when it is whole: a mistake leaves what was built before.
const outdir = `.dist-${process.pid}`;

await build({
  entryPoints: {
    firedrill: 'src/cli/main.ts',
    watchdog: 'src/faults/leases/watchdog-main.ts',
    'stress-worker': 'src/faults/stress-chaos/stress-worker.ts',
    'namespace-relay': 'src/faults/network-namespace/relay.ts',
  },
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  sourcemap: 'linked',
  define: { __FIREDRILL_VERSION__: JSON.stringify(version) },
  logLevel: 'warning',
}).catch(async (failure) => {
  await rm(outdir, { recursive: true, force: true });
  throw failure;
});
await copyFile('src/faults/dns-chaos/preload.cjs', `${outdir}/preload.cjs`);
await copyFile('src/faults/io-chaos/file-system.py', `${outdir}/file-system.py`);
await copyFile('src/faults/network-chaos/nfqueue.py', `${outdir}/nfqueue.py`);
await copyFile('src/experiment/chaos-toolkit/providers/python-call.py', `${outdir}/python-call.py`);
await chmod(`${outdir}/firedrill.js`, 0o755);
await rm('dist', { recursive: true, force: true });
await rename(outdir, 'dist');

// npm links a package's commands where it is installed, but not in its own folder: this is for `npx firedrill` there.
await mkdir('node_modules/.bin', { recursive: true });
await rm('node_modules/.bin/firedrill', { force: true });
await symlink('../../dist/firedrill.js', 'node_modules/.bin/firedrill');
