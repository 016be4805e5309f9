// The stress worker's own program: one JSON argument says what it is to do.

import { type WorkerOrder, work } from './stress-worker.ts';

work(JSON.parse(process.argv[2] ?? '') as WorkerOrder);
