/** The code fetch of the next instruction as generated code: linear address from the TB key, then the probe of the code TLB. */
import { emitProbe, MemOp } from '@emu/softmmu';
import type { SoftMmu } from '@emu/softmmu';
import { HDR } from '@emu/tcg';
import type { TbLookupOptions } from '@emu/tcg';
import type { HostPtr } from '@emu/vaddr';
import { I32, I64 } from '@emu/wasm';
import { HF, Mmu } from './hflags.ts';

/** What `createTbLookup` asks of the guest. `header` is the CPU state. */
export const hostPcEmitter = (mmu: SoftMmu, header: HostPtr): TbLookupOptions['emitHostPc'] => (f, host) => {
  const addr = f.local(I64, 'linear'), descriptor = f.local(I32, 'descriptor'), entry = f.local(I32, 'tlbEntry');
  const flag = (mask: number) => {
    f.i32Const(header);
    f.i32Load(HDR.flags);
    f.i32Const(mask);
    f.i32And();
  };
  // 64-bit code has no base; elsewhere linear addresses have 32 bits
  f.i32Const(header);
  f.i64Load(HDR.pc);
  f.i32Const(header);
  f.i64Load(HDR.pc);
  f.i32Const(header);
  f.i64Load(HDR.csBase);
  f.i64Add();
  f.i64Const(-1, 0);
  f.i64And();
  flag(HF.CS64);
  f.select();
  f.localSet(addr);
  f.i32Const(mmu.descriptor(Mmu.USER));
  f.i32Const(mmu.descriptor(Mmu.KERNEL));
  flag(HF.CPL);
  f.i32Const(HF.CPL);
  f.i32Eq();
  f.select();
  f.localSet(descriptor);
  emitProbe(f, { addr, access: 'fetch', memop: MemOp.b8, descriptor: { local: descriptor }, host, entry });
};
