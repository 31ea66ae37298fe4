/** By scripts/generate.ts from src/opcodes.ts; do not edit. One emitting method an instruction. */
import { CodeWriter } from '../code-writer.ts';
import type { RefType, ValType } from '../types.ts';

export abstract class Instructions extends CodeWriter {
  /** `unreachable` [] -> [] */
  unreachable(): void { this.op(0x00); }
  /** `nop` [] -> [] */
  nop(): void { this.op(0x01); }
  /** `return` */
  return_(): void { this.op(0x0f); }
  /** `call` */
  call(func: number): void { this.op(0x10); this.indexIn('funcs', func); }
  /** `call_indirect` */
  callIndirect(type: number, table = 0): void { this.op(0x11); this.indexIn('types', type); this.indexIn('tables', table); }
  /** `return_call` */
  returnCall(func: number): void { this.op(0x12); this.indexIn('funcs', func); }
  /** `return_call_indirect` */
  returnCallIndirect(type: number, table = 0): void { this.op(0x13); this.indexIn('types', type); this.indexIn('tables', table); }
  /** `drop` */
  drop(): void { this.op(0x1a); }
  /** `select` */
  select(): void { this.op(0x1b); }
  /** `select_typed` */
  selectTyped(type: ValType): void { this.op(0x1c); this.typeVector(type); }
  /** `ref.null` */
  refNull(type: RefType): void { this.op(0xd0); this.heapType(type); }
  /** `ref.is_null` */
  refIsNull(): void { this.op(0xd1); }
  /** `ref.func` */
  refFunc(func: number): void { this.op(0xd2); this.indexIn('funcs', func); }
  /** `local.get` */
  localGet(index: number): void { this.opLocal(0x20, index); }
  /** `local.set` */
  localSet(index: number): void { this.opLocal(0x21, index); }
  /** `local.tee` */
  localTee(index: number): void { this.opLocal(0x22, index); }
  /** `global.get` */
  globalGet(index: number): void { this.op(0x23); this.indexIn('globals', index); }
  /** `global.set` */
  globalSet(index: number): void { this.op(0x24); this.indexIn('globals', index); }
  /** `table.get` */
  tableGet(table = 0): void { this.op(0x25); this.indexIn('tables', table); }
  /** `table.set` */
  tableSet(table = 0): void { this.op(0x26); this.indexIn('tables', table); }
  /** `i32.load` [address] -> [i32] */
  i32Load(offset = 0, alignLog2 = 2): void { this.op(0x28); this.memarg(alignLog2, 2, offset); }
  /** `i64.load` [address] -> [i64] */
  i64Load(offset = 0, alignLog2 = 3): void { this.op(0x29); this.memarg(alignLog2, 3, offset); }
  /** `f32.load` [address] -> [f32] */
  f32Load(offset = 0, alignLog2 = 2): void { this.op(0x2a); this.memarg(alignLog2, 2, offset); }
  /** `f64.load` [address] -> [f64] */
  f64Load(offset = 0, alignLog2 = 3): void { this.op(0x2b); this.memarg(alignLog2, 3, offset); }
  /** `i32.load8_s` [address] -> [i32] */
  i32Load8S(offset = 0, alignLog2 = 0): void { this.op(0x2c); this.memarg(alignLog2, 0, offset); }
  /** `i32.load8_u` [address] -> [i32] */
  i32Load8U(offset = 0, alignLog2 = 0): void { this.op(0x2d); this.memarg(alignLog2, 0, offset); }
  /** `i32.load16_s` [address] -> [i32] */
  i32Load16S(offset = 0, alignLog2 = 1): void { this.op(0x2e); this.memarg(alignLog2, 1, offset); }
  /** `i32.load16_u` [address] -> [i32] */
  i32Load16U(offset = 0, alignLog2 = 1): void { this.op(0x2f); this.memarg(alignLog2, 1, offset); }
  /** `i64.load8_s` [address] -> [i64] */
  i64Load8S(offset = 0, alignLog2 = 0): void { this.op(0x30); this.memarg(alignLog2, 0, offset); }
  /** `i64.load8_u` [address] -> [i64] */
  i64Load8U(offset = 0, alignLog2 = 0): void { this.op(0x31); this.memarg(alignLog2, 0, offset); }
  /** `i64.load16_s` [address] -> [i64] */
  i64Load16S(offset = 0, alignLog2 = 1): void { this.op(0x32); this.memarg(alignLog2, 1, offset); }
  /** `i64.load16_u` [address] -> [i64] */
  i64Load16U(offset = 0, alignLog2 = 1): void { this.op(0x33); this.memarg(alignLog2, 1, offset); }
  /** `i64.load32_s` [address] -> [i64] */
  i64Load32S(offset = 0, alignLog2 = 2): void { this.op(0x34); this.memarg(alignLog2, 2, offset); }
  /** `i64.load32_u` [address] -> [i64] */
  i64Load32U(offset = 0, alignLog2 = 2): void { this.op(0x35); this.memarg(alignLog2, 2, offset); }
  /** `i32.store` [address i32] -> [] */
  i32Store(offset = 0, alignLog2 = 2): void { this.op(0x36); this.memarg(alignLog2, 2, offset); }
  /** `i64.store` [address i64] -> [] */
  i64Store(offset = 0, alignLog2 = 3): void { this.op(0x37); this.memarg(alignLog2, 3, offset); }
  /** `f32.store` [address f32] -> [] */
  f32Store(offset = 0, alignLog2 = 2): void { this.op(0x38); this.memarg(alignLog2, 2, offset); }
  /** `f64.store` [address f64] -> [] */
  f64Store(offset = 0, alignLog2 = 3): void { this.op(0x39); this.memarg(alignLog2, 3, offset); }
  /** `i32.store8` [address i32] -> [] */
  i32Store8(offset = 0, alignLog2 = 0): void { this.op(0x3a); this.memarg(alignLog2, 0, offset); }
  /** `i32.store16` [address i32] -> [] */
  i32Store16(offset = 0, alignLog2 = 1): void { this.op(0x3b); this.memarg(alignLog2, 1, offset); }
  /** `i64.store8` [address i64] -> [] */
  i64Store8(offset = 0, alignLog2 = 0): void { this.op(0x3c); this.memarg(alignLog2, 0, offset); }
  /** `i64.store16` [address i64] -> [] */
  i64Store16(offset = 0, alignLog2 = 1): void { this.op(0x3d); this.memarg(alignLog2, 1, offset); }
  /** `i64.store32` [address i64] -> [] */
  i64Store32(offset = 0, alignLog2 = 2): void { this.op(0x3e); this.memarg(alignLog2, 2, offset); }
  /** `memory.size` [] -> [address] */
  memorySize(): void { this.op(0x3f); this.u32(0); }
  /** `memory.grow` [address] -> [address] */
  memoryGrow(): void { this.op(0x40); this.u32(0); }
  /** `i32.const` [] -> [i32] */
  i32Const(value: number): void { this.op(0x41); this.i32(value); }
  /** `i64.const` [] -> [i64] */
  i64Const(lo: number, hi = Math.floor(lo / 4294967296)): void { this.op(0x42); this.i64(lo, hi); }
  /** `f32.const` [] -> [f32] */
  f32Const(value: number): void { this.op(0x43); this.f32(value); }
  /** `f64.const` [] -> [f64] */
  f64Const(value: number): void { this.op(0x44); this.f64(value); }
  /** `i32.eqz` [i32] -> [i32] */
  i32Eqz(): void { this.op(0x45); }
  /** `i32.eq` [i32 i32] -> [i32] */
  i32Eq(): void { this.op(0x46); }
  /** `i32.ne` [i32 i32] -> [i32] */
  i32Ne(): void { this.op(0x47); }
  /** `i32.lt_s` [i32 i32] -> [i32] */
  i32LtS(): void { this.op(0x48); }
  /** `i32.lt_u` [i32 i32] -> [i32] */
  i32LtU(): void { this.op(0x49); }
  /** `i32.gt_s` [i32 i32] -> [i32] */
  i32GtS(): void { this.op(0x4a); }
  /** `i32.gt_u` [i32 i32] -> [i32] */
  i32GtU(): void { this.op(0x4b); }
  /** `i32.le_s` [i32 i32] -> [i32] */
  i32LeS(): void { this.op(0x4c); }
  /** `i32.le_u` [i32 i32] -> [i32] */
  i32LeU(): void { this.op(0x4d); }
  /** `i32.ge_s` [i32 i32] -> [i32] */
  i32GeS(): void { this.op(0x4e); }
  /** `i32.ge_u` [i32 i32] -> [i32] */
  i32GeU(): void { this.op(0x4f); }
  /** `i64.eqz` [i64] -> [i32] */
  i64Eqz(): void { this.op(0x50); }
  /** `i64.eq` [i64 i64] -> [i32] */
  i64Eq(): void { this.op(0x51); }
  /** `i64.ne` [i64 i64] -> [i32] */
  i64Ne(): void { this.op(0x52); }
  /** `i64.lt_s` [i64 i64] -> [i32] */
  i64LtS(): void { this.op(0x53); }
  /** `i64.lt_u` [i64 i64] -> [i32] */
  i64LtU(): void { this.op(0x54); }
  /** `i64.gt_s` [i64 i64] -> [i32] */
  i64GtS(): void { this.op(0x55); }
  /** `i64.gt_u` [i64 i64] -> [i32] */
  i64GtU(): void { this.op(0x56); }
  /** `i64.le_s` [i64 i64] -> [i32] */
  i64LeS(): void { this.op(0x57); }
  /** `i64.le_u` [i64 i64] -> [i32] */
  i64LeU(): void { this.op(0x58); }
  /** `i64.ge_s` [i64 i64] -> [i32] */
  i64GeS(): void { this.op(0x59); }
  /** `i64.ge_u` [i64 i64] -> [i32] */
  i64GeU(): void { this.op(0x5a); }
  /** `f32.eq` [f32 f32] -> [i32] */
  f32Eq(): void { this.op(0x5b); }
  /** `f32.ne` [f32 f32] -> [i32] */
  f32Ne(): void { this.op(0x5c); }
  /** `f32.lt` [f32 f32] -> [i32] */
  f32Lt(): void { this.op(0x5d); }
  /** `f32.gt` [f32 f32] -> [i32] */
  f32Gt(): void { this.op(0x5e); }
  /** `f32.le` [f32 f32] -> [i32] */
  f32Le(): void { this.op(0x5f); }
  /** `f32.ge` [f32 f32] -> [i32] */
  f32Ge(): void { this.op(0x60); }
  /** `f64.eq` [f64 f64] -> [i32] */
  f64Eq(): void { this.op(0x61); }
  /** `f64.ne` [f64 f64] -> [i32] */
  f64Ne(): void { this.op(0x62); }
  /** `f64.lt` [f64 f64] -> [i32] */
  f64Lt(): void { this.op(0x63); }
  /** `f64.gt` [f64 f64] -> [i32] */
  f64Gt(): void { this.op(0x64); }
  /** `f64.le` [f64 f64] -> [i32] */
  f64Le(): void { this.op(0x65); }
  /** `f64.ge` [f64 f64] -> [i32] */
  f64Ge(): void { this.op(0x66); }
  /** `i32.clz` [i32] -> [i32] */
  i32Clz(): void { this.op(0x67); }
  /** `i32.ctz` [i32] -> [i32] */
  i32Ctz(): void { this.op(0x68); }
  /** `i32.popcnt` [i32] -> [i32] */
  i32Popcnt(): void { this.op(0x69); }
  /** `i32.add` [i32 i32] -> [i32] */
  i32Add(): void { this.op(0x6a); }
  /** `i32.sub` [i32 i32] -> [i32] */
  i32Sub(): void { this.op(0x6b); }
  /** `i32.mul` [i32 i32] -> [i32] */
  i32Mul(): void { this.op(0x6c); }
  /** `i32.div_s` [i32 i32] -> [i32] */
  i32DivS(): void { this.op(0x6d); }
  /** `i32.div_u` [i32 i32] -> [i32] */
  i32DivU(): void { this.op(0x6e); }
  /** `i32.rem_s` [i32 i32] -> [i32] */
  i32RemS(): void { this.op(0x6f); }
  /** `i32.rem_u` [i32 i32] -> [i32] */
  i32RemU(): void { this.op(0x70); }
  /** `i32.and` [i32 i32] -> [i32] */
  i32And(): void { this.op(0x71); }
  /** `i32.or` [i32 i32] -> [i32] */
  i32Or(): void { this.op(0x72); }
  /** `i32.xor` [i32 i32] -> [i32] */
  i32Xor(): void { this.op(0x73); }
  /** `i32.shl` [i32 i32] -> [i32] */
  i32Shl(): void { this.op(0x74); }
  /** `i32.shr_s` [i32 i32] -> [i32] */
  i32ShrS(): void { this.op(0x75); }
  /** `i32.shr_u` [i32 i32] -> [i32] */
  i32ShrU(): void { this.op(0x76); }
  /** `i32.rotl` [i32 i32] -> [i32] */
  i32Rotl(): void { this.op(0x77); }
  /** `i32.rotr` [i32 i32] -> [i32] */
  i32Rotr(): void { this.op(0x78); }
  /** `i64.clz` [i64] -> [i64] */
  i64Clz(): void { this.op(0x79); }
  /** `i64.ctz` [i64] -> [i64] */
  i64Ctz(): void { this.op(0x7a); }
  /** `i64.popcnt` [i64] -> [i64] */
  i64Popcnt(): void { this.op(0x7b); }
  /** `i64.add` [i64 i64] -> [i64] */
  i64Add(): void { this.op(0x7c); }
  /** `i64.sub` [i64 i64] -> [i64] */
  i64Sub(): void { this.op(0x7d); }
  /** `i64.mul` [i64 i64] -> [i64] */
  i64Mul(): void { this.op(0x7e); }
  /** `i64.div_s` [i64 i64] -> [i64] */
  i64DivS(): void { this.op(0x7f); }
  /** `i64.div_u` [i64 i64] -> [i64] */
  i64DivU(): void { this.op(0x80); }
  /** `i64.rem_s` [i64 i64] -> [i64] */
  i64RemS(): void { this.op(0x81); }
  /** `i64.rem_u` [i64 i64] -> [i64] */
  i64RemU(): void { this.op(0x82); }
  /** `i64.and` [i64 i64] -> [i64] */
  i64And(): void { this.op(0x83); }
  /** `i64.or` [i64 i64] -> [i64] */
  i64Or(): void { this.op(0x84); }
  /** `i64.xor` [i64 i64] -> [i64] */
  i64Xor(): void { this.op(0x85); }
  /** `i64.shl` [i64 i64] -> [i64] */
  i64Shl(): void { this.op(0x86); }
  /** `i64.shr_s` [i64 i64] -> [i64] */
  i64ShrS(): void { this.op(0x87); }
  /** `i64.shr_u` [i64 i64] -> [i64] */
  i64ShrU(): void { this.op(0x88); }
  /** `i64.rotl` [i64 i64] -> [i64] */
  i64Rotl(): void { this.op(0x89); }
  /** `i64.rotr` [i64 i64] -> [i64] */
  i64Rotr(): void { this.op(0x8a); }
  /** `f32.abs` [f32] -> [f32] */
  f32Abs(): void { this.op(0x8b); }
  /** `f32.neg` [f32] -> [f32] */
  f32Neg(): void { this.op(0x8c); }
  /** `f32.ceil` [f32] -> [f32] */
  f32Ceil(): void { this.op(0x8d); }
  /** `f32.floor` [f32] -> [f32] */
  f32Floor(): void { this.op(0x8e); }
  /** `f32.trunc` [f32] -> [f32] */
  f32Trunc(): void { this.op(0x8f); }
  /** `f32.nearest` [f32] -> [f32] */
  f32Nearest(): void { this.op(0x90); }
  /** `f32.sqrt` [f32] -> [f32] */
  f32Sqrt(): void { this.op(0x91); }
  /** `f32.add` [f32 f32] -> [f32] */
  f32Add(): void { this.op(0x92); }
  /** `f32.sub` [f32 f32] -> [f32] */
  f32Sub(): void { this.op(0x93); }
  /** `f32.mul` [f32 f32] -> [f32] */
  f32Mul(): void { this.op(0x94); }
  /** `f32.div` [f32 f32] -> [f32] */
  f32Div(): void { this.op(0x95); }
  /** `f32.min` [f32 f32] -> [f32] */
  f32Min(): void { this.op(0x96); }
  /** `f32.max` [f32 f32] -> [f32] */
  f32Max(): void { this.op(0x97); }
  /** `f32.copysign` [f32 f32] -> [f32] */
  f32Copysign(): void { this.op(0x98); }
  /** `f64.abs` [f64] -> [f64] */
  f64Abs(): void { this.op(0x99); }
  /** `f64.neg` [f64] -> [f64] */
  f64Neg(): void { this.op(0x9a); }
  /** `f64.ceil` [f64] -> [f64] */
  f64Ceil(): void { this.op(0x9b); }
  /** `f64.floor` [f64] -> [f64] */
  f64Floor(): void { this.op(0x9c); }
  /** `f64.trunc` [f64] -> [f64] */
  f64Trunc(): void { this.op(0x9d); }
  /** `f64.nearest` [f64] -> [f64] */
  f64Nearest(): void { this.op(0x9e); }
  /** `f64.sqrt` [f64] -> [f64] */
  f64Sqrt(): void { this.op(0x9f); }
  /** `f64.add` [f64 f64] -> [f64] */
  f64Add(): void { this.op(0xa0); }
  /** `f64.sub` [f64 f64] -> [f64] */
  f64Sub(): void { this.op(0xa1); }
  /** `f64.mul` [f64 f64] -> [f64] */
  f64Mul(): void { this.op(0xa2); }
  /** `f64.div` [f64 f64] -> [f64] */
  f64Div(): void { this.op(0xa3); }
  /** `f64.min` [f64 f64] -> [f64] */
  f64Min(): void { this.op(0xa4); }
  /** `f64.max` [f64 f64] -> [f64] */
  f64Max(): void { this.op(0xa5); }
  /** `f64.copysign` [f64 f64] -> [f64] */
  f64Copysign(): void { this.op(0xa6); }
  /** `i32.wrap_i64` [i64] -> [i32] */
  i32WrapI64(): void { this.op(0xa7); }
  /** `i32.trunc_f32_s` [f32] -> [i32] */
  i32TruncF32S(): void { this.op(0xa8); }
  /** `i32.trunc_f32_u` [f32] -> [i32] */
  i32TruncF32U(): void { this.op(0xa9); }
  /** `i32.trunc_f64_s` [f64] -> [i32] */
  i32TruncF64S(): void { this.op(0xaa); }
  /** `i32.trunc_f64_u` [f64] -> [i32] */
  i32TruncF64U(): void { this.op(0xab); }
  /** `i64.extend_i32_s` [i32] -> [i64] */
  i64ExtendI32S(): void { this.op(0xac); }
  /** `i64.extend_i32_u` [i32] -> [i64] */
  i64ExtendI32U(): void { this.op(0xad); }
  /** `i64.trunc_f32_s` [f32] -> [i64] */
  i64TruncF32S(): void { this.op(0xae); }
  /** `i64.trunc_f32_u` [f32] -> [i64] */
  i64TruncF32U(): void { this.op(0xaf); }
  /** `i64.trunc_f64_s` [f64] -> [i64] */
  i64TruncF64S(): void { this.op(0xb0); }
  /** `i64.trunc_f64_u` [f64] -> [i64] */
  i64TruncF64U(): void { this.op(0xb1); }
  /** `f32.convert_i32_s` [i32] -> [f32] */
  f32ConvertI32S(): void { this.op(0xb2); }
  /** `f32.convert_i32_u` [i32] -> [f32] */
  f32ConvertI32U(): void { this.op(0xb3); }
  /** `f32.convert_i64_s` [i64] -> [f32] */
  f32ConvertI64S(): void { this.op(0xb4); }
  /** `f32.convert_i64_u` [i64] -> [f32] */
  f32ConvertI64U(): void { this.op(0xb5); }
  /** `f32.demote_f64` [f64] -> [f32] */
  f32DemoteF64(): void { this.op(0xb6); }
  /** `f64.convert_i32_s` [i32] -> [f64] */
  f64ConvertI32S(): void { this.op(0xb7); }
  /** `f64.convert_i32_u` [i32] -> [f64] */
  f64ConvertI32U(): void { this.op(0xb8); }
  /** `f64.convert_i64_s` [i64] -> [f64] */
  f64ConvertI64S(): void { this.op(0xb9); }
  /** `f64.convert_i64_u` [i64] -> [f64] */
  f64ConvertI64U(): void { this.op(0xba); }
  /** `f64.promote_f32` [f32] -> [f64] */
  f64PromoteF32(): void { this.op(0xbb); }
  /** `i32.reinterpret_f32` [f32] -> [i32] */
  i32ReinterpretF32(): void { this.op(0xbc); }
  /** `i64.reinterpret_f64` [f64] -> [i64] */
  i64ReinterpretF64(): void { this.op(0xbd); }
  /** `f32.reinterpret_i32` [i32] -> [f32] */
  f32ReinterpretI32(): void { this.op(0xbe); }
  /** `f64.reinterpret_i64` [i64] -> [f64] */
  f64ReinterpretI64(): void { this.op(0xbf); }
  /** `i32.extend8_s` [i32] -> [i32] */
  i32Extend8S(): void { this.op(0xc0); }
  /** `i32.extend16_s` [i32] -> [i32] */
  i32Extend16S(): void { this.op(0xc1); }
  /** `i64.extend8_s` [i64] -> [i64] */
  i64Extend8S(): void { this.op(0xc2); }
  /** `i64.extend16_s` [i64] -> [i64] */
  i64Extend16S(): void { this.op(0xc3); }
  /** `i64.extend32_s` [i64] -> [i64] */
  i64Extend32S(): void { this.op(0xc4); }
  /** `i32.trunc_sat_f32_s` [f32] -> [i32] */
  i32TruncSatF32S(): void { this.op2(0xfc, 0x00); }
  /** `i32.trunc_sat_f32_u` [f32] -> [i32] */
  i32TruncSatF32U(): void { this.op2(0xfc, 0x01); }
  /** `i32.trunc_sat_f64_s` [f64] -> [i32] */
  i32TruncSatF64S(): void { this.op2(0xfc, 0x02); }
  /** `i32.trunc_sat_f64_u` [f64] -> [i32] */
  i32TruncSatF64U(): void { this.op2(0xfc, 0x03); }
  /** `i64.trunc_sat_f32_s` [f32] -> [i64] */
  i64TruncSatF32S(): void { this.op2(0xfc, 0x04); }
  /** `i64.trunc_sat_f32_u` [f32] -> [i64] */
  i64TruncSatF32U(): void { this.op2(0xfc, 0x05); }
  /** `i64.trunc_sat_f64_s` [f64] -> [i64] */
  i64TruncSatF64S(): void { this.op2(0xfc, 0x06); }
  /** `i64.trunc_sat_f64_u` [f64] -> [i64] */
  i64TruncSatF64U(): void { this.op2(0xfc, 0x07); }
  /** `memory.init` [address i32 i32] -> [] */
  memoryInit(data: number): void { this.op2(0xfc, 0x08); this.indexIn('datas', data); this.u32(0); }
  /** `data.drop` [] -> [] */
  dataDrop(data: number): void { this.op2(0xfc, 0x09); this.indexIn('datas', data); }
  /** `memory.copy` [address address address] -> [] */
  memoryCopy(): void { this.op2(0xfc, 0x0a); this.u32(0); this.u32(0); }
  /** `memory.fill` [address i32 address] -> [] */
  memoryFill(): void { this.op2(0xfc, 0x0b); this.u32(0); }
  /** `table.init` [i32 i32 i32] -> [] */
  tableInit(elem: number, table = 0): void { this.op2(0xfc, 0x0c); this.indexIn('elems', elem); this.indexIn('tables', table); }
  /** `elem.drop` [] -> [] */
  elemDrop(elem: number): void { this.op2(0xfc, 0x0d); this.indexIn('elems', elem); }
  /** `table.copy` [i32 i32 i32] -> [] */
  tableCopy(to = 0, from = 0): void { this.op2(0xfc, 0x0e); this.indexIn('tables', to); this.indexIn('tables', from); }
  /** `table.grow` */
  tableGrow(table = 0): void { this.op2(0xfc, 0x0f); this.indexIn('tables', table); }
  /** `table.size` [] -> [i32] */
  tableSize(table = 0): void { this.op2(0xfc, 0x10); this.indexIn('tables', table); }
  /** `table.fill` */
  tableFill(table = 0): void { this.op2(0xfc, 0x11); this.indexIn('tables', table); }
  /** `v128.load` [address] -> [v128] */
  v128Load(offset = 0, alignLog2 = 4): void { this.op2(0xfd, 0x00); this.memarg(alignLog2, 4, offset); }
  /** `v128.load8x8_s` [address] -> [v128] */
  v128Load8x8S(offset = 0, alignLog2 = 3): void { this.op2(0xfd, 0x01); this.memarg(alignLog2, 3, offset); }
  /** `v128.load8x8_u` [address] -> [v128] */
  v128Load8x8U(offset = 0, alignLog2 = 3): void { this.op2(0xfd, 0x02); this.memarg(alignLog2, 3, offset); }
  /** `v128.load16x4_s` [address] -> [v128] */
  v128Load16x4S(offset = 0, alignLog2 = 3): void { this.op2(0xfd, 0x03); this.memarg(alignLog2, 3, offset); }
  /** `v128.load16x4_u` [address] -> [v128] */
  v128Load16x4U(offset = 0, alignLog2 = 3): void { this.op2(0xfd, 0x04); this.memarg(alignLog2, 3, offset); }
  /** `v128.load32x2_s` [address] -> [v128] */
  v128Load32x2S(offset = 0, alignLog2 = 3): void { this.op2(0xfd, 0x05); this.memarg(alignLog2, 3, offset); }
  /** `v128.load32x2_u` [address] -> [v128] */
  v128Load32x2U(offset = 0, alignLog2 = 3): void { this.op2(0xfd, 0x06); this.memarg(alignLog2, 3, offset); }
  /** `v128.load8_splat` [address] -> [v128] */
  v128Load8Splat(offset = 0, alignLog2 = 0): void { this.op2(0xfd, 0x07); this.memarg(alignLog2, 0, offset); }
  /** `v128.load16_splat` [address] -> [v128] */
  v128Load16Splat(offset = 0, alignLog2 = 1): void { this.op2(0xfd, 0x08); this.memarg(alignLog2, 1, offset); }
  /** `v128.load32_splat` [address] -> [v128] */
  v128Load32Splat(offset = 0, alignLog2 = 2): void { this.op2(0xfd, 0x09); this.memarg(alignLog2, 2, offset); }
  /** `v128.load64_splat` [address] -> [v128] */
  v128Load64Splat(offset = 0, alignLog2 = 3): void { this.op2(0xfd, 0x0a); this.memarg(alignLog2, 3, offset); }
  /** `v128.store` [address v128] -> [] */
  v128Store(offset = 0, alignLog2 = 4): void { this.op2(0xfd, 0x0b); this.memarg(alignLog2, 4, offset); }
  /** `v128.const` [] -> [v128] */
  v128Const(lanes: ArrayLike<number> | number, i1 = 0, i2 = 0, i3 = 0): void { this.op2(0xfd, 0x0c); this.vector(lanes, i1, i2, i3); }
  /** `i8x16.shuffle` [v128 v128] -> [v128] */
  i8x16Shuffle(lanes: ArrayLike<number>): void { this.op2(0xfd, 0x0d); this.shuffle(lanes); }
  /** `i8x16.swizzle` [v128 v128] -> [v128] */
  i8x16Swizzle(): void { this.op2(0xfd, 0x0e); }
  /** `i8x16.splat` [i32] -> [v128] */
  i8x16Splat(): void { this.op2(0xfd, 0x0f); }
  /** `i16x8.splat` [i32] -> [v128] */
  i16x8Splat(): void { this.op2(0xfd, 0x10); }
  /** `i32x4.splat` [i32] -> [v128] */
  i32x4Splat(): void { this.op2(0xfd, 0x11); }
  /** `i64x2.splat` [i64] -> [v128] */
  i64x2Splat(): void { this.op2(0xfd, 0x12); }
  /** `f32x4.splat` [f32] -> [v128] */
  f32x4Splat(): void { this.op2(0xfd, 0x13); }
  /** `f64x2.splat` [f64] -> [v128] */
  f64x2Splat(): void { this.op2(0xfd, 0x14); }
  /** `i8x16.extract_lane_s` [v128] -> [i32] */
  i8x16ExtractLaneS(lane: number): void { this.op2(0xfd, 0x15); this.lane(lane, 16); }
  /** `i8x16.extract_lane_u` [v128] -> [i32] */
  i8x16ExtractLaneU(lane: number): void { this.op2(0xfd, 0x16); this.lane(lane, 16); }
  /** `i8x16.replace_lane` [v128 i32] -> [v128] */
  i8x16ReplaceLane(lane: number): void { this.op2(0xfd, 0x17); this.lane(lane, 16); }
  /** `i16x8.extract_lane_s` [v128] -> [i32] */
  i16x8ExtractLaneS(lane: number): void { this.op2(0xfd, 0x18); this.lane(lane, 8); }
  /** `i16x8.extract_lane_u` [v128] -> [i32] */
  i16x8ExtractLaneU(lane: number): void { this.op2(0xfd, 0x19); this.lane(lane, 8); }
  /** `i16x8.replace_lane` [v128 i32] -> [v128] */
  i16x8ReplaceLane(lane: number): void { this.op2(0xfd, 0x1a); this.lane(lane, 8); }
  /** `i32x4.extract_lane` [v128] -> [i32] */
  i32x4ExtractLane(lane: number): void { this.op2(0xfd, 0x1b); this.lane(lane, 4); }
  /** `i32x4.replace_lane` [v128 i32] -> [v128] */
  i32x4ReplaceLane(lane: number): void { this.op2(0xfd, 0x1c); this.lane(lane, 4); }
  /** `i64x2.extract_lane` [v128] -> [i64] */
  i64x2ExtractLane(lane: number): void { this.op2(0xfd, 0x1d); this.lane(lane, 2); }
  /** `i64x2.replace_lane` [v128 i64] -> [v128] */
  i64x2ReplaceLane(lane: number): void { this.op2(0xfd, 0x1e); this.lane(lane, 2); }
  /** `f32x4.extract_lane` [v128] -> [f32] */
  f32x4ExtractLane(lane: number): void { this.op2(0xfd, 0x1f); this.lane(lane, 4); }
  /** `f32x4.replace_lane` [v128 f32] -> [v128] */
  f32x4ReplaceLane(lane: number): void { this.op2(0xfd, 0x20); this.lane(lane, 4); }
  /** `f64x2.extract_lane` [v128] -> [f64] */
  f64x2ExtractLane(lane: number): void { this.op2(0xfd, 0x21); this.lane(lane, 2); }
  /** `f64x2.replace_lane` [v128 f64] -> [v128] */
  f64x2ReplaceLane(lane: number): void { this.op2(0xfd, 0x22); this.lane(lane, 2); }
  /** `i8x16.eq` [v128 v128] -> [v128] */
  i8x16Eq(): void { this.op2(0xfd, 0x23); }
  /** `i8x16.ne` [v128 v128] -> [v128] */
  i8x16Ne(): void { this.op2(0xfd, 0x24); }
  /** `i8x16.lt_s` [v128 v128] -> [v128] */
  i8x16LtS(): void { this.op2(0xfd, 0x25); }
  /** `i8x16.lt_u` [v128 v128] -> [v128] */
  i8x16LtU(): void { this.op2(0xfd, 0x26); }
  /** `i8x16.gt_s` [v128 v128] -> [v128] */
  i8x16GtS(): void { this.op2(0xfd, 0x27); }
  /** `i8x16.gt_u` [v128 v128] -> [v128] */
  i8x16GtU(): void { this.op2(0xfd, 0x28); }
  /** `i8x16.le_s` [v128 v128] -> [v128] */
  i8x16LeS(): void { this.op2(0xfd, 0x29); }
  /** `i8x16.le_u` [v128 v128] -> [v128] */
  i8x16LeU(): void { this.op2(0xfd, 0x2a); }
  /** `i8x16.ge_s` [v128 v128] -> [v128] */
  i8x16GeS(): void { this.op2(0xfd, 0x2b); }
  /** `i8x16.ge_u` [v128 v128] -> [v128] */
  i8x16GeU(): void { this.op2(0xfd, 0x2c); }
  /** `i16x8.eq` [v128 v128] -> [v128] */
  i16x8Eq(): void { this.op2(0xfd, 0x2d); }
  /** `i16x8.ne` [v128 v128] -> [v128] */
  i16x8Ne(): void { this.op2(0xfd, 0x2e); }
  /** `i16x8.lt_s` [v128 v128] -> [v128] */
  i16x8LtS(): void { this.op2(0xfd, 0x2f); }
  /** `i16x8.lt_u` [v128 v128] -> [v128] */
  i16x8LtU(): void { this.op2(0xfd, 0x30); }
  /** `i16x8.gt_s` [v128 v128] -> [v128] */
  i16x8GtS(): void { this.op2(0xfd, 0x31); }
  /** `i16x8.gt_u` [v128 v128] -> [v128] */
  i16x8GtU(): void { this.op2(0xfd, 0x32); }
  /** `i16x8.le_s` [v128 v128] -> [v128] */
  i16x8LeS(): void { this.op2(0xfd, 0x33); }
  /** `i16x8.le_u` [v128 v128] -> [v128] */
  i16x8LeU(): void { this.op2(0xfd, 0x34); }
  /** `i16x8.ge_s` [v128 v128] -> [v128] */
  i16x8GeS(): void { this.op2(0xfd, 0x35); }
  /** `i16x8.ge_u` [v128 v128] -> [v128] */
  i16x8GeU(): void { this.op2(0xfd, 0x36); }
  /** `i32x4.eq` [v128 v128] -> [v128] */
  i32x4Eq(): void { this.op2(0xfd, 0x37); }
  /** `i32x4.ne` [v128 v128] -> [v128] */
  i32x4Ne(): void { this.op2(0xfd, 0x38); }
  /** `i32x4.lt_s` [v128 v128] -> [v128] */
  i32x4LtS(): void { this.op2(0xfd, 0x39); }
  /** `i32x4.lt_u` [v128 v128] -> [v128] */
  i32x4LtU(): void { this.op2(0xfd, 0x3a); }
  /** `i32x4.gt_s` [v128 v128] -> [v128] */
  i32x4GtS(): void { this.op2(0xfd, 0x3b); }
  /** `i32x4.gt_u` [v128 v128] -> [v128] */
  i32x4GtU(): void { this.op2(0xfd, 0x3c); }
  /** `i32x4.le_s` [v128 v128] -> [v128] */
  i32x4LeS(): void { this.op2(0xfd, 0x3d); }
  /** `i32x4.le_u` [v128 v128] -> [v128] */
  i32x4LeU(): void { this.op2(0xfd, 0x3e); }
  /** `i32x4.ge_s` [v128 v128] -> [v128] */
  i32x4GeS(): void { this.op2(0xfd, 0x3f); }
  /** `i32x4.ge_u` [v128 v128] -> [v128] */
  i32x4GeU(): void { this.op2(0xfd, 0x40); }
  /** `f32x4.eq` [v128 v128] -> [v128] */
  f32x4Eq(): void { this.op2(0xfd, 0x41); }
  /** `f32x4.ne` [v128 v128] -> [v128] */
  f32x4Ne(): void { this.op2(0xfd, 0x42); }
  /** `f32x4.lt` [v128 v128] -> [v128] */
  f32x4Lt(): void { this.op2(0xfd, 0x43); }
  /** `f32x4.gt` [v128 v128] -> [v128] */
  f32x4Gt(): void { this.op2(0xfd, 0x44); }
  /** `f32x4.le` [v128 v128] -> [v128] */
  f32x4Le(): void { this.op2(0xfd, 0x45); }
  /** `f32x4.ge` [v128 v128] -> [v128] */
  f32x4Ge(): void { this.op2(0xfd, 0x46); }
  /** `f64x2.eq` [v128 v128] -> [v128] */
  f64x2Eq(): void { this.op2(0xfd, 0x47); }
  /** `f64x2.ne` [v128 v128] -> [v128] */
  f64x2Ne(): void { this.op2(0xfd, 0x48); }
  /** `f64x2.lt` [v128 v128] -> [v128] */
  f64x2Lt(): void { this.op2(0xfd, 0x49); }
  /** `f64x2.gt` [v128 v128] -> [v128] */
  f64x2Gt(): void { this.op2(0xfd, 0x4a); }
  /** `f64x2.le` [v128 v128] -> [v128] */
  f64x2Le(): void { this.op2(0xfd, 0x4b); }
  /** `f64x2.ge` [v128 v128] -> [v128] */
  f64x2Ge(): void { this.op2(0xfd, 0x4c); }
  /** `v128.not` [v128] -> [v128] */
  v128Not(): void { this.op2(0xfd, 0x4d); }
  /** `v128.and` [v128 v128] -> [v128] */
  v128And(): void { this.op2(0xfd, 0x4e); }
  /** `v128.andnot` [v128 v128] -> [v128] */
  v128Andnot(): void { this.op2(0xfd, 0x4f); }
  /** `v128.or` [v128 v128] -> [v128] */
  v128Or(): void { this.op2(0xfd, 0x50); }
  /** `v128.xor` [v128 v128] -> [v128] */
  v128Xor(): void { this.op2(0xfd, 0x51); }
  /** `v128.bitselect` [v128 v128 v128] -> [v128] */
  v128Bitselect(): void { this.op2(0xfd, 0x52); }
  /** `v128.any_true` [v128] -> [i32] */
  v128AnyTrue(): void { this.op2(0xfd, 0x53); }
  /** `v128.load8_lane` [address v128] -> [v128] */
  v128Load8Lane(lane: number, offset = 0, alignLog2 = 0): void { this.op2(0xfd, 0x54); this.memarg(alignLog2, 0, offset); this.lane(lane, 16); }
  /** `v128.load16_lane` [address v128] -> [v128] */
  v128Load16Lane(lane: number, offset = 0, alignLog2 = 1): void { this.op2(0xfd, 0x55); this.memarg(alignLog2, 1, offset); this.lane(lane, 8); }
  /** `v128.load32_lane` [address v128] -> [v128] */
  v128Load32Lane(lane: number, offset = 0, alignLog2 = 2): void { this.op2(0xfd, 0x56); this.memarg(alignLog2, 2, offset); this.lane(lane, 4); }
  /** `v128.load64_lane` [address v128] -> [v128] */
  v128Load64Lane(lane: number, offset = 0, alignLog2 = 3): void { this.op2(0xfd, 0x57); this.memarg(alignLog2, 3, offset); this.lane(lane, 2); }
  /** `v128.store8_lane` [address v128] -> [] */
  v128Store8Lane(lane: number, offset = 0, alignLog2 = 0): void { this.op2(0xfd, 0x58); this.memarg(alignLog2, 0, offset); this.lane(lane, 16); }
  /** `v128.store16_lane` [address v128] -> [] */
  v128Store16Lane(lane: number, offset = 0, alignLog2 = 1): void { this.op2(0xfd, 0x59); this.memarg(alignLog2, 1, offset); this.lane(lane, 8); }
  /** `v128.store32_lane` [address v128] -> [] */
  v128Store32Lane(lane: number, offset = 0, alignLog2 = 2): void { this.op2(0xfd, 0x5a); this.memarg(alignLog2, 2, offset); this.lane(lane, 4); }
  /** `v128.store64_lane` [address v128] -> [] */
  v128Store64Lane(lane: number, offset = 0, alignLog2 = 3): void { this.op2(0xfd, 0x5b); this.memarg(alignLog2, 3, offset); this.lane(lane, 2); }
  /** `v128.load32_zero` [address] -> [v128] */
  v128Load32Zero(offset = 0, alignLog2 = 2): void { this.op2(0xfd, 0x5c); this.memarg(alignLog2, 2, offset); }
  /** `v128.load64_zero` [address] -> [v128] */
  v128Load64Zero(offset = 0, alignLog2 = 3): void { this.op2(0xfd, 0x5d); this.memarg(alignLog2, 3, offset); }
  /** `f32x4.demote_f64x2_zero` [v128] -> [v128] */
  f32x4DemoteF64x2Zero(): void { this.op2(0xfd, 0x5e); }
  /** `f64x2.promote_low_f32x4` [v128] -> [v128] */
  f64x2PromoteLowF32x4(): void { this.op2(0xfd, 0x5f); }
  /** `i8x16.abs` [v128] -> [v128] */
  i8x16Abs(): void { this.op2(0xfd, 0x60); }
  /** `i8x16.neg` [v128] -> [v128] */
  i8x16Neg(): void { this.op2(0xfd, 0x61); }
  /** `i8x16.popcnt` [v128] -> [v128] */
  i8x16Popcnt(): void { this.op2(0xfd, 0x62); }
  /** `i8x16.all_true` [v128] -> [i32] */
  i8x16AllTrue(): void { this.op2(0xfd, 0x63); }
  /** `i8x16.bitmask` [v128] -> [i32] */
  i8x16Bitmask(): void { this.op2(0xfd, 0x64); }
  /** `i8x16.narrow_i16x8_s` [v128 v128] -> [v128] */
  i8x16NarrowI16x8S(): void { this.op2(0xfd, 0x65); }
  /** `i8x16.narrow_i16x8_u` [v128 v128] -> [v128] */
  i8x16NarrowI16x8U(): void { this.op2(0xfd, 0x66); }
  /** `f32x4.ceil` [v128] -> [v128] */
  f32x4Ceil(): void { this.op2(0xfd, 0x67); }
  /** `f32x4.floor` [v128] -> [v128] */
  f32x4Floor(): void { this.op2(0xfd, 0x68); }
  /** `f32x4.trunc` [v128] -> [v128] */
  f32x4Trunc(): void { this.op2(0xfd, 0x69); }
  /** `f32x4.nearest` [v128] -> [v128] */
  f32x4Nearest(): void { this.op2(0xfd, 0x6a); }
  /** `i8x16.shl` [v128 i32] -> [v128] */
  i8x16Shl(): void { this.op2(0xfd, 0x6b); }
  /** `i8x16.shr_s` [v128 i32] -> [v128] */
  i8x16ShrS(): void { this.op2(0xfd, 0x6c); }
  /** `i8x16.shr_u` [v128 i32] -> [v128] */
  i8x16ShrU(): void { this.op2(0xfd, 0x6d); }
  /** `i8x16.add` [v128 v128] -> [v128] */
  i8x16Add(): void { this.op2(0xfd, 0x6e); }
  /** `i8x16.add_sat_s` [v128 v128] -> [v128] */
  i8x16AddSatS(): void { this.op2(0xfd, 0x6f); }
  /** `i8x16.add_sat_u` [v128 v128] -> [v128] */
  i8x16AddSatU(): void { this.op2(0xfd, 0x70); }
  /** `i8x16.sub` [v128 v128] -> [v128] */
  i8x16Sub(): void { this.op2(0xfd, 0x71); }
  /** `i8x16.sub_sat_s` [v128 v128] -> [v128] */
  i8x16SubSatS(): void { this.op2(0xfd, 0x72); }
  /** `i8x16.sub_sat_u` [v128 v128] -> [v128] */
  i8x16SubSatU(): void { this.op2(0xfd, 0x73); }
  /** `f64x2.ceil` [v128] -> [v128] */
  f64x2Ceil(): void { this.op2(0xfd, 0x74); }
  /** `f64x2.floor` [v128] -> [v128] */
  f64x2Floor(): void { this.op2(0xfd, 0x75); }
  /** `i8x16.min_s` [v128 v128] -> [v128] */
  i8x16MinS(): void { this.op2(0xfd, 0x76); }
  /** `i8x16.min_u` [v128 v128] -> [v128] */
  i8x16MinU(): void { this.op2(0xfd, 0x77); }
  /** `i8x16.max_s` [v128 v128] -> [v128] */
  i8x16MaxS(): void { this.op2(0xfd, 0x78); }
  /** `i8x16.max_u` [v128 v128] -> [v128] */
  i8x16MaxU(): void { this.op2(0xfd, 0x79); }
  /** `f64x2.trunc` [v128] -> [v128] */
  f64x2Trunc(): void { this.op2(0xfd, 0x7a); }
  /** `i8x16.avgr_u` [v128 v128] -> [v128] */
  i8x16AvgrU(): void { this.op2(0xfd, 0x7b); }
  /** `i16x8.extadd_pairwise_i8x16_s` [v128] -> [v128] */
  i16x8ExtaddPairwiseI8x16S(): void { this.op2(0xfd, 0x7c); }
  /** `i16x8.extadd_pairwise_i8x16_u` [v128] -> [v128] */
  i16x8ExtaddPairwiseI8x16U(): void { this.op2(0xfd, 0x7d); }
  /** `i32x4.extadd_pairwise_i16x8_s` [v128] -> [v128] */
  i32x4ExtaddPairwiseI16x8S(): void { this.op2(0xfd, 0x7e); }
  /** `i32x4.extadd_pairwise_i16x8_u` [v128] -> [v128] */
  i32x4ExtaddPairwiseI16x8U(): void { this.op2(0xfd, 0x7f); }
  /** `i16x8.abs` [v128] -> [v128] */
  i16x8Abs(): void { this.op3(0xfd, 0x80, 0x01); }
  /** `i16x8.neg` [v128] -> [v128] */
  i16x8Neg(): void { this.op3(0xfd, 0x81, 0x01); }
  /** `i16x8.q15mulr_sat_s` [v128 v128] -> [v128] */
  i16x8Q15mulrSatS(): void { this.op3(0xfd, 0x82, 0x01); }
  /** `i16x8.all_true` [v128] -> [i32] */
  i16x8AllTrue(): void { this.op3(0xfd, 0x83, 0x01); }
  /** `i16x8.bitmask` [v128] -> [i32] */
  i16x8Bitmask(): void { this.op3(0xfd, 0x84, 0x01); }
  /** `i16x8.narrow_i32x4_s` [v128 v128] -> [v128] */
  i16x8NarrowI32x4S(): void { this.op3(0xfd, 0x85, 0x01); }
  /** `i16x8.narrow_i32x4_u` [v128 v128] -> [v128] */
  i16x8NarrowI32x4U(): void { this.op3(0xfd, 0x86, 0x01); }
  /** `i16x8.extend_low_i8x16_s` [v128] -> [v128] */
  i16x8ExtendLowI8x16S(): void { this.op3(0xfd, 0x87, 0x01); }
  /** `i16x8.extend_high_i8x16_s` [v128] -> [v128] */
  i16x8ExtendHighI8x16S(): void { this.op3(0xfd, 0x88, 0x01); }
  /** `i16x8.extend_low_i8x16_u` [v128] -> [v128] */
  i16x8ExtendLowI8x16U(): void { this.op3(0xfd, 0x89, 0x01); }
  /** `i16x8.extend_high_i8x16_u` [v128] -> [v128] */
  i16x8ExtendHighI8x16U(): void { this.op3(0xfd, 0x8a, 0x01); }
  /** `i16x8.shl` [v128 i32] -> [v128] */
  i16x8Shl(): void { this.op3(0xfd, 0x8b, 0x01); }
  /** `i16x8.shr_s` [v128 i32] -> [v128] */
  i16x8ShrS(): void { this.op3(0xfd, 0x8c, 0x01); }
  /** `i16x8.shr_u` [v128 i32] -> [v128] */
  i16x8ShrU(): void { this.op3(0xfd, 0x8d, 0x01); }
  /** `i16x8.add` [v128 v128] -> [v128] */
  i16x8Add(): void { this.op3(0xfd, 0x8e, 0x01); }
  /** `i16x8.add_sat_s` [v128 v128] -> [v128] */
  i16x8AddSatS(): void { this.op3(0xfd, 0x8f, 0x01); }
  /** `i16x8.add_sat_u` [v128 v128] -> [v128] */
  i16x8AddSatU(): void { this.op3(0xfd, 0x90, 0x01); }
  /** `i16x8.sub` [v128 v128] -> [v128] */
  i16x8Sub(): void { this.op3(0xfd, 0x91, 0x01); }
  /** `i16x8.sub_sat_s` [v128 v128] -> [v128] */
  i16x8SubSatS(): void { this.op3(0xfd, 0x92, 0x01); }
  /** `i16x8.sub_sat_u` [v128 v128] -> [v128] */
  i16x8SubSatU(): void { this.op3(0xfd, 0x93, 0x01); }
  /** `f64x2.nearest` [v128] -> [v128] */
  f64x2Nearest(): void { this.op3(0xfd, 0x94, 0x01); }
  /** `i16x8.mul` [v128 v128] -> [v128] */
  i16x8Mul(): void { this.op3(0xfd, 0x95, 0x01); }
  /** `i16x8.min_s` [v128 v128] -> [v128] */
  i16x8MinS(): void { this.op3(0xfd, 0x96, 0x01); }
  /** `i16x8.min_u` [v128 v128] -> [v128] */
  i16x8MinU(): void { this.op3(0xfd, 0x97, 0x01); }
  /** `i16x8.max_s` [v128 v128] -> [v128] */
  i16x8MaxS(): void { this.op3(0xfd, 0x98, 0x01); }
  /** `i16x8.max_u` [v128 v128] -> [v128] */
  i16x8MaxU(): void { this.op3(0xfd, 0x99, 0x01); }
  /** `i16x8.avgr_u` [v128 v128] -> [v128] */
  i16x8AvgrU(): void { this.op3(0xfd, 0x9b, 0x01); }
  /** `i16x8.extmul_low_i8x16_s` [v128 v128] -> [v128] */
  i16x8ExtmulLowI8x16S(): void { this.op3(0xfd, 0x9c, 0x01); }
  /** `i16x8.extmul_high_i8x16_s` [v128 v128] -> [v128] */
  i16x8ExtmulHighI8x16S(): void { this.op3(0xfd, 0x9d, 0x01); }
  /** `i16x8.extmul_low_i8x16_u` [v128 v128] -> [v128] */
  i16x8ExtmulLowI8x16U(): void { this.op3(0xfd, 0x9e, 0x01); }
  /** `i16x8.extmul_high_i8x16_u` [v128 v128] -> [v128] */
  i16x8ExtmulHighI8x16U(): void { this.op3(0xfd, 0x9f, 0x01); }
  /** `i32x4.abs` [v128] -> [v128] */
  i32x4Abs(): void { this.op3(0xfd, 0xa0, 0x01); }
  /** `i32x4.neg` [v128] -> [v128] */
  i32x4Neg(): void { this.op3(0xfd, 0xa1, 0x01); }
  /** `i32x4.all_true` [v128] -> [i32] */
  i32x4AllTrue(): void { this.op3(0xfd, 0xa3, 0x01); }
  /** `i32x4.bitmask` [v128] -> [i32] */
  i32x4Bitmask(): void { this.op3(0xfd, 0xa4, 0x01); }
  /** `i32x4.extend_low_i16x8_s` [v128] -> [v128] */
  i32x4ExtendLowI16x8S(): void { this.op3(0xfd, 0xa7, 0x01); }
  /** `i32x4.extend_high_i16x8_s` [v128] -> [v128] */
  i32x4ExtendHighI16x8S(): void { this.op3(0xfd, 0xa8, 0x01); }
  /** `i32x4.extend_low_i16x8_u` [v128] -> [v128] */
  i32x4ExtendLowI16x8U(): void { this.op3(0xfd, 0xa9, 0x01); }
  /** `i32x4.extend_high_i16x8_u` [v128] -> [v128] */
  i32x4ExtendHighI16x8U(): void { this.op3(0xfd, 0xaa, 0x01); }
  /** `i32x4.shl` [v128 i32] -> [v128] */
  i32x4Shl(): void { this.op3(0xfd, 0xab, 0x01); }
  /** `i32x4.shr_s` [v128 i32] -> [v128] */
  i32x4ShrS(): void { this.op3(0xfd, 0xac, 0x01); }
  /** `i32x4.shr_u` [v128 i32] -> [v128] */
  i32x4ShrU(): void { this.op3(0xfd, 0xad, 0x01); }
  /** `i32x4.add` [v128 v128] -> [v128] */
  i32x4Add(): void { this.op3(0xfd, 0xae, 0x01); }
  /** `i32x4.sub` [v128 v128] -> [v128] */
  i32x4Sub(): void { this.op3(0xfd, 0xb1, 0x01); }
  /** `i32x4.mul` [v128 v128] -> [v128] */
  i32x4Mul(): void { this.op3(0xfd, 0xb5, 0x01); }
  /** `i32x4.min_s` [v128 v128] -> [v128] */
  i32x4MinS(): void { this.op3(0xfd, 0xb6, 0x01); }
  /** `i32x4.min_u` [v128 v128] -> [v128] */
  i32x4MinU(): void { this.op3(0xfd, 0xb7, 0x01); }
  /** `i32x4.max_s` [v128 v128] -> [v128] */
  i32x4MaxS(): void { this.op3(0xfd, 0xb8, 0x01); }
  /** `i32x4.max_u` [v128 v128] -> [v128] */
  i32x4MaxU(): void { this.op3(0xfd, 0xb9, 0x01); }
  /** `i32x4.dot_i16x8_s` [v128 v128] -> [v128] */
  i32x4DotI16x8S(): void { this.op3(0xfd, 0xba, 0x01); }
  /** `i32x4.extmul_low_i16x8_s` [v128 v128] -> [v128] */
  i32x4ExtmulLowI16x8S(): void { this.op3(0xfd, 0xbc, 0x01); }
  /** `i32x4.extmul_high_i16x8_s` [v128 v128] -> [v128] */
  i32x4ExtmulHighI16x8S(): void { this.op3(0xfd, 0xbd, 0x01); }
  /** `i32x4.extmul_low_i16x8_u` [v128 v128] -> [v128] */
  i32x4ExtmulLowI16x8U(): void { this.op3(0xfd, 0xbe, 0x01); }
  /** `i32x4.extmul_high_i16x8_u` [v128 v128] -> [v128] */
  i32x4ExtmulHighI16x8U(): void { this.op3(0xfd, 0xbf, 0x01); }
  /** `i64x2.abs` [v128] -> [v128] */
  i64x2Abs(): void { this.op3(0xfd, 0xc0, 0x01); }
  /** `i64x2.neg` [v128] -> [v128] */
  i64x2Neg(): void { this.op3(0xfd, 0xc1, 0x01); }
  /** `i64x2.all_true` [v128] -> [i32] */
  i64x2AllTrue(): void { this.op3(0xfd, 0xc3, 0x01); }
  /** `i64x2.bitmask` [v128] -> [i32] */
  i64x2Bitmask(): void { this.op3(0xfd, 0xc4, 0x01); }
  /** `i64x2.extend_low_i32x4_s` [v128] -> [v128] */
  i64x2ExtendLowI32x4S(): void { this.op3(0xfd, 0xc7, 0x01); }
  /** `i64x2.extend_high_i32x4_s` [v128] -> [v128] */
  i64x2ExtendHighI32x4S(): void { this.op3(0xfd, 0xc8, 0x01); }
  /** `i64x2.extend_low_i32x4_u` [v128] -> [v128] */
  i64x2ExtendLowI32x4U(): void { this.op3(0xfd, 0xc9, 0x01); }
  /** `i64x2.extend_high_i32x4_u` [v128] -> [v128] */
  i64x2ExtendHighI32x4U(): void { this.op3(0xfd, 0xca, 0x01); }
  /** `i64x2.shl` [v128 i32] -> [v128] */
  i64x2Shl(): void { this.op3(0xfd, 0xcb, 0x01); }
  /** `i64x2.shr_s` [v128 i32] -> [v128] */
  i64x2ShrS(): void { this.op3(0xfd, 0xcc, 0x01); }
  /** `i64x2.shr_u` [v128 i32] -> [v128] */
  i64x2ShrU(): void { this.op3(0xfd, 0xcd, 0x01); }
  /** `i64x2.add` [v128 v128] -> [v128] */
  i64x2Add(): void { this.op3(0xfd, 0xce, 0x01); }
  /** `i64x2.sub` [v128 v128] -> [v128] */
  i64x2Sub(): void { this.op3(0xfd, 0xd1, 0x01); }
  /** `i64x2.mul` [v128 v128] -> [v128] */
  i64x2Mul(): void { this.op3(0xfd, 0xd5, 0x01); }
  /** `i64x2.eq` [v128 v128] -> [v128] */
  i64x2Eq(): void { this.op3(0xfd, 0xd6, 0x01); }
  /** `i64x2.ne` [v128 v128] -> [v128] */
  i64x2Ne(): void { this.op3(0xfd, 0xd7, 0x01); }
  /** `i64x2.lt_s` [v128 v128] -> [v128] */
  i64x2LtS(): void { this.op3(0xfd, 0xd8, 0x01); }
  /** `i64x2.gt_s` [v128 v128] -> [v128] */
  i64x2GtS(): void { this.op3(0xfd, 0xd9, 0x01); }
  /** `i64x2.le_s` [v128 v128] -> [v128] */
  i64x2LeS(): void { this.op3(0xfd, 0xda, 0x01); }
  /** `i64x2.ge_s` [v128 v128] -> [v128] */
  i64x2GeS(): void { this.op3(0xfd, 0xdb, 0x01); }
  /** `i64x2.extmul_low_i32x4_s` [v128 v128] -> [v128] */
  i64x2ExtmulLowI32x4S(): void { this.op3(0xfd, 0xdc, 0x01); }
  /** `i64x2.extmul_high_i32x4_s` [v128 v128] -> [v128] */
  i64x2ExtmulHighI32x4S(): void { this.op3(0xfd, 0xdd, 0x01); }
  /** `i64x2.extmul_low_i32x4_u` [v128 v128] -> [v128] */
  i64x2ExtmulLowI32x4U(): void { this.op3(0xfd, 0xde, 0x01); }
  /** `i64x2.extmul_high_i32x4_u` [v128 v128] -> [v128] */
  i64x2ExtmulHighI32x4U(): void { this.op3(0xfd, 0xdf, 0x01); }
  /** `f32x4.abs` [v128] -> [v128] */
  f32x4Abs(): void { this.op3(0xfd, 0xe0, 0x01); }
  /** `f32x4.neg` [v128] -> [v128] */
  f32x4Neg(): void { this.op3(0xfd, 0xe1, 0x01); }
  /** `f32x4.sqrt` [v128] -> [v128] */
  f32x4Sqrt(): void { this.op3(0xfd, 0xe3, 0x01); }
  /** `f32x4.add` [v128 v128] -> [v128] */
  f32x4Add(): void { this.op3(0xfd, 0xe4, 0x01); }
  /** `f32x4.sub` [v128 v128] -> [v128] */
  f32x4Sub(): void { this.op3(0xfd, 0xe5, 0x01); }
  /** `f32x4.mul` [v128 v128] -> [v128] */
  f32x4Mul(): void { this.op3(0xfd, 0xe6, 0x01); }
  /** `f32x4.div` [v128 v128] -> [v128] */
  f32x4Div(): void { this.op3(0xfd, 0xe7, 0x01); }
  /** `f32x4.min` [v128 v128] -> [v128] */
  f32x4Min(): void { this.op3(0xfd, 0xe8, 0x01); }
  /** `f32x4.max` [v128 v128] -> [v128] */
  f32x4Max(): void { this.op3(0xfd, 0xe9, 0x01); }
  /** `f32x4.pmin` [v128 v128] -> [v128] */
  f32x4Pmin(): void { this.op3(0xfd, 0xea, 0x01); }
  /** `f32x4.pmax` [v128 v128] -> [v128] */
  f32x4Pmax(): void { this.op3(0xfd, 0xeb, 0x01); }
  /** `f64x2.abs` [v128] -> [v128] */
  f64x2Abs(): void { this.op3(0xfd, 0xec, 0x01); }
  /** `f64x2.neg` [v128] -> [v128] */
  f64x2Neg(): void { this.op3(0xfd, 0xed, 0x01); }
  /** `f64x2.sqrt` [v128] -> [v128] */
  f64x2Sqrt(): void { this.op3(0xfd, 0xef, 0x01); }
  /** `f64x2.add` [v128 v128] -> [v128] */
  f64x2Add(): void { this.op3(0xfd, 0xf0, 0x01); }
  /** `f64x2.sub` [v128 v128] -> [v128] */
  f64x2Sub(): void { this.op3(0xfd, 0xf1, 0x01); }
  /** `f64x2.mul` [v128 v128] -> [v128] */
  f64x2Mul(): void { this.op3(0xfd, 0xf2, 0x01); }
  /** `f64x2.div` [v128 v128] -> [v128] */
  f64x2Div(): void { this.op3(0xfd, 0xf3, 0x01); }
  /** `f64x2.min` [v128 v128] -> [v128] */
  f64x2Min(): void { this.op3(0xfd, 0xf4, 0x01); }
  /** `f64x2.max` [v128 v128] -> [v128] */
  f64x2Max(): void { this.op3(0xfd, 0xf5, 0x01); }
  /** `f64x2.pmin` [v128 v128] -> [v128] */
  f64x2Pmin(): void { this.op3(0xfd, 0xf6, 0x01); }
  /** `f64x2.pmax` [v128 v128] -> [v128] */
  f64x2Pmax(): void { this.op3(0xfd, 0xf7, 0x01); }
  /** `i32x4.trunc_sat_f32x4_s` [v128] -> [v128] */
  i32x4TruncSatF32x4S(): void { this.op3(0xfd, 0xf8, 0x01); }
  /** `i32x4.trunc_sat_f32x4_u` [v128] -> [v128] */
  i32x4TruncSatF32x4U(): void { this.op3(0xfd, 0xf9, 0x01); }
  /** `f32x4.convert_i32x4_s` [v128] -> [v128] */
  f32x4ConvertI32x4S(): void { this.op3(0xfd, 0xfa, 0x01); }
  /** `f32x4.convert_i32x4_u` [v128] -> [v128] */
  f32x4ConvertI32x4U(): void { this.op3(0xfd, 0xfb, 0x01); }
  /** `i32x4.trunc_sat_f64x2_s_zero` [v128] -> [v128] */
  i32x4TruncSatF64x2SZero(): void { this.op3(0xfd, 0xfc, 0x01); }
  /** `i32x4.trunc_sat_f64x2_u_zero` [v128] -> [v128] */
  i32x4TruncSatF64x2UZero(): void { this.op3(0xfd, 0xfd, 0x01); }
  /** `f64x2.convert_low_i32x4_s` [v128] -> [v128] */
  f64x2ConvertLowI32x4S(): void { this.op3(0xfd, 0xfe, 0x01); }
  /** `f64x2.convert_low_i32x4_u` [v128] -> [v128] */
  f64x2ConvertLowI32x4U(): void { this.op3(0xfd, 0xff, 0x01); }
  /** `memory.atomic.notify` [address i32] -> [i32] */
  memoryAtomicNotify(offset = 0): void { this.op2(0xfe, 0x00); this.memarg(2, 2, offset); }
  /** `memory.atomic.wait32` [address i32 i64] -> [i32] */
  memoryAtomicWait32(offset = 0): void { this.op2(0xfe, 0x01); this.memarg(2, 2, offset); }
  /** `memory.atomic.wait64` [address i64 i64] -> [i32] */
  memoryAtomicWait64(offset = 0): void { this.op2(0xfe, 0x02); this.memarg(3, 3, offset); }
  /** `atomic.fence` [] -> [] */
  atomicFence(): void { this.op2(0xfe, 0x03); this.u32(0); }
  /** `i32.atomic.load` [address] -> [i32] */
  i32AtomicLoad(offset = 0): void { this.op2(0xfe, 0x10); this.memarg(2, 2, offset); }
  /** `i64.atomic.load` [address] -> [i64] */
  i64AtomicLoad(offset = 0): void { this.op2(0xfe, 0x11); this.memarg(3, 3, offset); }
  /** `i32.atomic.load8_u` [address] -> [i32] */
  i32AtomicLoad8U(offset = 0): void { this.op2(0xfe, 0x12); this.memarg(0, 0, offset); }
  /** `i32.atomic.load16_u` [address] -> [i32] */
  i32AtomicLoad16U(offset = 0): void { this.op2(0xfe, 0x13); this.memarg(1, 1, offset); }
  /** `i64.atomic.load8_u` [address] -> [i64] */
  i64AtomicLoad8U(offset = 0): void { this.op2(0xfe, 0x14); this.memarg(0, 0, offset); }
  /** `i64.atomic.load16_u` [address] -> [i64] */
  i64AtomicLoad16U(offset = 0): void { this.op2(0xfe, 0x15); this.memarg(1, 1, offset); }
  /** `i64.atomic.load32_u` [address] -> [i64] */
  i64AtomicLoad32U(offset = 0): void { this.op2(0xfe, 0x16); this.memarg(2, 2, offset); }
  /** `i32.atomic.store` [address i32] -> [] */
  i32AtomicStore(offset = 0): void { this.op2(0xfe, 0x17); this.memarg(2, 2, offset); }
  /** `i64.atomic.store` [address i64] -> [] */
  i64AtomicStore(offset = 0): void { this.op2(0xfe, 0x18); this.memarg(3, 3, offset); }
  /** `i32.atomic.store8` [address i32] -> [] */
  i32AtomicStore8(offset = 0): void { this.op2(0xfe, 0x19); this.memarg(0, 0, offset); }
  /** `i32.atomic.store16` [address i32] -> [] */
  i32AtomicStore16(offset = 0): void { this.op2(0xfe, 0x1a); this.memarg(1, 1, offset); }
  /** `i64.atomic.store8` [address i64] -> [] */
  i64AtomicStore8(offset = 0): void { this.op2(0xfe, 0x1b); this.memarg(0, 0, offset); }
  /** `i64.atomic.store16` [address i64] -> [] */
  i64AtomicStore16(offset = 0): void { this.op2(0xfe, 0x1c); this.memarg(1, 1, offset); }
  /** `i64.atomic.store32` [address i64] -> [] */
  i64AtomicStore32(offset = 0): void { this.op2(0xfe, 0x1d); this.memarg(2, 2, offset); }
  /** `i32.atomic.rmw.add` [address i32] -> [i32] */
  i32AtomicRmwAdd(offset = 0): void { this.op2(0xfe, 0x1e); this.memarg(2, 2, offset); }
  /** `i64.atomic.rmw.add` [address i64] -> [i64] */
  i64AtomicRmwAdd(offset = 0): void { this.op2(0xfe, 0x1f); this.memarg(3, 3, offset); }
  /** `i32.atomic.rmw8.add_u` [address i32] -> [i32] */
  i32AtomicRmw8AddU(offset = 0): void { this.op2(0xfe, 0x20); this.memarg(0, 0, offset); }
  /** `i32.atomic.rmw16.add_u` [address i32] -> [i32] */
  i32AtomicRmw16AddU(offset = 0): void { this.op2(0xfe, 0x21); this.memarg(1, 1, offset); }
  /** `i64.atomic.rmw8.add_u` [address i64] -> [i64] */
  i64AtomicRmw8AddU(offset = 0): void { this.op2(0xfe, 0x22); this.memarg(0, 0, offset); }
  /** `i64.atomic.rmw16.add_u` [address i64] -> [i64] */
  i64AtomicRmw16AddU(offset = 0): void { this.op2(0xfe, 0x23); this.memarg(1, 1, offset); }
  /** `i64.atomic.rmw32.add_u` [address i64] -> [i64] */
  i64AtomicRmw32AddU(offset = 0): void { this.op2(0xfe, 0x24); this.memarg(2, 2, offset); }
  /** `i32.atomic.rmw.sub` [address i32] -> [i32] */
  i32AtomicRmwSub(offset = 0): void { this.op2(0xfe, 0x25); this.memarg(2, 2, offset); }
  /** `i64.atomic.rmw.sub` [address i64] -> [i64] */
  i64AtomicRmwSub(offset = 0): void { this.op2(0xfe, 0x26); this.memarg(3, 3, offset); }
  /** `i32.atomic.rmw8.sub_u` [address i32] -> [i32] */
  i32AtomicRmw8SubU(offset = 0): void { this.op2(0xfe, 0x27); this.memarg(0, 0, offset); }
  /** `i32.atomic.rmw16.sub_u` [address i32] -> [i32] */
  i32AtomicRmw16SubU(offset = 0): void { this.op2(0xfe, 0x28); this.memarg(1, 1, offset); }
  /** `i64.atomic.rmw8.sub_u` [address i64] -> [i64] */
  i64AtomicRmw8SubU(offset = 0): void { this.op2(0xfe, 0x29); this.memarg(0, 0, offset); }
  /** `i64.atomic.rmw16.sub_u` [address i64] -> [i64] */
  i64AtomicRmw16SubU(offset = 0): void { this.op2(0xfe, 0x2a); this.memarg(1, 1, offset); }
  /** `i64.atomic.rmw32.sub_u` [address i64] -> [i64] */
  i64AtomicRmw32SubU(offset = 0): void { this.op2(0xfe, 0x2b); this.memarg(2, 2, offset); }
  /** `i32.atomic.rmw.and` [address i32] -> [i32] */
  i32AtomicRmwAnd(offset = 0): void { this.op2(0xfe, 0x2c); this.memarg(2, 2, offset); }
  /** `i64.atomic.rmw.and` [address i64] -> [i64] */
  i64AtomicRmwAnd(offset = 0): void { this.op2(0xfe, 0x2d); this.memarg(3, 3, offset); }
  /** `i32.atomic.rmw8.and_u` [address i32] -> [i32] */
  i32AtomicRmw8AndU(offset = 0): void { this.op2(0xfe, 0x2e); this.memarg(0, 0, offset); }
  /** `i32.atomic.rmw16.and_u` [address i32] -> [i32] */
  i32AtomicRmw16AndU(offset = 0): void { this.op2(0xfe, 0x2f); this.memarg(1, 1, offset); }
  /** `i64.atomic.rmw8.and_u` [address i64] -> [i64] */
  i64AtomicRmw8AndU(offset = 0): void { this.op2(0xfe, 0x30); this.memarg(0, 0, offset); }
  /** `i64.atomic.rmw16.and_u` [address i64] -> [i64] */
  i64AtomicRmw16AndU(offset = 0): void { this.op2(0xfe, 0x31); this.memarg(1, 1, offset); }
  /** `i64.atomic.rmw32.and_u` [address i64] -> [i64] */
  i64AtomicRmw32AndU(offset = 0): void { this.op2(0xfe, 0x32); this.memarg(2, 2, offset); }
  /** `i32.atomic.rmw.or` [address i32] -> [i32] */
  i32AtomicRmwOr(offset = 0): void { this.op2(0xfe, 0x33); this.memarg(2, 2, offset); }
  /** `i64.atomic.rmw.or` [address i64] -> [i64] */
  i64AtomicRmwOr(offset = 0): void { this.op2(0xfe, 0x34); this.memarg(3, 3, offset); }
  /** `i32.atomic.rmw8.or_u` [address i32] -> [i32] */
  i32AtomicRmw8OrU(offset = 0): void { this.op2(0xfe, 0x35); this.memarg(0, 0, offset); }
  /** `i32.atomic.rmw16.or_u` [address i32] -> [i32] */
  i32AtomicRmw16OrU(offset = 0): void { this.op2(0xfe, 0x36); this.memarg(1, 1, offset); }
  /** `i64.atomic.rmw8.or_u` [address i64] -> [i64] */
  i64AtomicRmw8OrU(offset = 0): void { this.op2(0xfe, 0x37); this.memarg(0, 0, offset); }
  /** `i64.atomic.rmw16.or_u` [address i64] -> [i64] */
  i64AtomicRmw16OrU(offset = 0): void { this.op2(0xfe, 0x38); this.memarg(1, 1, offset); }
  /** `i64.atomic.rmw32.or_u` [address i64] -> [i64] */
  i64AtomicRmw32OrU(offset = 0): void { this.op2(0xfe, 0x39); this.memarg(2, 2, offset); }
  /** `i32.atomic.rmw.xor` [address i32] -> [i32] */
  i32AtomicRmwXor(offset = 0): void { this.op2(0xfe, 0x3a); this.memarg(2, 2, offset); }
  /** `i64.atomic.rmw.xor` [address i64] -> [i64] */
  i64AtomicRmwXor(offset = 0): void { this.op2(0xfe, 0x3b); this.memarg(3, 3, offset); }
  /** `i32.atomic.rmw8.xor_u` [address i32] -> [i32] */
  i32AtomicRmw8XorU(offset = 0): void { this.op2(0xfe, 0x3c); this.memarg(0, 0, offset); }
  /** `i32.atomic.rmw16.xor_u` [address i32] -> [i32] */
  i32AtomicRmw16XorU(offset = 0): void { this.op2(0xfe, 0x3d); this.memarg(1, 1, offset); }
  /** `i64.atomic.rmw8.xor_u` [address i64] -> [i64] */
  i64AtomicRmw8XorU(offset = 0): void { this.op2(0xfe, 0x3e); this.memarg(0, 0, offset); }
  /** `i64.atomic.rmw16.xor_u` [address i64] -> [i64] */
  i64AtomicRmw16XorU(offset = 0): void { this.op2(0xfe, 0x3f); this.memarg(1, 1, offset); }
  /** `i64.atomic.rmw32.xor_u` [address i64] -> [i64] */
  i64AtomicRmw32XorU(offset = 0): void { this.op2(0xfe, 0x40); this.memarg(2, 2, offset); }
  /** `i32.atomic.rmw.xchg` [address i32] -> [i32] */
  i32AtomicRmwXchg(offset = 0): void { this.op2(0xfe, 0x41); this.memarg(2, 2, offset); }
  /** `i64.atomic.rmw.xchg` [address i64] -> [i64] */
  i64AtomicRmwXchg(offset = 0): void { this.op2(0xfe, 0x42); this.memarg(3, 3, offset); }
  /** `i32.atomic.rmw8.xchg_u` [address i32] -> [i32] */
  i32AtomicRmw8XchgU(offset = 0): void { this.op2(0xfe, 0x43); this.memarg(0, 0, offset); }
  /** `i32.atomic.rmw16.xchg_u` [address i32] -> [i32] */
  i32AtomicRmw16XchgU(offset = 0): void { this.op2(0xfe, 0x44); this.memarg(1, 1, offset); }
  /** `i64.atomic.rmw8.xchg_u` [address i64] -> [i64] */
  i64AtomicRmw8XchgU(offset = 0): void { this.op2(0xfe, 0x45); this.memarg(0, 0, offset); }
  /** `i64.atomic.rmw16.xchg_u` [address i64] -> [i64] */
  i64AtomicRmw16XchgU(offset = 0): void { this.op2(0xfe, 0x46); this.memarg(1, 1, offset); }
  /** `i64.atomic.rmw32.xchg_u` [address i64] -> [i64] */
  i64AtomicRmw32XchgU(offset = 0): void { this.op2(0xfe, 0x47); this.memarg(2, 2, offset); }
  /** `i32.atomic.rmw.cmpxchg` [address i32 i32] -> [i32] */
  i32AtomicRmwCmpxchg(offset = 0): void { this.op2(0xfe, 0x48); this.memarg(2, 2, offset); }
  /** `i64.atomic.rmw.cmpxchg` [address i64 i64] -> [i64] */
  i64AtomicRmwCmpxchg(offset = 0): void { this.op2(0xfe, 0x49); this.memarg(3, 3, offset); }
  /** `i32.atomic.rmw8.cmpxchg_u` [address i32 i32] -> [i32] */
  i32AtomicRmw8CmpxchgU(offset = 0): void { this.op2(0xfe, 0x4a); this.memarg(0, 0, offset); }
  /** `i32.atomic.rmw16.cmpxchg_u` [address i32 i32] -> [i32] */
  i32AtomicRmw16CmpxchgU(offset = 0): void { this.op2(0xfe, 0x4b); this.memarg(1, 1, offset); }
  /** `i64.atomic.rmw8.cmpxchg_u` [address i64 i64] -> [i64] */
  i64AtomicRmw8CmpxchgU(offset = 0): void { this.op2(0xfe, 0x4c); this.memarg(0, 0, offset); }
  /** `i64.atomic.rmw16.cmpxchg_u` [address i64 i64] -> [i64] */
  i64AtomicRmw16CmpxchgU(offset = 0): void { this.op2(0xfe, 0x4d); this.memarg(1, 1, offset); }
  /** `i64.atomic.rmw32.cmpxchg_u` [address i64 i64] -> [i64] */
  i64AtomicRmw32CmpxchgU(offset = 0): void { this.op2(0xfe, 0x4e); this.memarg(2, 2, offset); }
}
