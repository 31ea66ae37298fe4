/** The 0F 38 opcode map. */
import type { Row } from './row.ts';

export const MAP_0F38: readonly Row[] = [];
