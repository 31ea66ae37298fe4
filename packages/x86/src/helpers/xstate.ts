/** Helpers of FXSAVE, the XSAVE family, XSETBV and LDMXCSR. */
import type { HelperRegistry } from '@emu/tcg';
import type { X86Cpu } from '../cpu.ts';
import { setXcr0 } from '../system/control-registers.ts';
import { XState } from '../system/xstate.ts';

export function xstateHelpers(r: HelperRegistry, cpu: X86Cpu) {
  const x = new XState(cpu);
  return {
    /** (address, 1 for the REX.W form) */
    fxsave: r.js('fxsave', ['i64', 'i32'], 'void', (lo, hi, wide) => x.fxsave(lo!, hi!, wide !== 0), { noWriteGlobals: true }),
    fxrstor: r.js('fxrstor', ['i64', 'i32'], 'void', (lo, hi, wide) => x.fxrstor(lo!, hi!, wide !== 0)),
    /** (address, 1 for REX.W, EAX, 1 = compacted | 2 = only what is in use) */
    xsave: r.js('xsave', ['i64', 'i32', 'i32', 'i32'], 'void',
      (lo, hi, wide, features, how) => x.xsave(lo!, hi!, wide !== 0, features!, (how! & 1) !== 0, (how! & 2) !== 0), { noWriteGlobals: true }),
    xrstor: r.js('xrstor', ['i64', 'i32', 'i32'], 'void', (lo, hi, wide, features) => x.xrstor(lo!, hi!, wide !== 0, features!)),
    /** (ECX, EDX:EAX) */
    xsetbv: r.js('xsetbv', ['i32', 'i64'], 'void', (index, lo, hi) => setXcr0(cpu, index!, lo!, hi!), { noWriteGlobals: true }),
    loadMxcsr: r.js('loadMxcsr', ['i32'], 'void', (value) => x.loadMxcsr(value!), { noWriteGlobals: true }),
  };
}
