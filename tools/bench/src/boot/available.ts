/** Which of our engines this checkout has: a machine of each is made and not run. */
import { createMachine } from '@emu/machine';

export async function available(): Promise<('tci' | 'jit')[]> {
  const found: ('tci' | 'jit')[] = [];
  for (const kind of ['tci', 'jit'] as const) {
    try {
      await createMachine({ memory: 16 * 2 ** 20, accel: { kind }, kernel: TINY });
      found.push(kind);
    } catch (error) {
      if (!(error as Error).message.startsWith(`-accel ${kind}`)) throw error;
    }
  }
  return found;
}

/** A multiboot 1 header alone is a kernel that can be loaded: magic, no flags, checksum. */
const TINY = new Uint8Array(new Uint32Array([0x1badb002, 0, -0x1badb002]).buffer);
