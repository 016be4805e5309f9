// What a lane says about the moment under the pointer. It is data for the page's small script; without the script the
// picture says the same by its lines and marks.

/** [from, text]: the text holds from this percentage of the width on, until the next entry. '' says nothing. */
export type Readout = readonly (readonly [fromPercent: number, text: string])[];

/** Entries that one lane gives to the script at most. */
const entriesMax = 400;

/** Every n-th entry, so that a long run does not make a large page; the last always stays. */
export function bounded(readout: Readout): Readout {
  if (readout.length <= entriesMax) return readout;
  const every = Math.ceil(readout.length / entriesMax);
  return readout.filter((_, index) => index % every === 0 || index === readout.length - 1);
}
