import { EmuError } from '@emu/vaddr';

/** The kernel, initrd or command line cannot be booted on the machine as configured. */
export class BootError extends EmuError {}
