import { EmuError } from '@emu/vaddr';

/** The machine could not be made as described, or was used in a state that does not allow it. */
export class MachineError extends EmuError {}
