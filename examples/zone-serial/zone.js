// Which zone, and where it lies: what the three programs of this story agree on.

import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const zone = 'example.test';
export const zoneFile = process.env.ZONE_FILE ?? join(tmpdir(), `firedrill-${zone}.zone`);
