import { Arena } from '@emu/vaddr';
import { PhysMap } from '@emu/softmmu';
import { Engine, JumpCache } from '@emu/tcg';
import { Tci } from '@emu/tci';
import { createX86 } from '@emu/x86';
import { ATTR, SegReg } from '../../x86/src/state.ts';
import { Jit } from '../src/index.ts';
export function pc(useJit: boolean, opts: any = {}) {
const arena = new Arena(128<<20);
const map = new PhysMap(arena);
const RAM = 32<<20;
const ram = arena.alloc(RAM, 4096);
map.addRam('ram', 0, RAM, ram);
let engine: Engine;
const st = { out: '' };
const bus: any = { ioRead(){return 0}, ioWrite(p:number,b:number,v:number){ if(p===0x3f8) st.out+=String.fromCharCode(v); }, interruptPending(){return false}, acknowledge(){return -1}, tsc(){return 0}, tscHi(){return 0}, shutdown(){console.log('shutdown')}, ferr(){}, random32(){return 4}, logs(){return true}, log(k:string,t:string){console.log(k,t)} };
const x = createX86({arena, map, bus, onCodeWrite:(h,n)=>!engine.codeWrite(h,n), onFlush:()=>engine?.flushJumpCache()});
const jc = new JumpCache(arena);
const table = new WebAssembly.Table({element:'anyfunc', initial: 64});
const functions = x.registry.instantiate(arena, x.header);
const tci = new Tci({arena, header:x.header, jumpCache:jc, helpers:x.registry, functions, memory:x.mmu, entries: table});
const jit = useJit ? new Jit({arena, header:x.header, jumpCache:jc, helpers:x.registry, functions, memory:x.mmu, table, interpreter: tci.run, ...opts}) : undefined;
engine = new Engine({arena, header:x.header, jumpCache:jc, guest:x.guest, backend:tci, hot: jit, helpers:x.registry, codePages:{protect:(p)=>map.protectCode(p), unprotect:(p)=>map.unprotect(p)}});
const cpu=x.cpu; cpu.reset();
const v=new DataView(arena.memory.buffer, ram);
v.setUint32(0x1000,0x2007,true); v.setUint32(0x2000,0x3007,true);
for(let i=0;i<16;i++) v.setUint32(0x3000+i*8,(i<<21)|0x87,true);
cpu.s.cr3Lo=0x1000; cpu.s.cr4=0x620; cpu.s.efer=0xd01; cpu.s.cr0=0x80010033|0;
const code=ATTR.P|ATTR.S|ATTR.CODE|ATTR.READABLE|ATTR.ACCESSED|ATTR.G|ATTR.L, data=ATTR.P|ATTR.S|ATTR.WRITABLE|ATTR.ACCESSED|ATTR.G|ATTR.DB;
for(let n=0;n<6;n++) cpu.setSegment(n,0x18,0,0,0xffffffff,data);
cpu.setSegment(SegReg.CS,0x10,0,0,0xffffffff,code);
cpu.updateHflags(0);
cpu.setGpr(4, 0x200000, 0);
return { engine, cpu, v, st, jit, arena, x };
}
if (process.argv[1]!.endsWith('loop.ts')) {
for (const useJit of [false, true]) {
const { engine, cpu, v, st, jit } = pc(useJit, {compile: 'sync'});
const prog=[0x48,0xbe,0,1,0x10,0,0,0,0,0, 0x66,0xba,0xf8,0x03, 0xac,0x84,0xc0,0x74,0x03,0xee,0xeb,0xf8,
 0x31,0xc0,0xb9,0x00,0xe1,0xf5,0x05, 0x01,0xc8,0xff,0xc9,0x75,0xfa, 0xf4];
prog.forEach((b,i)=>v.setUint8(0x100000+i,b));
[...'Hello from 64-bit\n\0'].forEach((ch,i)=>v.setUint8(0x100100+i,ch.charCodeAt(0)));
cpu.setPc(0x100000,0);
let n=0; const t=process.cpuUsage();
for(let i=0;i<10000 && !cpu.s.halted;i++){ n+=engine.run(10_000_000); }
const u=process.cpuUsage(t);
console.log(JSON.stringify(st.out), n, 'insns', (n/(u.user+u.system)).toFixed(0),'MIPS', 'eax', (cpu.gprLo(0)>>>0).toString(16), 'halted', cpu.s.halted, jit?.stats);
}}
