// The table of faults: what was broken, by which driver, and how often it hit.

import type { FaultVerdict } from '../../../experiment/verdict.ts';
import { type Markup, markup } from '../markup.ts';
import { cell, evidenceList, section, verdictWord } from './item.ts';

export function faultsSection(faults: readonly FaultVerdict[], zeroMs: number): Markup | false {
  if (faults.length === 0) return false;
  return section(
    'faults',
    'Faults',
    markup`<table class="items">
<thead><tr><th scope="col">Fault</th><th scope="col">Verdict</th><th scope="col">Kind</th><th scope="col">Driver</th><th scope="col">Targets</th><th scope="col">Hits</th></tr></thead>
${faults.map(
  (fault) => markup`<tbody>
<tr><th scope="row">${fault.name}</th>${cell('Verdict', verdictWord(fault.verdict, fault.judgement))}${cell('Kind', fault.kind)}${cell('Driver', fault.driver ?? '–')}${cell('Targets', fault.targets.join(', '))}${cell('Hits', fault.hits === null ? 'not counted' : String(fault.hits))}</tr>
<tr class="detail"><td colspan="6"><p class="reason">${fault.reason}</p>${evidenceList(fault.evidence, zeroMs)}</td></tr>
</tbody>
`,
)}
</table>`,
  );
}
