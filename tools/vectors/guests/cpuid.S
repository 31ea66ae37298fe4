# What CPUID says, leaf by leaf: run once for each model (`guests.ts`), and compared bit by bit (`cpuid.test.ts`). SDM Vol. 2, CPUID.
.include "lib32.inc"

main:
.irp leaf, 0, 1, 2, 5, 6, 0x40000000, 0x80000000, 0x80000001, 0x80000002, 0x80000003, 0x80000004, 0x80000007, 0x80000008
  mov $\leaf, %ebx
  xor %ebp, %ebp
  call leaf
.endr
.irp leaf, 4, 7, 0xb, 0xd
.irp sub, 0, 1, 2
  mov $\leaf, %ebx
  mov $\sub, %ebp
  call leaf
.endr
.endr
  ret

# Leaf %ebx, subleaf %ebp.
leaf:
  mov %ebx, %eax
  call hex32
  mov $'.', %al
  out %al, $DEBUGCON
  mov %ebp, %eax
  call hex4
  mov %ebx, %eax
  mov %ebp, %ecx
  cpuid
  push %edx
  push %ecx
  push %ebx
  push %eax
  mov $4, %ecx
1: mov $' ', %al
  out %al, $DEBUGCON
  pop %eax
  call hex32
  loop 1b
  mov $'\n', %al
  out %al, $DEBUGCON
  ret

.align 8
GDT_START
GDT_END
RESET
