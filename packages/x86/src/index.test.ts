import { expect, test } from 'vitest';
import * as api from './index.ts';

test('the package exports these names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'ALL_ROWS', 'ATTR', 'CPU_MODELS', 'CR0', 'CR4', 'CpuModel', 'CpuModelError', 'DecodeTableError', 'Decoded', 'EFER', 'EFLAGS', 'FEATURES', 'FLAG_BITS', 'HF',
    'Imm', 'Insn', 'MAX_LENGTH', 'Method', 'Mmu', 'NONE', 'OpMap', 'Reg', 'Row', 'Seg', 'SegReg', 'Size', 'Vector', 'X86Cpu', 'X86Guest', 'X86_STATE',
    'createX86', 'decode', 'decodeFetching', 'operandBits',
  ]);
});
