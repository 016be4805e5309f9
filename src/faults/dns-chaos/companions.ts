// The file that runs beside us in other processes. It lies in our own folder, from source as well as built.

import { fileURLToPath } from 'node:url';

/** Loaded into Node.js targets. */
export const preloadFile = fileURLToPath(new URL('./preload.cjs', import.meta.url));
