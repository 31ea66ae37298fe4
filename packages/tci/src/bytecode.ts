/**
 * The bytecode: instructions of 32-bit words in linear memory.
 *
 *     word 0     case number (16 bits), index of the guest instruction (16 bits, for ops that may fault)
 *     word 1...  an address for each output and input: a cell of a temp, of a global in CPU state, or a word of the constant pool
 *     then       what the case needs besides: immediates, branch targets (addresses of instructions), vectors
 *
 * Cells and pool words have 8 bytes (16 for v128) whatever they hold, so one accessor reads them; an i32 uses the low half.
 */
export const WORD = 4;
/** Byte offset of the guest instruction's index in word 0. */
export const INSN_OFFSET = 2;
export const MAX_CASES = 0x10000;

/** Something a case reads from its instruction besides operands, computed from the op's immediates when the op is encoded. */
export type Extra =
  | { readonly kind: 'i32'; readonly value: (imm: (operand: number) => number) => number }
  | { readonly kind: 'i64'; readonly lo: (imm: (operand: number) => number) => number; readonly hi: (imm: (operand: number) => number) => number }
  | { readonly kind: 'v128'; readonly operand: number; readonly value: (bytes: Uint8Array) => Uint8Array };

export const EXTRA_WORDS = { i32: 1, i64: 2, v128: 4 } as const;

/** One target of the interpreter's `br_table`. */
export interface Case {
  /** The op, its type and its variant: `setcond_i64_ltu`. */
  readonly name: string;
  readonly extras: readonly Extra[];
}
