// A lock file that was written from an incomplete release installs here and fails `npm ci` elsewhere: every optional
// platform package that a locked package names must be locked itself. Also: no address of a registry in it.

import { readFileSync } from 'node:fs';

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const problems = [];
for (const [path, entry] of Object.entries(packages)) {
  if (entry.resolved) problems.push(`${path} names the address that it came from`);
  for (const name of Object.keys(entry.optionalDependencies ?? {})) {
    const locked = packages[`${path}/node_modules/${name}`] ?? packages[`node_modules/${name}`];
    if (!locked) problems.push(`${path} needs ${name}, which is not in the lock file`);
  }
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
