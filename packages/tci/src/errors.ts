/** Misuse of the interpreter by its caller. */
import { EmuError } from '@emu/vaddr';

/** The TB cannot be encoded or the interpreter cannot be built as asked. */
export class TciError extends EmuError {}
