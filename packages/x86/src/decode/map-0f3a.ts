/** The 0F 3A opcode map. */
import type { Row } from './row.ts';

export const MAP_0F3A: readonly Row[] = [];
