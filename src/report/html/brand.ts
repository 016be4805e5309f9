// Our name at the top of a page.

import { markup } from './markup.ts';

const flame = markup`<svg class="flame" width="13" height="16" viewBox="0 0 13 16" aria-hidden="true"><path d="M6.2 0C7 3.2 12.6 5.400 12.600 10.200A6.200 5.800 0 0 1 0.200 10.200C0.200 7.600 1.800 6.600 2.600 4.600C3.800 5.600 4 6.400 4 7.400C5.600 5.800 6.600 3.400 6.200 0Z"/></svg>`;

export const brand = markup`<span class="brand">${flame} Firedrill</span>`;
