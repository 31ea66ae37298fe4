/** The 0F (vectors) opcode map. */
import type { Row } from './row.ts';

export const MAP_0F_SSE: readonly Row[] = [];
