/** Misuse of the IR by the program that builds it. */
import { EmuError } from '@emu/vaddr';

/** Malformed IR: unknown op, wrong operand type, bad text, a helper called with the wrong arguments. */
export class IrError extends EmuError {}
