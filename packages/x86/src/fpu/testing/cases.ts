/** All cases by the name of their corpus. */
import type { Case } from './compare.ts';
import { sseCases } from './sse-cases.ts';
import { x87Cases } from './x87-cases.ts';

export const corpora: Readonly<Record<string, readonly Case[]>> = { x87: x87Cases, sse: sseCases };
