/** Misuse of the compiler by its caller. */
import { EmuError } from '@emu/vaddr';

export class JitError extends EmuError {}
