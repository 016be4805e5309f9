// Serves a folder and fails every read in it, and waits to be killed. Arguments: scratch folder, the folder. Prints what a
// command is started with that sees it.

import { FileSystem } from '../../../src/faults/io-chaos/file-system.ts';

const [scratch, folder] = process.argv.slice(2);
const fileSystem = await FileSystem.start(scratch!);
await fileSystem.begin({
  action: 'fault',
  methods: ['read'],
  pattern: undefined,
  percent: 100,
  seed: 1,
  errno: 5,
});
console.log(JSON.stringify(fileSystem.over(folder!).prefix));
setInterval(() => {}, 60_000);
