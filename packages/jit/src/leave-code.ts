/** What a region tells the runtime when it leaves: below `GOTO0` the index of the instruction that faulted. */
export const Leave = { BUDGET: -1, GOTO0: 0x400, GOTO1: 0x401, LOOKUP: 0x402, EXIT: 0x403 } as const;
