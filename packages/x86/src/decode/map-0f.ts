/** The 0F opcode map. */
import type { Row } from './row.ts';

export const MAP_0F: readonly Row[] = [];
