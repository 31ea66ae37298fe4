/** All helpers that x86 emitters call, by name, one factory a subject. */
import type { HelperRegistry } from '@emu/tcg';
import type { X86Cpu } from '../cpu.ts';
import { arithHelpers } from './arith.ts';
import { bcdHelpers } from './bcd.ts';
import { coreHelpers } from './core.ts';
import { fpuHelpers } from './fpu.ts';
import { segmentHelpers } from './segment.ts';
import { simdHelpers } from './simd.ts';
import { stringHelpers } from './string.ts';
import { systemHelpers } from './system.ts';
import { vectorHelpers } from './vector.ts';
import { xstateHelpers } from './xstate.ts';

export function createHelpers(r: HelperRegistry, cpu: X86Cpu) {
  return {
    ...coreHelpers(r, cpu),
    ...arithHelpers(r, cpu),
    ...fpuHelpers(r, cpu),
    ...segmentHelpers(r, cpu),
    ...systemHelpers(r, cpu),
    ...stringHelpers(r, cpu),
    ...bcdHelpers(r, cpu),
    ...xstateHelpers(r, cpu),
    ...simdHelpers(r, cpu),
    ...vectorHelpers(r, cpu),
  };
}
export type X86Helpers = ReturnType<typeof createHelpers>;
