/** Misuse of the IR or of the engine by the program that uses them. */
import { EmuError } from '@emu/vaddr';

/** Malformed IR: unknown op, wrong operand type, bad text, a helper called with the wrong arguments. */
export class IrError extends EmuError {}

/** An engine asked for what it cannot do: an impossible slice, TB size or TB. */
export class EngineError extends EmuError {}
