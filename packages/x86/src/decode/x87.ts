/** The x87 opcode map. */
import type { Row } from './row.ts';

export const X87: readonly Row[] = [];
