/** Misuse of the assembler by its caller. */
import { EmuError } from '@emu/vaddr';

/** The module asked for cannot be encoded: an unknown index, a closed block, a value out of range. */
export class WasmError extends EmuError {}
