import { Arena } from '@emu/vaddr';
import { PhysMap } from '@emu/softmmu';
import { Engine, JumpCache } from '@emu/tcg';
import { Tci } from '@emu/tci';
import { createX86, SegReg, HF } from '@emu/x86';
import * as D from '@emu/devices';
import { readFileSync } from 'node:fs';
import { loadKernel } from './boot/boot.ts';
import { ramLayout } from './boot/layout.ts';
const MB=1<<20, RAM=512*MB;
const arena = new Arena(RAM+192*MB);
const map = new PhysMap(arena);
const ram = arena.alloc(RAM, 4096);
map.addRam('ram', 0, RAM, ram);
let engine: Engine;
const clock = new D.ManualClock();
const log:any = new Proxy({}, {get:()=>()=>{}});
const env:any = { clock, log };
const pic = new D.Pic8259(env), apics = new D.ApicBus(), ioapic = new D.IoApic(env, apics), gsi = new D.GsiLines(pic, ioapic);
const tsc = { };
const lapic:any = new D.LocalApic(env, { id:0, bootProcessor:true, bus:apics, pic, cpu:{nmi(){},smi(){},init(){},startup(){}} } as any);
pic.intr.connect(l=>lapic.setLint(0,l));
const pit = new D.Pit8254(env); pit.irq.connect(gsi.input(0));
const rtc = new D.Rtc(env,{startSeconds:1.7e9|0, nvram:D.pcNvram({ramBelow4G:RAM, ramAbove4G:0, cpus:1})} as any); rtc.irq.connect(gsi.input(8));
const kbc = new D.I8042(env);
const t0=performance.now();
const uart = new D.Uart16550('com1', env, { write(b:any){ process.stdout.write(Buffer.from(b)); } } as any); uart.irq.connect(gsi.input(4));
const spaces={io:new Map<D.IoRegion,number>(), memory:new Map<D.IoRegion,any>()};
const piix3=new D.Piix3(env);
const pci=new D.PciBus({map:(s:any,a:number,r:any)=>{ if(s==='io') spaces.io.set(r,a); else spaces.memory.set(r, map.addDevice(r.name,a,r.size,{read:(o:number,b:any)=>D.regionRead(r,o,b),write:(o:number,b:any,v:number)=>D.regionWrite(r,o,b,v)})); rebuild();}, unmap:(s:any,_a:any,r:any)=>{ if(s==='io') spaces.io.delete(r); else {map.remove(spaces.memory.get(r)); spaces.memory.delete(r);} rebuild();}, message:(l:number,h:number,d:number)=>void apics.message(l,h,d), pirq:(n:number,l:boolean)=>piix3.setPirq(n,l)} as any);
const host=new D.PciHost(env,pci,piix3.resetPort);
pci.add(new D.I440fxHostBridge(env),0); pci.add(piix3,1);
const pm=new D.Piix4Pm(env); pm.sci.connect(gsi.input(9)); pci.add(pm,1,3);
const fixed:any[]=[[0x20,pic.masterPorts],[0xa0,pic.slavePorts],[0x4d0,pic.elcrPorts],[0x40,pit.ports],[0x61,pit.controlPort],[0x60,kbc.dataPort],[0x64,kbc.commandPort],[0x70,rtc.ports],[0x3f8,uart.ports],[0xcf8,host.addressPort],[0xcfc,host.dataPort],[0xb2,pm.apmPorts],[0xafe0,pm.gpePorts]];
const ports: ([D.IoRegion,number]|undefined)[]=new Array(65536);
function rebuild(){ ports.fill(undefined); for(const [b,r] of fixed) for(let i=0;i<r.size;i++) ports[b+i]=[r,i]; for(const [r,b] of spaces.io) for(let i=0;i<r.size;i++) ports[b+i]=[r,i]; }
rebuild();
for(const [a,r] of [[0xfec00000,ioapic.mmio],[0xfee00000,lapic.mmio]] as any) map.addDevice(r.name,a,r.size,{read:(o:number,b:any)=>D.regionRead(r,o,b),write:(o:number,b:any,v:number)=>D.regionWrite(r,o,b,v)});
let base=0; // instructions at clock sync
const sync=()=>{ const n=engine.instructions; if(n>base){ clock.advance(n-base); base=n; } };
const trace = process.env.TRACE;
const bus:any = {
  ioRead(p:number,b:number){ sync(); const e=ports[p]; return e? D.regionRead(e[0],e[1],b as any): b===1?0xff:b===2?0xffff:-1; },
  ioWrite(p:number,b:number,v:number){ sync(); const e=ports[p]; if(e) D.regionWrite(e[0],e[1],b as any,v); },
  interruptPending(){return lapic.intr.level}, acknowledge(){return lapic.acknowledge()},
  tsc(){sync(); return (clock.now()%4294967296)|0}, tscHi(){return Math.floor(clock.now()/4294967296)},
  apic:{ readMsr(i:number,out:any){ if(!lapic.readMsr(i)) return false; out.lo=lapic.msrLow|0; out.hi=lapic.msrHigh|0; return true;}, writeMsr(i:number,l:number,h:number){return lapic.writeMsr(i,l,h)}, setBase(l:number,h:number){lapic.writeMsr(0x1b,l,h)}, tpr(){return lapic.cr8}, setTpr(v:number){lapic.cr8=v} },
  shutdown(){console.log('SHUTDOWN'); dump(); process.exit(1)}, ferr(){}, random32(){return (Math.random()*2**32)|0}, logs(k:string){return !!trace||k==='unimp'}, log(k:string,t:string){console.error(k,t)} };
const x = createX86({arena, map, bus, onCodeWrite:(h,n)=>!engine.codeWrite(h,n), onFlush:()=>engine?.flushJumpCache()});
lapic.intr.connect((l:boolean)=>{ if(l) engine?.requestExit(); });
const jc = new JumpCache(arena);
const tci = new Tci({arena, header:x.header, jumpCache:jc, helpers:x.registry, memory:x.mmu});
engine = new Engine({arena, header:x.header, jumpCache:jc, guest:x.guest, backend:tci, helpers:x.registry, codePages:{protect:(p)=>map.protectCode(p), unprotect:(p)=>map.unprotect(p)}});
const cpu=x.cpu; cpu.reset();
const mem={write:(a:number,b:Uint8Array)=>map.write(a,b)};
D.setupPci({bus:pci, memoryBottom:RAM, outb:(p:number,v:number)=>bus.ioWrite(p,1,v)} as any);
lapic.virtualWire();
const layout=ramLayout(RAM);
const boot=loadKernel(mem as any, layout, {data:readFileSync(process.env.KERNEL??'pack/bzImage'),name:'bzImage'},{append:process.env.APPEND??'earlyprintk=ttyS0 console=ttyS0 root=/dev/vda loglevel=7', initrd:readFileSync(process.env.INITRD??'pack/initrd-bench'), rsdp:0} as any);
console.log(boot);
cpu.s.gdtBaseLo=boot.gdt.base; cpu.s.gdtLimit=boot.gdt.limit;
cpu.s.cr0=boot.cr0|0; cpu.s.cr3Lo=boot.cr3; cpu.s.cr4=boot.cr4; cpu.s.efer=boot.efer;
for(let n=0;n<6;n++) if(n!==1) cpu.setSegment(n,boot.ds.selector,boot.ds.base,0,boot.ds.limit,boot.ds.flags);
cpu.setSegment(SegReg.CS,boot.cs.selector,boot.cs.base,0,boot.cs.limit,boot.cs.flags);
cpu.setSegment(SegReg.TR,boot.tr.selector,boot.tr.base,0,boot.tr.limit,boot.tr.flags);
cpu.setGpr(0,boot.rax|0,0);cpu.setGpr(3,boot.rbx|0,0);cpu.setGpr(4,boot.rsp|0,0);cpu.setGpr(6,boot.rsi|0,0);
cpu.updateHflags(0); cpu.setPc(boot.rip|0,0);
function dump(){ const r=(n:number)=>(cpu.gprHi(n)>>>0).toString(16).padStart(8,'0')+(cpu.gprLo(n)>>>0).toString(16).padStart(8,'0'); console.error('rip',cpu.formatPc(),'flags',cpu.s.flags.toString(16),'cr0',(cpu.s.cr0>>>0).toString(16),'cr2',(cpu.s.cr2Hi>>>0).toString(16)+':'+(cpu.s.cr2Lo>>>0).toString(16),'cr3',cpu.s.cr3Lo.toString(16),'cr4',cpu.s.cr4.toString(16)); for(let i=0;i<16;i+=4) console.error([0,1,2,3].map(k=>`r${i+k}=${r(i+k)}`).join(' ')); console.error(engine.stats, x.mmu.stats); }
const max=+(process.env.MAX??3e9);
process.on('SIGINT',()=>{dump();process.exit(1)});
try { while(engine.instructions<max){ const nx=clock.next(); const until=nx===undefined?1e6:Math.max(1,Math.min(1e6,nx-clock.now())); const n=engine.run(Math.max(until|0,20)); sync(); if(n===0 || cpu.s.halted){ const d=clock.next(); if(d===undefined) {console.log('idle forever');break;} const skip=Math.max(1,d-clock.now()); clock.advance(skip); } } } catch(e){ console.error(e); }
dump();
console.error((engine.instructions/1e6).toFixed(0)+'M insns', ((performance.now()-t0)/1e3).toFixed(1)+'s', (engine.instructions/1e3/(performance.now()-t0)).toFixed(1)+' MIPS');
process.exit(0);
