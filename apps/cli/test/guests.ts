/** The guests that tools/guest builds, as arguments of an emulator whose serial console is on standard streams. */
import { buildGuest, recipe, type Guest } from '@emu/tools-guest';
import { Emulator, type Program } from './emulator.ts';

export interface BootOptions {
  /** Words for the kernel command line behind the console and the root. */
  readonly append?: string;
  /** Default: the guest's image, whose writes are dropped at the end. */
  readonly disk?: string;
  readonly memory?: string;
  /** More options. */
  readonly extra?: readonly string[];
  readonly program?: Program;
}

/** Builds the guest of a recipe if it is missing, which takes the network and minutes. */
export const guest = (name: string): Guest => buildGuest(recipe(name), { log: (line) => console.error(line) });

/** Starts an emulator on a guest; its shell comes up on the console. */
export function boot({ dir, kernel, initrd, rootfs }: Guest, options: BootOptions = {}): Emulator {
  const { append = '', disk = `if=virtio,format=raw,file=${rootfs},snapshot=on`, memory = '512M', extra = [], program } = options;
  return new Emulator([
    '-nographic', '-m', memory, '-L', `${dir}/`, '-drive', disk, '-kernel', kernel, '-initrd', initrd,
    '-append', `earlyprintk=ttyS0 console=ttyS0 root=/dev/vda loglevel=7 ${append}`.trim(), ...extra,
  ], program);
}

/** What a kernel prints when something is wrong with it, found in its log. */
export function kernelTroubles(log: string): string[] {
  return log.split('\n').filter((line) => /\bOops\b|\bBUG\b|WARNING:|Call Trace|soft lockup|rcu.*stall|Kernel panic|general protection|unable to handle|segfault/.test(line));
}
