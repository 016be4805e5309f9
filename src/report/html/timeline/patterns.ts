// Fill patterns that the picture refers to, drawn once a page.

import { markup } from '../markup.ts';

export const patterns = markup`<svg class="patterns" width="0" height="0" aria-hidden="true"><defs><pattern id="pending-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-ground" width="6" height="6"/><rect class="hatch-ink" width="2.5" height="6"/></pattern></defs></svg>`;
