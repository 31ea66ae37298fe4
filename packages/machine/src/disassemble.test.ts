import { describe, expect, it } from 'vitest';
import { disassemble } from './disassemble.ts';

const text = (hex: string, mode: 16 | 32 | 64 = 64, pc = 0x1000n) => disassemble(Uint8Array.from(hex.split(' '), (b) => Number.parseInt(b, 16)), 0, pc, mode);

describe('disassembly (texts as GNU objdump -M intel gives them, numbers in hex)', () => {
  it.each([
    ['48 89 e5', 'mov rbp, rsp'],
    ['8b 45 f8', 'mov eax, dword ptr [rbp-0x8]'],
    ['48 8d 05 10 00 00 00', 'lea rax, [0x1017]'],
    ['4c 8b 24 c5 00 10 00 00', 'mov r12, qword ptr [rax*8+0x1000]'],
    ['65 48 8b 04 25 28 00 00 00', 'mov rax, qword ptr gs:[0x28]'],
    ['40 b6 01', 'mov sil, 0x1'],
    ['b6 01', 'mov dh, 0x1'],
    ['83 c8 ff', 'or eax, 0xffffffff'],
    ['74 fe', 'je 0x1000'],
    ['e8 fb ff ff ff', 'call 0x1000'],
    ['f3 48 ab', 'rep stosq qword ptr es:[rdi], rax'],
    ['f0 0f b1 0a', 'lock cmpxchg dword ptr [rdx], ecx'],
    ['66 0f ef c1', 'pxor xmm0, xmm1'],
    ['0f 20 d3', 'mov rbx, cr2'],
    ['48 b8 88 77 66 55 44 33 22 11', 'mov rax, 0x1122334455667788'],
    ['0f 05', 'syscall'],
    ['c3', 'ret'],
  ])('%s', (hex, expected) => {
    const got = text(hex);
    expect(got.text.replace('jz', 'je').replace('retn', 'ret')).toBe(expected);
    expect(got.length).toBe(hex.split(' ').length);
  });

  it('follows the mode', () => {
    expect(text('b8 34 12', 16).text).toBe('mov ax, 0x1234');
    expect(text('40', 32).text).toBe('inc eax');
    expect(text('8b 07', 16).text).toBe('mov ax, word ptr [bx]');
    expect(text('ea 00 00 00 00 08 00', 32).text).toContain('0x8:0x0');
  });

  it('names what is no instruction', () => expect(text('06').text).toBe('(bad)'));
});
