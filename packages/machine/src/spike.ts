import { Arena } from '@emu/vaddr';
import { PhysMap } from '@emu/softmmu';
import { Engine, JumpCache } from '@emu/tcg';
import { Tci } from '@emu/tci';
import { createX86 } from '../../x86/src/create.ts';
import { ATTR, SegReg } from '../../x86/src/state.ts';
const arena = new Arena(256<<20);
const map = new PhysMap(arena);
const ram = arena.alloc(64<<20, 4096);
map.addRam('ram', 0, 64<<20, ram);
let engine: Engine;
let out='';
const bus: any = { ioRead(){return 0}, ioWrite(p:number,b:number,v:number){ if(p===0x3f8) out+=String.fromCharCode(v); else console.log('out',p,v)}, interruptPending(){return false}, acknowledge(){return -1}, tsc(){return 0}, tscHi(){return 0}, shutdown(){console.log('shutdown')}, ferr(){}, random32(){return 4}, logs(){return true}, log(k:string,t:string){console.log(k,t)} };
const x = createX86({arena, map, bus, onCodeWrite:(h,n)=>!engine.codeWrite(h,n), onFlush:()=>engine?.flushJumpCache()});
const jc = new JumpCache(arena);
const tci = new Tci({arena, header:x.header, jumpCache:jc, helpers:x.registry, memory:x.mmu});
engine = new Engine({arena, header:x.header, jumpCache:jc, guest:x.guest, backend:tci, helpers:x.registry, codePages:{protect:(p)=>map.protectCode(p), unprotect:(p)=>map.unprotect(p)}});
const cpu=x.cpu; cpu.reset();
// enter long mode flat w/o paging hack: build identity page tables
const v=new DataView(arena.memory.buffer, ram);
v.setUint32(0x1000,0x2007,true); v.setUint32(0x2000,0x3007,true);
for(let i=0;i<32;i++) v.setUint32(0x3000+i*8,(i<<21)|0x87,true);
cpu.s.cr3Lo=0x1000; cpu.s.cr4=0x620; cpu.s.efer=0xd01; cpu.s.cr0=0x80010033|0;
const code=ATTR.P|ATTR.S|ATTR.CODE|ATTR.READABLE|ATTR.ACCESSED|ATTR.G|ATTR.L, data=ATTR.P|ATTR.S|ATTR.WRITABLE|ATTR.ACCESSED|ATTR.G|ATTR.DB;
for(let n=0;n<6;n++) cpu.setSegment(n,0x18,0,0,0xffffffff,data);
cpu.setSegment(SegReg.CS,0x10,0,0,0xffffffff,code);
cpu.updateHflags(0);
const prog=[0x48,0xbe,0,1,0x10,0,0,0,0,0, /*mov rsi,0x100100*/ 0x66,0xba,0xf8,0x03, /*mov dx,3f8*/ 0xac /*lodsb*/,0x84,0xc0,0x74,0x03,0xee,0xeb,0xf8, /*test al,al; jz +3; out; jmp -8*/
 0x31,0xc0,0xb9,0x00,0xe1,0xf5,0x05, /*xor eax,eax; mov ecx,100000000*/ 0x01,0xc8,0xff,0xc9,0x75,0xfa, /*add eax,ecx; dec ecx; jnz*/ 0xf4];
prog.forEach((b,i)=>v.setUint8(0x100000+i,b));
[...'Hello from 64-bit\n\0'].forEach((ch,i)=>v.setUint8(0x100100+i,ch.charCodeAt(0)));
cpu.setPc(0x100000,0);
let n=0; const t=performance.now();
for(let i=0;i<10000 && !cpu.s.halted;i++){ n+=engine.run(10_000_000); }
console.log(JSON.stringify(out), n, 'insns', (n/(performance.now()-t)/1e3).toFixed(0),'MIPS', 'eax', (cpu.gprLo(0)>>>0).toString(16), 'halted', cpu.s.halted);
