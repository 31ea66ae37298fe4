/**
 * A TLB following a working set: node --conditions=@emu/source playground/play.ts [accesses a line]. Each line touches random pages of a set that
 * grows, then shrinks.
 */
import { Prot } from '../src/index.ts';
import { makeRig } from '../src/testing.ts';

const accesses = Number(process.argv[2] ?? 20_000);
const PAGE = 4096;
const SETS = [8, 64, 512, 4096, 4096, 64, 8];
const rig = makeRig({
  walk: (lo, _hi, _access, _mmuIdx, page) => {
    page.phys = lo & 0xff_fff;
    page.prot = Prot.READ | Prot.WRITE;
    page.pageBits = 12;
    page.global = false;
    return true;
  },
});
const { mmu } = rig, tlb = mmu.tlb(0);
console.log('pages in the set    slots    walks  victims back  missed probes');
for (const set of SETS) {
  const before = mmu.stats, missed = rig.code.misses();
  for (let i = 0; i < accesses; i++) {
    if (i % (accesses / 50) === 0) mmu.flushAll(); // a context switch
    rig.code.load(2, BigInt(Math.floor(Math.random() * set) * PAGE));
  }
  const { fills, victimHits } = mmu.stats;
  const columns = [set, tlb.slots, fills - before.fills, victimHits - before.victimHits, rig.code.misses() - missed];
  console.log(columns.map((n, i) => String(n).padStart([16, 9, 9, 14, 15][i]!)).join(''));
}
