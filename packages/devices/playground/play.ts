// A PC's interrupt path without a PC: timer -> 8259A -> acknowledge, and a UART on IRQ 4. Run: pnpm --filter @emu/devices play
import { ManualClock, Pic8259, Pit8254, regionRead, regionWrite, silentLog, Uart16550, type IoRegion } from '@emu/devices';

const clock = new ManualClock();
const env = { clock, log: silentLog };
const pic = new Pic8259(env);
const pit = new Pit8254(env);
const uart = new Uart16550('com1', env, { write: (bytes) => process.stdout.write(bytes) });
pit.irq.connect(pic.irq(0));
uart.irq.connect(pic.irq(4));

const regions: [number, IoRegion][] = [[0x20, pic.masterPorts], [0xa0, pic.slavePorts], [0x40, pit.ports], [0x3f8, uart.ports]];
const at = (port: number) => regions.find(([base, region]) => port >= base && port < base + region.size)!;
const outb = (port: number, ...values: number[]) => {
  const [base, region] = at(port);
  for (const value of values) regionWrite(region, port - base, 1, value);
};
const inb = (port: number) => {
  const [base, region] = at(port);
  return regionRead(region, port - base, 1);
};

outb(0x20, 0x11); // initialise the master: vectors from 0x20
outb(0x21, 0x20, 0x04, 0x01, 0x00);
outb(0x43, 0x34); // timer 0, rate generator, 100 Hz
outb(0x40, 11932 & 0xff, 11932 >> 8);
outb(0x3f9, 0x01); // UART: interrupt on received data

for (let step = 0; step < 6; step++) {
  clock.advance(10_000_000);
  if (step === 2) uart.receive([...'key\n'].map((c) => c.charCodeAt(0)));
  while (pic.intr.level) {
    const vector = pic.acknowledge();
    console.log(`${(clock.now() / 1e6).toFixed(0).padStart(3)} ms: vector 0x${vector.toString(16)}`);
    if (vector === 0x24) while ((inb(0x3fd) & 1) !== 0) outb(0x3f8, inb(0x3f8)); // echo
    outb(0x20, 0x20);
  }
}
