import { EmuError } from '@emu/vaddr';

/** The machine could not be made as described, or was used in a state that does not allow it. */
export class MachineError extends EmuError {}

/** The error with the name of the option before it whose wish could not be fulfilled, if it is one for our caller. */
export function ofOption(option: string, error: unknown): unknown {
  if (error instanceof EmuError) error.message = `${option}: ${error.message}`;
  return error;
}
