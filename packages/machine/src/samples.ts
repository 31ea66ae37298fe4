/** Tiny guests for tests and examples: machine code that means the same in 32-bit and in 64-bit mode, wrapped as a multiboot kernel. */
import { multiboot } from './boot/samples.ts';

/** Pieces of machine code; `port` and values are numbers. */
export const asm = {
  /** mov dx, port; mov al, value; out dx, al */
  outb: (port: number, value: number): number[] => [0x66, 0xba, port & 0xff, port >>> 8, 0xb0, value, 0xee],
  /** mov dx, port; mov ax, value; out dx, ax */
  outw: (port: number, value: number): number[] => [0x66, 0xba, port & 0xff, port >>> 8, 0x66, 0xb8, value & 0xff, value >>> 8, 0x66, 0xef],
  /** mov dx, port; in al, dx */
  inb: (port: number): number[] => [0x66, 0xba, port & 0xff, port >>> 8, 0xec],
  /** Each character to COM1. */
  print: (text: string): number[] => [...text].flatMap((c) => asm.outb(0x3f8, c.charCodeAt(0))),
  /** cli; hlt; jmp back */
  stop: (): number[] => [0xfa, 0xf4, 0xeb, 0xfc],
  /** jmp to the next instruction: ends a translation block */
  jumpOn: (): number[] => [0xeb, 0x00],
  /** test al, al; jnz over `code` */
  ifZero: (code: readonly number[]): number[] => [0x84, 0xc0, 0x75, code.length, ...code],
} as const;

/** A kernel that runs `code`, then stops. */
export const guest = (...code: readonly (readonly number[])[]): Uint8Array => multiboot(Uint8Array.from([...code.flat(), ...asm.stop()]));
