// Generates schema/experiment.schema.json, from which editors complete and check experiment files.

import { experimentJsonSchema } from './experiment-json-schema.ts';
import { writeGenerated } from './generated.ts';

const text = `${JSON.stringify(experimentJsonSchema(), null, 2)}\n`;
writeGenerated('schema/experiment.schema.json', text, 'scripts/schema.ts');
