# Loading segment registers, LAR, LSL, VERR, VERW and direct far transfers with every kind of descriptor, RPL and CPL. SDM Vol. 3, chapter 5.
.include "lib32.inc"

main:
  mov $FIRST_FREE, %ebx
1: SAY "\nselector "
  HEX16 %ebx
  mov %ebx, %esi
  SAY "  ds"
  call each_ds
  SAY "\n  ss"
  call each_ss
  SAY "\n  lar"
  call each_lar
  SAY "\n  lsl"
  call each_lsl
  SAY "\n  verr"
  call each_verr
  SAY "\n  verw"
  call each_verw
  mov %ebx, %edx
  call is_task
  jz 2f
  SAY "\n  jmp"
  call each_jmp
  SAY "\n  call"
  call each_call
  SAY "\n  retf"
  call each_retf
  SAY "\n  iret"
  call each_iret
2: add $8, %ebx
  cmp $(gdt_rom_end - gdt_rom), %ebx
  jb 1b
  SAY "\nnull"
  xor %ebx, %ebx
  call each_ds
  call each_ss
  call each_lar
  call each_verr
  call each_jmp
  call each_retf
  SAY "\nbeyond the table"
  mov $0x800, %ebx
  call each_ds
  call each_ss
  call each_lar
  call each_verr
  call each_jmp
  call each_retf
  SAY "\nno LDT"
  mov $0x0c, %ebx
  call each_ds
  call each_ss
  call each_lar
  call each_jmp
  ret

# ZF: the descriptor leads to another task
is_task:
  and $0xfff8, %edx
  mov GDT + 5(%edx), %al
  and $0x1f, %al
  cmp $9, %al
  je 1f
  cmp $1, %al
  je 1f
  cmp $5, %al
1: ret

# Each operation with RPL 0 and 3, at CPL 0 and 3; the selector is in %ebx.
.macro EACH name
each_\name:
  mov %ebx, %edi
  TRY "call do_\name"
  USER user_\name
  mov %ebx, %edi
  or $3, %edi
  TRY "call do_\name"
  or $3, %edi
  USER user_\name
  ret
user_\name:
  call do_\name
  int $0x30
.endm

do_ds:
  mov %edi, %ds
  ret
EACH ds
# SS is put back before anything uses the stack, which may not be in the segment.
each_ss:
  mov %ebx, %edi
  call both_ss
  or $3, %edi
both_ss:
  mov $DATA0, %ecx
  TRY "mov %edi, %ss; mov %ecx, %ss"
  mov $DATA3, %ecx
  USER user_ss
  ret
user_ss:
  mov %edi, %ss
  mov %ecx, %ss
  int $0x30

# LAR and the like: EAX and ZF, by INT 0x2F.
.macro EACH_RESULT name, insn
each_\name:
  mov %ebx, %edi
  call both_\name
  or $3, %edi
both_\name:
  TRY "call do_\name"
  USER do_\name
  ret
do_\name:
  mov $0xdeadbeef, %eax
  \insn
  int $0x2f
.endm
# Bits 16 to 19 are undefined (SDM Vol. 2, LAR).
EACH_RESULT lar, "lar %edi, %eax; and $0xfff0ffff, %eax; lar %edi, %ecx"
EACH_RESULT lsl, "lsl %edi, %eax"
EACH_RESULT verr, "verr %di"
EACH_RESULT verw, "verw %di"

# Far transfers land on INT 0x30.
land:
  int $0x30
do_jmp:
  push %edi
  push $land
  ljmp *(%esp)
EACH jmp
do_call:
  push %edi
  push $land
  lcall *(%esp)
EACH call
do_retf:
  push $DATA3
  push $STACK3
  push %edi
  push $land
  lret
EACH retf
do_iret:
  push $DATA3
  push $STACK3
  push $2
  push %edi
  push $land
  iret
EACH iret

.align 8
GDT_START
.irp dpl, 0x00, 0x60
  DESCRIPTOR 0, 0xfffff, 0x90 | \dpl, 0xc   # read-only data
  DESCRIPTOR 0, 0xfffff, 0x92 | \dpl, 0xc   # data
  DESCRIPTOR 0, 0xfffff, 0x94 | \dpl, 0xc   # read-only, expand down
  DESCRIPTOR 0, 0x00fff, 0x96 | \dpl, 0xc   # expand down
  DESCRIPTOR 0, 0xfffff, 0x98 | \dpl, 0xc   # execute-only code
  DESCRIPTOR 0, 0xfffff, 0x9a | \dpl, 0xc   # readable code
  DESCRIPTOR 0, 0xfffff, 0x9c | \dpl, 0xc   # conforming
  DESCRIPTOR 0, 0xfffff, 0x9e | \dpl, 0xc   # conforming, readable
  DESCRIPTOR 0, 0xfffff, 0x12 | \dpl, 0xc   # data, absent
  DESCRIPTOR 0, 0xfffff, 0x1a | \dpl, 0xc   # code, absent
  DESCRIPTOR 0, 0x00fff, 0x9a | \dpl, 0x4   # code that ends before `land`
  DESCRIPTOR 0x5000, 0xff, 0x82 | \dpl, 0   # LDT
  DESCRIPTOR 0x5000, 0xff, 0x02 | \dpl, 0   # LDT, absent
  DESCRIPTOR 0x5000, 0x67, 0x8b | \dpl, 0   # busy TSS
  DESCRIPTOR 0x5000, 0x67, 0x89 | \dpl, 0   # TSS
  DESCRIPTOR 0x5000, 0x67, 0x81 | \dpl, 0   # 16-bit TSS
  GATE CODE0, land, 0x8c | \dpl             # call gate
  GATE CODE0, land, 0x0c | \dpl             # call gate, absent
  GATE CODE3, land, 0x8c | \dpl             # call gate to CPL 3
  GATE DATA0, land, 0x8c | \dpl             # call gate to data
  GATE 0, land, 0x8c | \dpl                 # call gate to nowhere
  GATE 0, image, 0x85 | \dpl                    # task gate
  GATE CODE0, land, 0x8e | \dpl             # interrupt gate
  DESCRIPTOR 0, 0, 0x80 | \dpl, 0           # reserved types
  DESCRIPTOR 0, 0, 0x88 | \dpl, 0
  DESCRIPTOR 0, 0, 0x8a | \dpl, 0
  DESCRIPTOR 0, 0, 0x8d | \dpl, 0
.endr
GDT_END
RESET
