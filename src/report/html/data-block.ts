// Data for the page's script, inside the page.

import { type Markup, markup, trusted } from './markup.ts';

/** A JSON block that no text inside it can end: `<` is written as an escape. */
export function dataBlock(id: string, data: unknown): Markup {
  const json = JSON.stringify(data).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return markup`<script type="application/json" id="${id}">${trusted(json)}</script>`;
}
