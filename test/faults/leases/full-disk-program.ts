// Opens a lease and extends it until that is refused; prints the refusal and what the journal holds then.

import type { UserError } from '../../../src/base/diagnostics.ts';
import { exampleLease, journalIn } from './program-support.ts';

const journal = journalIn(process.argv[2]!);
try {
  await journal.open(exampleLease());
  const path = `/tmp/${'x'.repeat(100_000)}`;
  await journal.extend('run-a.001', [{ type: 'remove', path }]);
  console.log('accepted');
} catch (error) {
  const [diagnostic] = (error as UserError).diagnostics;
  console.log(`refused ${diagnostic?.code}: ${diagnostic?.message}`);
}
const lease = await journal.read('run-a.001');
console.log(`kept ${lease?.id} with ${lease?.undo.length} steps`);
