/**
 * How an instruction reaches memory, as far as the exception of a faulting access depends on it: a bit mask in the second word of
 * `insn_start`, written by the translator and looked at when a fault is delivered. Intel SDM Vol. 3, 6.15, interrupts 12, 13, 17.
 */
export const Accesses = {
  /** Through SS: #SS where the address is not canonical. */
  STACK: 1,
  /** Through another segment: #GP. */
  OTHER: 2,
  /** An operand that must be aligned whatever EFLAGS.AC says: #GP, not #AC. */
  ALIGNED: 4,
} as const;
