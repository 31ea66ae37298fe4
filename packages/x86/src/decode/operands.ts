/**
 * Operand constants in the letters of SDM Vol. 2 appendix A.2: a capital for the addressing method, small letters for the size.
 *
 * `Ev` is "ModR/M register or memory, of the operand size". Where the SDM overloads one letter and the decoder has to know the
 * difference, a letter is added and its docstring says so (`sIb`, `Rm`, the x87 memory formats). VEX (`H`, `B`) comes with AVX.
 */
import type { Insn } from './insn.ts';

/** Addressing method: where the operand is. SDM Vol. 2 appendix A.2.1, plus implied operands. */
export const Method = {
  /** A: far pointer in the instruction; offset in `imm`, selector in `imm2`. */ A: 0,
  /** C: control register, ModR/M reg. */ C: 1,
  /** D: debug register, ModR/M reg. */ D: 2,
  /** E: general register or memory, ModR/M mod and rm. */ E: 3,
  /** G: general register, ModR/M reg. */ G: 4,
  /** I: immediate in `imm`. */ I: 5,
  /** J: displacement relative to the next instruction, sign-extended in `imm`. */ J: 6,
  /** M: memory only, ModR/M; the register form is #UD or another row. */ M: 7,
  /** N: MMX register, ModR/M rm; no memory form. */ N: 8,
  /** O: memory at the offset in the instruction, no ModR/M; offset in `disp`/`dispHi`. */ O: 9,
  /** P: MMX register, ModR/M reg. */ P: 10,
  /** Q: MMX register or memory, ModR/M mod and rm. */ Q: 11,
  /** R: general register, ModR/M rm; no memory form. */ R: 12,
  /** S: segment register, ModR/M reg. */ S: 13,
  /** U: XMM register, ModR/M rm; no memory form. */ U: 14,
  /** V: XMM register, ModR/M reg. */ V: 15,
  /** W: XMM register or memory, ModR/M mod and rm. */ W: 16,
  /** X: memory at DS:rSI (segment can be overridden). */ X: 17,
  /** Y: memory at ES:rDI. */ Y: 18,
  /** Z: general register in the low three bits of the opcode (`opReg`). The SDM spells the register out in each cell. */ Z: 19,
  /** Implied general register; its number is `reg`. */ REG: 20,
  /** Implied segment register; its number is `reg`. */ SEG: 21,
  /** Implied constant; its value is `reg`. */ CONST: 22,
  /** x87 top of stack. */ ST0: 23,
  /** x87 register ST(i), i = ModR/M rm. */ STI: 24,
  /** Implied XMM0. */ XMM0: 25,
} as const;
export type Method = (typeof Method)[keyof typeof Method];

/** Operand size. SDM Vol. 2 appendix A.2.2. `operandBits` turns any into bits. */
export const Size = {
  /** v: the operand size, 16, 32 or 64 bits. */ v: 0,
  /** z: 16 bits for operand size 16, otherwise 32. */ z: 1,
  /** y: 64 bits for operand size 64, otherwise 32. */ y: 2,
  /** p: far pointer: selector and an offset of the operand size. */ p: 3,
  /** s: limit and base of a descriptor table: 48 bits, 80 in 64-bit mode. */ s: 4,
  /** a: two values of the operand size (BOUND). */ a: 5,
  /** m: 64 bits in 64-bit mode, otherwise 32, whatever the prefixes (MOV CR, MOV DR). The SDM writes d with superscript f64. */ m: 6,
  /** e: x87 environment, 14 bytes for operand size 16, otherwise 28; `f` adds the eight registers. */ e: 7,
  /** f: x87 state (FNSAVE, FRSTOR), 94 or 108 bytes. */ f: 8,
  /** None: no data is accessed (LEA, INVLPG, PREFETCH) or its length is the instruction's business (XSAVE area). */ none: 9,
  b: 10,
  w: 11,
  d: 12,
  q: 13,
  /** t: 80-bit extended real or packed BCD. */ t: 14,
  /** dq: 128 bits, an XMM register. */ dq: 15,
  /** FXSAVE area, 512 bytes. */ fx: 16,
  /** Two values of size y: 64 bits, 128 with operand size 64 (CMPXCHG8B, CMPXCHG16B). */ yy: 17,
} as const;
export type Size = (typeof Size)[keyof typeof Size];

/** One operand of a row. Constants only: compare by identity or by `method`. */
export interface Operand {
  /** The SDM's name, as printed in listings. */
  readonly name: string;
  readonly method: Method;
  /** Size in a register (and in memory, unless `memSize` differs). */
  readonly size: Size;
  /** Size in memory; differs from `size` for `Rv/Mw` and the like. */
  readonly memSize: Size;
  /** Number of an implied register or value of an implied constant, else 0. */
  readonly reg: number;
}

const op = (name: string, method: Method, size: Size, memSize: Size = size, reg = 0): Operand =>
  Object.freeze({ name, method, size, memSize, reg });

const FIXED_BITS: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 16, 32, 64, 80, 128, 4096];

/** Bits that `o` has in the decoded instruction `i`; 0 if it has no size of its own (`Size.none`). */
export function operandBits(o: Operand, i: Insn): number {
  const size = i.isMem ? o.memSize : o.size;
  switch (size) {
    case Size.v: return i.osz;
    case Size.z: return i.osz === 16 ? 16 : 32;
    case Size.y: return i.osz === 64 ? 64 : 32;
    case Size.p: return i.osz + 16;
    case Size.s: return i.mode === 64 ? 80 : 48;
    case Size.yy: return i.osz === 64 ? 128 : 64;
    case Size.a: return i.osz * 2;
    case Size.m: return i.mode === 64 ? 64 : 32;
    case Size.e: return i.osz === 16 ? 14 * 8 : 28 * 8;
    case Size.f: return i.osz === 16 ? 94 * 8 : 108 * 8;
    default: return FIXED_BITS[size]!;
  }
}

/** Whether `o` may be memory addressed by ModR/M. */
export const isRm = (o: Operand): boolean =>
  o.method === Method.E || o.method === Method.M || o.method === Method.Q || o.method === Method.W;

/** Whether `o` needs a ModR/M byte. */
export const needsModrm = (o: Operand): boolean => MODRM_METHODS.has(o.method);

const MODRM_METHODS: ReadonlySet<number> = new Set([
  Method.C, Method.D, Method.E, Method.G, Method.M, Method.N, Method.P, Method.Q, Method.R, Method.S, Method.U, Method.V, Method.W, Method.STI,
]);

// ---- General registers and memory -------------------------------------------------------------------------------------------------

/** General byte register or memory byte. */
export const Eb = op('Eb', Method.E, Size.b);
/** General word register or memory word. */
export const Ew = op('Ew', Method.E, Size.w);
/** General doubleword register or memory doubleword, whatever the operand size. */
export const Ed = op('Ed', Method.E, Size.d);
/** General register or memory, 16 bits for operand size 16, otherwise 32 (MOVSXD's source). */
export const Ez = op('Ez', Method.E, Size.z);
/** General register or memory of the operand size. */
export const Ev = op('Ev', Method.E, Size.v);
/** General register or memory, doubleword or, with operand size 64, quadword. */
export const Ey = op('Ey', Method.E, Size.y);
/** General byte register, ModR/M reg. */
export const Gb = op('Gb', Method.G, Size.b);
/** General word register, ModR/M reg. */
export const Gw = op('Gw', Method.G, Size.w);
/** General doubleword register, ModR/M reg. */
export const Gd = op('Gd', Method.G, Size.d);
/** General register of the operand size, ModR/M reg. */
export const Gv = op('Gv', Method.G, Size.v);
/** General register, ModR/M reg, doubleword or, with operand size 64, quadword. */
export const Gy = op('Gy', Method.G, Size.y);
/** General register, ModR/M reg, 64 bits in 64-bit mode and 32 otherwise (INVPCID's type). */
export const Gm = op('Gm', Method.G, Size.m);
/** General register of the operand size, ModR/M rm. */
export const Rv = op('Rv', Method.R, Size.v);
/** General register, ModR/M rm, doubleword or, with operand size 64, quadword. */
export const Ry = op('Ry', Method.R, Size.y);
/** General register, ModR/M rm, 64 bits in 64-bit mode and 32 otherwise. The SDM writes Rd with superscript f64 (MOV CR, MOV DR). */
export const Rm = op('Rm', Method.R, Size.m);
/** Register of the operand size (zero-extended) or memory word: MOV Ev,Sw; SLDT; STR; SMSW. */
export const RvMw = op('Rv/Mw', Method.E, Size.v, Size.w);
/** Doubleword register (zero-extended; REX.W makes no difference) or memory byte: PINSRB, PEXTRB. */
export const RdMb = op('Rd/Mb', Method.E, Size.d, Size.b);
/** Doubleword register (zero-extended; REX.W makes no difference) or memory word: PINSRW, PEXTRW. */
export const RdMw = op('Rd/Mw', Method.E, Size.d, Size.w);
/** Byte register in the opcode. */
export const Zb = op('Zb', Method.Z, Size.b);
/** Register of the operand size in the opcode. */
export const Zv = op('Zv', Method.Z, Size.v);

/** Memory address only, no access (LEA, INVLPG, PREFETCH), or an area whose length the instruction knows (XSAVE). */
export const M = op('M', Method.M, Size.none);
/** Memory byte. */
export const Mb = op('Mb', Method.M, Size.b);
/** Memory word. */
export const Mw = op('Mw', Method.M, Size.w);
/** Memory doubleword. */
export const Md = op('Md', Method.M, Size.d);
/** Memory quadword. */
export const Mq = op('Mq', Method.M, Size.q);
/** Memory double quadword. */
export const Mdq = op('Mdq', Method.M, Size.dq);
/** Memory of the operand size. */
export const Mv = op('Mv', Method.M, Size.v);
/** Memory doubleword or, with operand size 64, quadword. */
export const My = op('My', Method.M, Size.y);
/** Memory far pointer: offset of the operand size, then selector. */
export const Mp = op('Mp', Method.M, Size.p);
/** Memory pseudo-descriptor: 16-bit limit, 32- or 64-bit base. */
export const Ms = op('Ms', Method.M, Size.s);
/** Memory pair of operand-sized bounds (BOUND). */
export const Ma = op('Ma', Method.M, Size.a);
/** Memory quadword or, with operand size 64, aligned double quadword (CMPXCHG8B, CMPXCHG16B). */
export const MqMdq = op('Mq/Mdq', Method.M, Size.yy);
/** Memory FXSAVE area, 512 bytes. */
export const Mfx = op('Mfx', Method.M, Size.fx);

/** Immediate byte, zero-extended. */
export const Ib = op('Ib', Method.I, Size.b);
/** Immediate byte, sign-extended to the operand size. The SDM writes Ib here too. */
export const sIb = op('sIb', Method.I, Size.b);
/** Immediate word, zero-extended. */
export const Iw = op('Iw', Method.I, Size.w);
/** Immediate of 16 or 32 bits, sign-extended to 64 for operand size 64. */
export const Iz = op('Iz', Method.I, Size.z);
/** Immediate of the full operand size (MOV r64, imm64 only). */
export const Iv = op('Iv', Method.I, Size.v);
/** Branch displacement of one byte. */
export const Jb = op('Jb', Method.J, Size.b);
/** Branch displacement of 16 or 32 bits. */
export const Jz = op('Jz', Method.J, Size.z);
/** Far pointer in the instruction. */
export const Ap = op('Ap', Method.A, Size.p);
/** Memory byte at an offset of the address size. */
export const Ob = op('Ob', Method.O, Size.b);
/** Memory of the operand size at an offset of the address size. */
export const Ov = op('Ov', Method.O, Size.v);
/** Byte at DS:rSI. */
export const Xb = op('Xb', Method.X, Size.b);
/** Operand-sized element at DS:rSI. */
export const Xv = op('Xv', Method.X, Size.v);
/** 16- or 32-bit element at DS:rSI (OUTS). */
export const Xz = op('Xz', Method.X, Size.z);
/** Byte at ES:rDI. */
export const Yb = op('Yb', Method.Y, Size.b);
/** Operand-sized element at ES:rDI. */
export const Yv = op('Yv', Method.Y, Size.v);
/** 16- or 32-bit element at ES:rDI (INS). */
export const Yz = op('Yz', Method.Y, Size.z);

/** Implied AL. */
export const AL = op('AL', Method.REG, Size.b, Size.b, 0);
/** Implied CL. */
export const CL = op('CL', Method.REG, Size.b, Size.b, 1);
/** Implied AX. */
export const AX = op('AX', Method.REG, Size.w, Size.w, 0);
/** Implied DX (a port number). */
export const DX = op('DX', Method.REG, Size.w, Size.w, 2);
/** Implied AX, EAX or RAX, by operand size. */
export const rAX = op('rAX', Method.REG, Size.v, Size.v, 0);
/** Implied AX or EAX, by operand size (IN, OUT). */
export const eAX = op('eAX', Method.REG, Size.z, Size.z, 0);
/** The constant 1 (shifts by one). */
export const One = op('1', Method.CONST, Size.b, Size.b, 1);

// ---- Segment, control and debug registers -----------------------------------------------------------------------------------------

/** Segment register, ModR/M reg; 6 and 7 are #UD, and so is CS as destination. */
export const Sw = op('Sw', Method.S, Size.w);
/** Control register, ModR/M reg and REX.R: CR0, CR2, CR3, CR4, CR8. */
export const Cd = op('Cd', Method.C, Size.m);
/** Debug register, ModR/M reg: DR0 to DR7. */
export const Dd = op('Dd', Method.D, Size.m);
/** Implied ES. */
export const ES = op('ES', Method.SEG, Size.w, Size.w, 0);
/** Implied CS. */
export const CS = op('CS', Method.SEG, Size.w, Size.w, 1);
/** Implied SS. */
export const SS = op('SS', Method.SEG, Size.w, Size.w, 2);
/** Implied DS. */
export const DS = op('DS', Method.SEG, Size.w, Size.w, 3);
/** Implied FS. */
export const FS = op('FS', Method.SEG, Size.w, Size.w, 4);
/** Implied GS. */
export const GS = op('GS', Method.SEG, Size.w, Size.w, 5);

// ---- x87 (the SDM's tables spell these out: "single-real", "word-integer", ...) -----------------------------------------

/** ST(0). */
export const ST0 = op('ST', Method.ST0, Size.t);
/** ST(i), ModR/M rm. */
export const STi = op('STi', Method.STI, Size.t);
/** Memory single-precision real. */
export const Mss = op('Mss', Method.M, Size.d);
/** Memory double-precision real. */
export const Msd = op('Msd', Method.M, Size.q);
/** Memory extended-precision real. */
export const Mt = op('Mt', Method.M, Size.t);
/** Memory 18-digit packed BCD. */
export const Mbcd = op('Mbcd', Method.M, Size.t);
/** Memory word integer. */
export const Mwi = op('Mwi', Method.M, Size.w);
/** Memory doubleword integer. */
export const Mdi = op('Mdi', Method.M, Size.d);
/** Memory quadword integer. */
export const Mqi = op('Mqi', Method.M, Size.q);
/** Memory x87 environment, 14 or 28 bytes. */
export const Me = op('Me', Method.M, Size.e);
/** Memory x87 state, 94 or 108 bytes. */
export const Mf = op('Mf', Method.M, Size.f);

// ---- MMX --------------------------------------------------------------------------------------------------------------------------

/** MMX register, ModR/M reg, whole. */
export const Pq = op('Pq', Method.P, Size.q);
/** MMX register, ModR/M reg, low doubleword or, with operand size 64, whole (MOVD/MOVQ). */
export const Py = op('Py', Method.P, Size.y);
/** MMX register or memory quadword. */
export const Qq = op('Qq', Method.Q, Size.q);
/** MMX register or memory doubleword (PUNPCKL forms read only the low half). */
export const Qd = op('Qd', Method.Q, Size.q, Size.d);
/** MMX register, ModR/M rm. */
export const Nq = op('Nq', Method.N, Size.q);

// ---- XMM --------------------------------------------------------------------------------------------------------------------------

/** XMM register, ModR/M reg, whole; 256 bits with VEX.L once VEX exists. */
export const Vx = op('Vx', Method.V, Size.dq);
/** XMM register, ModR/M reg, 128 bits. */
export const Vdq = op('Vdq', Method.V, Size.dq);
/** XMM register, ModR/M reg, four singles. */
export const Vps = op('Vps', Method.V, Size.dq);
/** XMM register, ModR/M reg, two doubles. */
export const Vpd = op('Vpd', Method.V, Size.dq);
/** XMM register, ModR/M reg, low single. */
export const Vss = op('Vss', Method.V, Size.d);
/** XMM register, ModR/M reg, low double. */
export const Vsd = op('Vsd', Method.V, Size.q);
/** XMM register, ModR/M reg, low quadword. */
export const Vq = op('Vq', Method.V, Size.q);
/** XMM register, ModR/M reg, low doubleword or quadword (MOVD/MOVQ). */
export const Vy = op('Vy', Method.V, Size.y);
/** XMM register or memory, 128 bits; 256 with VEX.L once VEX exists. Memory is aligned unless the row says `unaligned`. */
export const Wx = op('Wx', Method.W, Size.dq);
/** XMM register or memory, 128 bits. */
export const Wdq = op('Wdq', Method.W, Size.dq);
/** XMM register or memory, four singles. */
export const Wps = op('Wps', Method.W, Size.dq);
/** XMM register or memory, two doubles. */
export const Wpd = op('Wpd', Method.W, Size.dq);
/** XMM register (low single) or memory single. */
export const Wss = op('Wss', Method.W, Size.d);
/** XMM register (low double) or memory double. */
export const Wsd = op('Wsd', Method.W, Size.q);
/** XMM register (low quadword) or memory quadword. */
export const Wq = op('Wq', Method.W, Size.q);
/** XMM register (low doubleword) or memory doubleword. */
export const Wd = op('Wd', Method.W, Size.d);
/** XMM register (low word) or memory word. */
export const Ww = op('Ww', Method.W, Size.w);
/** XMM register, ModR/M rm, 128 bits. */
export const Udq = op('Udq', Method.U, Size.dq);
/** XMM register, ModR/M rm, four singles. */
export const Ups = op('Ups', Method.U, Size.dq);
/** XMM register, ModR/M rm, two doubles. */
export const Upd = op('Upd', Method.U, Size.dq);
/** XMM register, ModR/M rm, low quadword. */
export const Uq = op('Uq', Method.U, Size.q);
/** Whole XMM register or memory single (INSERTPS selects a lane of the register). */
export const UdqMd = op('Udq/Md', Method.W, Size.dq, Size.d);
/** Implied XMM0 (blends by mask, SHA256RNDS2). */
export const XMM0 = op('XMM0', Method.XMM0, Size.dq);
