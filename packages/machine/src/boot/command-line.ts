/** The kernel command line in guest memory. */
import { CMDLINE_MAX, LOW } from './cpu.ts';
import { BootError } from './errors.ts';
import type { BootMemory } from './memory.ts';

/** Writes `text` with its NUL and returns its address. `max`: the kernel's own limit without the NUL, in bytes. */
export function writeCommandLine(memory: BootMemory, text: string, max = CMDLINE_MAX - 1): number {
  const bytes = new TextEncoder().encode(text);
  const limit = Math.min(max, CMDLINE_MAX - 1);
  if (bytes.length > limit) throw new BootError(`-append is ${bytes.length} bytes long; this kernel takes at most ${limit}`);
  if (bytes.includes(0)) throw new BootError('-append contains a NUL character; leave it out');
  const line = new Uint8Array(bytes.length + 1);
  line.set(bytes);
  memory.write(LOW.CMDLINE, line);
  return LOW.CMDLINE;
}
