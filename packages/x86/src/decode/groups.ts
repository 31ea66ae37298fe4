/** The 0F groups opcode map. */
import type { Row } from './row.ts';

export const GROUPS: readonly Row[] = [];
