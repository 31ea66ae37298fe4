/**
 * The assembled guests say in our CPU what they say in QEMU, but for the places where QEMU (7.2, TCG) is known to differ from the manual: each is written
 * out below. The recorded images and outputs serve anywhere; where assembler and QEMU are installed, they are made again.
 */
import { describe, expect, it } from 'vitest';
import { ACCELS, ENGINES } from './engines.ts';
import { assemble, canAssemble, canRunQemu, guestHere, guestInQemu, guestNames, lineDifferences, recordedImage, recordedOutput } from './guests.ts';

type Replace = string | ((...groups: string[]) => string);
/** What QEMU says, what the manual says instead, and where. */
type Quirk = readonly [qemu: RegExp | string, manual: Replace, why: string];

const hex4 = (n: number): string => n.toString(16).padStart(4, '0');
/** A bit of an error code. */
const P = 1, EXT = 1, IDT = 2;
const withBit = (bit: number): Replace => (_all, vector, code, rest = '') => `#${vector}:${hex4(Number.parseInt(code!, 16) | bit)}${rest}`;

const RESERVED: Quirk = [/#(0e):(00[01][8ace])(@)/g, withBit(P), 'a reserved bit is only looked at in an entry that is present: P is set (Vol. 3, 4.7)'];

const QUIRKS: Readonly<Record<string, readonly Quirk[]>> = {
  segments: [
    ['  call #0d:0080 #0d:0080 #0d:0080 #0d:0080\n  retf ok0 #0d:0080 #0d:0080 #0d:0080\n  iret ok0', '  call #0d:0000 #0d:0080 #0d:0080 #0d:0080\n  retf #0d:0000 #0d:0080 #0d:0080 #0d:0080\n  iret #0d:0000',
      'a target beyond the limit of the code segment is #GP(0) (Vol. 2, CALL, RET, IRET)'],
    ['  call #0d:0158 #0d:0158 #0d:0158 #0d:0158\n  retf #0d:0158 #0d:0158 ok3 ok3\n  iret #0d:0158 #0d:0158 ok3 ok3',
      '  call #0d:0158 #0d:0000 #0d:0158 #0d:0000\n  retf #0d:0158 #0d:0158 #0d:0000 #0d:0000\n  iret #0d:0158 #0d:0158 #0d:0000 #0d:0000', 'the same at CPL 3'],
  ],
  tasks: [
    [/(11111111 00000046.* eflags 000000)46/, '$147', 'the old task\'s EFLAGS have the CF that STC set (Vol. 3, 7.3)'],
    [/(12345678 000000)46(.* eflags 000000)46/, '$147$247', 'and it has it again when it goes on'],
  ],
  taskfault: [
    [/^((?:JMP|CALL|IRET) error 07f8 eip )[0-9a-f]{8}( cs 0008 flags 0000)(.)[0-9a-f]{3}/gm, (_all, before, flags, nt) => `${before}00000000${flags}${nt === '4' ? '4' : '0'}c03`,
      'the fault comes before the first instruction of the new task, with its EIP and EFLAGS, as QEMU has it for INT (Vol. 3, 7.3)'],
  ],
  paging32: [RESERVED],
  paging64: [RESERVED],
  faults: [
    [/(0x[08]e00 )#(0[bd]):([0-9a-f]{4})/g, (_all, before, vector, code) => `${before}#${vector}:${hex4(Number.parseInt(code!, 16) | EXT)}`,
      'EXT is set for a fault in the delivery of an earlier exception (Vol. 3, 6.13)'],
  ],
  long: [
    [/#(0[bd]):([0-9a-f]{4})/g, (all, vector, code) => {
      const n = Number.parseInt(code!, 16);
      return n & IDT ? `#${vector}:${hex4(((n & ~7) >> 1) | (n & 7))}` : all!;
    }, 'the index in an error code counts gates, of 16 bytes too (a processor says 015a for INT 2BH)'],
    [/( ok33 sp 0000afd8 [0-9a-f]+ 00000018 .* ss )0000/, '$10010', 'a stack of the IST loads SS only if the privilege changes (Vol. 3, 6.14.4)'],
    ['far transfers ok18 ok18 ok08 ok80', 'far transfers ok18 ok18 ok08 #0d:0080', 'code with both L and D is #GP(selector) (Vol. 2, JMP)'],
    ['00a0 #0d:00a0 #0d:00a0 #0d:00a0 #0d:00a0 0000810000000067/1', '00a0 #0d:00a0 #0d:00a0 #0d:00a0 #0d:00a0 0000dead0000beef/0', 'there are no 16-bit TSSs in long mode (Vol. 2, LAR, table 3-52)'],
    ['0003 ok18 ok18', '0003 ok18 #0d:0000', 'a null SS needs an RPL equal to CPL (Vol. 2, MOV)'],
    ['not canonical #0d:0000 #0d:0000 #0d:0000 #08:0000 #0d:0000', 'not canonical #0d:0000 #0d:0000 #0c:0000 #08:0000 #0c:0000', 'through rSP and rBP it is #SS (Vol. 3, 6.15, interrupt 12)'],
    ['ok18 ok18 ok18 ok18\nSYSCALL', 'ok18 ok18 #0d:0000 ok18\nSYSCALL', 'CLFLUSH checks its address (Vol. 2, CLFLUSH)'],
    [/\n rcx 00000000000f21af r11 0000000000000202 .*\/0( without SCE)/, ' #06:0000$1', 'Intel\'s processors have no SYSCALL outside 64-bit mode (Vol. 2, SYSCALL)'],
    ['ok3b ok2b ok3b #0d:0000', 'ok3b ok2b #0d:0000 #0d:0000', 'SYSEXIT checks RCX as well (Vol. 2, SYSEXIT)'],
    ['\n ok18 ok18 ok18 ok18 ok18 #0d:0000', '\n #0d:0000 #0d:0000 #0d:0000 #0d:0000 #0d:0000 #0d:0000', 'bases and entry points must be canonical (Vol. 2, WRFSBASE, WRMSR)'],
    ['CR8 ok18', 'CR8 #0d:0000', 'CR8 has four bits (Vol. 2, MOV to control registers)'],
    ['EFER ok18 ok18', 'EFER #0d:0000 #0d:0000', 'LME cannot change while paging is on, reserved bits are refused (Vol. 3, 4.1.1)'],
    ['MSRs ok18 ok18 ok18 ok18', 'MSRs #0d:0000 ok18 #0d:0000 #0d:0000', 'PAT has no type 2, and what does not exist is #GP (Vol. 2, WRMSR)'],
  ],
  debug: [
    ['dr6 ffffffff', 'dr6 ffffefff', 'bit 12 of DR6 is 0 (Vol. 3, 17.2.3)'],
    ['at once <06e6 0ff1 00>', 'at once <06e6 0ff3 00>', 'both breakpoints were hit'],
    ['INT1, INT3 #06:0000 #03:0000 #06:0000', 'INT1, INT3 <092e 0ff0 00> ok0 #03:0000 <09f3 0ff0 00> ok3', 'INT1 is #DB (Vol. 2, INT n)'],
    ['GD ok0 ok0\ndr7 after 00002400', 'GD <098e 2ff0 00> ok0 <09ab 2ff0 00> ok0\ndr7 after 00000400', 'GD traps accesses to debug registers, and is cleared (Vol. 3, 17.2.4)'],
  ],
};

/** QEMU's text, corrected. */
function corrected(name: string, said: string): string {
  return (QUIRKS[name] ?? []).reduce((text, [qemu, manual]) => text.replace(qemu as RegExp, manual as string), said);
}

describe.each(guestNames())('%s', (name) => {
  it.each(ACCELS)('says what it says in QEMU, on %s', { timeout: 120_000 }, (accel) => {
    expect(lineDifferences(guestHere(name, recordedImage(name), ENGINES[accel]), corrected(name, recordedOutput(name)))).toEqual([]);
  });

  it.runIf(canAssemble())('is recorded as its source assembles', () => {
    expect(Buffer.from(assemble(name)).equals(Buffer.from(recordedImage(name)))).toBe(true);
  });

  it.runIf(canAssemble() && canRunQemu())('still says so in QEMU', { timeout: 120_000 }, () => {
    expect(guestInQemu(name, recordedImage(name))).toBe(recordedOutput(name));
  });
});

it('every quirk of QEMU is one that its output shows', () => {
  for (const [name, quirks] of Object.entries(QUIRKS)) for (const [qemu, , why] of quirks) expect([name, why, recordedOutput(name).search(qemu) >= 0]).toEqual([name, why, true]);
});
