// The files that run beside us in other processes. They lie in our own folder, from source as well as built.

import { fileURLToPath } from 'node:url';

/** Loaded into Node.js targets. */
export const preloadFile = fileURLToPath(new URL('./preload.cjs', import.meta.url));

/** The command line of the helper in a namespace; from source it needs the loader that runs us. */
export function namespaceRelayCommand(): string[] {
  const fromSource = import.meta.url.endsWith('.ts');
  const file = new URL(fromSource ? './namespace-relay.ts' : './namespace-relay.js', import.meta.url);
  const loader = fromSource ? ['--import', import.meta.resolve('tsx')] : [];
  return [process.execPath, ...loader, fileURLToPath(file)];
}
