/** The PC alone, with a guest of a few instructions: it is run twice under `-icount`, and both runs are the same to the last bit. */
import { createMachine, memoryHost } from '@emu/machine';
import { asm, guest } from '../src/samples.ts';

const kernel = guest(asm.print('A PC ran this.\n'), asm.outb(0x501, 0));
const hashes: string[] = [];
for (let run = 1; run <= 2; run++) {
  let text = '';
  const machine = await createMachine(
    { memory: 4 << 20, kernel, serials: [{ type: 'stdio' }], devices: [{ driver: 'isa-debug-exit', iobase: 0x501, iosize: 2 }], icount: { shift: 3, sleep: false }, rtc: { base: 0 } },
    memoryHost({ stdio: { write: (bytes) => void (text += new TextDecoder().decode(bytes)) } }),
  );
  const end = await machine.run();
  const { instructions, virtualNs } = machine.stats;
  hashes.push(await machine.stateHash());
  console.log(`run ${run}: ${JSON.stringify(text)} ${end.reason} after ${instructions} instructions, ${virtualNs} ns; state ${hashes.at(-1)!.slice(0, 16)}`);
}
console.log(hashes[0] === hashes[1] ? 'both runs are equal' : 'the runs differ');
