import { EmuError } from '@emu/vaddr';

/** An option that does not exist, is not supported, or has an impossible value. */
export class OptionError extends EmuError {}
