/** A Wasm module with a load and a store for each memop, each with the inline probe in front of the slow path: generated code in miniature. */
import type { Arena, HostPtr, VaddrBits } from '@emu/vaddr';
import { I32, I64, ModuleBuilder, type FuncBuilder } from '@emu/wasm';
import { MemOp, MMU_IDX_SHIFT } from '../memop.ts';
import { emitProbe } from '../probe.ts';
import type { SoftMmu } from '../soft-mmu.ts';

export interface AccessModule {
  /** The value, extended as the memop says to 64 bits; 16 bytes give their low 64. Look at the fault flag afterwards. */
  load(op: number, va: bigint): bigint;
  /** 16 bytes store the value twice. */
  store(op: number, va: bigint, value: bigint): void;
  /** Probe misses so far: calls of the slow path. */
  readonly misses: () => number;
}

const OPS = [MemOp.b8, MemOp.b16, MemOp.b32, MemOp.b64, MemOp.b128].flatMap((op) => [op, op | MemOp.SIGN, op | MemOp.ALIGN, op | MemOp.RMW]);

/** `local`: the probes take the descriptor's address from a local instead of a constant. */
export function accessModule(arena: Arena, mmu: SoftMmu, mailbox: HostPtr, retHi: HostPtr, mmuIdx = 0, local = false): AccessModule {
  const { vaddrBits } = mmu;
  const descriptor = mmu.descriptor(mmuIdx);
  const m = new ModuleBuilder();
  m.importMemory('env', 'memory', { min: 1, max: 65536 });
  const slowLoad = m.importFunc('env', 'slowLoad', [I32, I32, I32], [I32]);
  const slowStore = m.importFunc('env', 'slowStore', [I32, I32, I32, I32, I32], []);
  for (const op of OPS) {
    loadFunc(m, op, { slow: slowLoad, mmuIdx, vaddrBits, descriptor, local, mailbox, retHi });
    storeFunc(m, op, { slow: slowStore, mmuIdx, vaddrBits, descriptor, local, mailbox, retHi });
  }
  let misses = 0;
  const env = {
    memory: arena.memory,
    slowLoad: (oi: number, lo: number, hi: number) => (misses++, mmu.slowLoad(oi, lo, hi)),
    slowStore: (oi: number, lo: number, hi: number, vLo: number, vHi: number) => { misses++; mmu.slowStore(oi, lo, hi, vLo, vHi); },
  };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.finish() as BufferSource), { env });
  return {
    load: (op, va) => BigInt.asUintN(64, (exports[`load${op}`] as (va: bigint) => bigint)(va)),
    store: (op, va, value) => (exports[`store${op}`] as (va: bigint, value: bigint) => void)(va, value),
    misses: () => misses,
  };
}

interface Context { slow: number; mmuIdx: number; vaddrBits: VaddrBits; descriptor: HostPtr; local: boolean; mailbox: HostPtr; retHi: HostPtr }

function begin(m: ModuleBuilder, name: string, op: number, access: 'read' | 'write', c: Context): { f: FuncBuilder; host: number } {
  const f = m.func({ name, params: access === 'read' ? [I64] : [I64, I64], results: access === 'read' ? [I64] : [] });
  m.exportFunc(name, f);
  const host = f.local(I32), entry = f.local(I32), base = f.local(I32);
  f.i32Const(c.descriptor);
  f.localSet(base);
  emitProbe(f, { addr: 0, access, memop: op, host, entry, vaddrBits: c.vaddrBits, descriptor: c.local ? { local: base } : { at: c.descriptor } });
  return { f, host };
}

/** Pushes the memop index and the halves of the address. */
function slowArguments(f: FuncBuilder, op: number, c: Context): void {
  f.i32Const(op | (c.mmuIdx << MMU_IDX_SHIFT));
  halves(f, 0);
}

function halves(f: FuncBuilder, local: number): void {
  f.localGet(local);
  f.i32WrapI64();
  f.localGet(local);
  f.i64Const(32, 0);
  f.i64ShrU();
  f.i32WrapI64();
}

function loadFunc(m: ModuleBuilder, op: number, c: Context): void {
  const { f, host } = begin(m, `load${op}`, op, 'read', c);
  const size = op & MemOp.SIZE, signed = (op & MemOp.SIGN) !== 0;
  f.if_(I64);
  f.localGet(host);
  if (size === MemOp.b8) if (signed) f.i64Load8S(); else f.i64Load8U();
  else if (size === MemOp.b16) if (signed) f.i64Load16S(0, 0); else f.i64Load16U(0, 0);
  else if (size === MemOp.b32) if (signed) f.i64Load32S(0, 0); else f.i64Load32U(0, 0);
  else f.i64Load(0, 0);
  f.else_();
  slowArguments(f, op, c);
  f.call(c.slow);
  if (size === MemOp.b128) {
    f.drop();
    f.i32Const(c.mailbox);
    f.i64Load();
  } else {
    f.i64ExtendI32U();
    f.i32Const(c.retHi);
    f.i64Load32U();
    f.i64Const(32, 0);
    f.i64Shl();
    f.i64Or();
  }
  f.end();
  f.end();
}

function storeFunc(m: ModuleBuilder, op: number, c: Context): void {
  const { f, host } = begin(m, `store${op}`, op, 'write', c);
  const size = op & MemOp.SIZE;
  f.if_();
  f.localGet(host);
  f.localGet(1);
  if (size === MemOp.b8) f.i64Store8();
  else if (size === MemOp.b16) f.i64Store16(0, 0);
  else if (size === MemOp.b32) f.i64Store32(0, 0);
  else if (size === MemOp.b64) f.i64Store(0, 0);
  else {
    f.i64x2Splat();
    f.v128Store(0, 0);
  }
  f.else_();
  if (size === MemOp.b128) {
    f.i32Const(c.mailbox);
    f.localGet(1);
    f.i64x2Splat();
    f.v128Store(0, 0);
  }
  slowArguments(f, op, c);
  halves(f, 1);
  f.call(c.slow);
  f.end();
  f.end();
}
