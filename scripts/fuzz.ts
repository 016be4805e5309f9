// A million hostile bodies for everything that reads what others send: `npm run fuzz`, or with a number of cases of
// each kind and a first seed. Ends with the case that crashed or took too long, to be made again from its seed.

import { fuzzCase, fuzzTargets, processorMs } from '../test/server/fuzz-cases.ts';

const [casesText = '100000', firstText = '0'] = process.argv.slice(2);
const [cases, first] = [Number(casesText), Number(firstText)];
/** Of processor time. */
const slowMs = 100;

let findings = 0;
for (const target of fuzzTargets) {
  let slowest = 0;
  const startedMs = performance.now();
  for (let seed = first; seed < first + cases; seed++) {
    const body = fuzzCase(target, seed);
    const tookMs = processorMs(() => {
      try {
        target.take(body);
      } catch (error) {
        findings++;
        console.error(`${target.name}, seed ${seed}: ${(error as Error).stack}\n${body.toString('base64')}`);
      }
    });
    slowest = Math.max(slowest, tookMs);
    if (tookMs <= slowMs) continue;
    findings++;
    console.error(`${target.name}, seed ${seed}: ${tookMs.toFixed(0)} ms\n${body.toString('base64')}`);
  }
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${target.name}: ${cases} cases in ${seconds} s, the slowest ${slowest.toFixed(1)} ms`);
}
const megabytes = Math.round(process.memoryUsage().rss / 2 ** 20);
console.log(`${cases * fuzzTargets.length} cases, ${findings} findings, ${megabytes} MB`);
process.exitCode = findings > 0 ? 1 : 0;
