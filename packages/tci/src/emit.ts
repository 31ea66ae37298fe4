/** What the emitters of the interpreter's cases share. */
import { HDR } from '@emu/tcg';
import type { HostPtr } from '@emu/vaddr';
import type { FuncBuilder } from '@emu/wasm';
import { WORD } from './bytecode.ts';

/** The interpreter function in the making. */
export interface Emitter {
  readonly f: FuncBuilder;
  /** Locals: address of the instruction, address of the running TB's record. */
  readonly ip: number;
  readonly tb: number;
  /** Address of the CPU header. */
  readonly header: HostPtr;
  readonly jumpCache: HostPtr;
  /** Index of the imported lookup behind the jump cache, or -1. */
  readonly lookup: number;
  /** Labels: next instruction (at `ip`), enter the TB in `tb`, leave with Exit.FAULT for the instruction at `ip`. */
  readonly next: number;
  readonly enter: number;
  readonly fault: number;
  /** What follows the case runs next, without a dispatch. */
  readonly continues: boolean;
}

/** Pushes word `i` of the instruction. */
export function word(e: Emitter, i: number): void {
  e.f.localGet(e.ip);
  e.f.i32Load(i * WORD);
}

/** Goes on with the instruction `bytes` later. */
export function advance(e: Emitter, bytes: number): void {
  e.f.localGet(e.ip);
  e.f.i32Const(bytes);
  e.f.i32Add();
  e.f.localSet(e.ip);
  if (!e.continues) e.f.br(e.next);
}

/** Stores a constant in the CPU header. */
export function setHeader(e: Emitter, field: 'exitReason' | 'exitSlot', value: number): void {
  e.f.i32Const(e.header);
  e.f.i32Const(value);
  e.f.i32Store(HDR[field]);
}

/** Returns to the engine, with the running TB as `exitTb`. `exitSlot` has been set where the reason needs it. */
export function leave(e: Emitter, reason: number): void {
  setHeader(e, 'exitReason', reason);
  e.f.i32Const(e.header);
  e.f.localGet(e.tb);
  e.f.i32Store(HDR.exitTb);
  e.f.return_();
}

/** Goes to the fault exit if a helper or slow path raised. */
export function checkFault(e: Emitter): void {
  e.f.i32Const(e.header);
  e.f.i32Load(HDR.fault);
  e.f.brIf(e.fault);
}
