// Service: a group of SLOs, with nothing but a description. SLOs may name services that no file defines.

import { z } from 'zod';
import { description } from '../scalars.ts';

export const serviceSpec = z.strictObject({ description: description.optional() });
