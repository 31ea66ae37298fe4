# 4-level and 5-level paging: rights at every level, NX at every level, 1 GiB and 2 MiB pages, reserved bits, SMEP and SMAP, the upper half. SDM Vol. 3, chapter 4.
.include "lib64.inc"

.set T4, 0x10000             # tables of the test's own; entry 1 of PML4 leads there
.set T3, 0x11000
.set T2, 0x12000
.set T1, 0x13000
.set PML5, 0x14000
.set PAGE, 0x300000
.set AT, 0x8000000000        # PML4 index 1
.set WP, 0x10000
.set E4, PML4 + 8
.set E3, T3
.set E2, T2
.set E1, T1
.set ONE, 7                  # present, writable, user
.set base, VARS + 0x40

main:
  mov $PAGE, %edi
  mov $0x200, %ecx
  movabs $0xc3c3c3c3c3c3c3c3, %rax
  rep stosq
  mov $0x10000, %edi
  mov $0xa00, %ecx
  xor %eax, %eax
  rep stosq
  movabs $AT, %rax
  mov %rax, base
  mov %cr0, %rax
  or $WP, %eax
  mov %rax, %cr0
  SAY "rights at each level: read, write, fetch at CPL 0, then 3"
  xor %ebx, %ebx
1: call restore
  SAY "\n"
  mov %ebx, %eax
  call hex8
  mov %ebx, %edx
.irp entry, E4, E3, E2, E1
  mov %edx, %eax
  and $3, %eax
  add %eax, %eax
  andl $~6, \entry
  or %eax, \entry
  shr $2, %edx
.endr
  call all
  inc %ebx
  cmp $256, %ebx
  jb 1b
  SAY "\nabsent"
.irp entry, E4, E3, E2, E1
  call restore
  andl $~1, \entry
  call all
.endr
  SAY "\nno execute"
.irp entry, E4, E3, E2, E1
  call restore
  orl $0x80000000, \entry + 4
  call all
.endr
  SAY "\nreserved bits"
.irp entry, E4, E3, E2, E1
  call restore
  orl $0x00080000, \entry + 4
  call all
.endr
  SAY "\nlarge where that is reserved"
  call restore
  orl $0x80, E4
  call all
  SAY "\n2 MiB"
  call restore
  movl $0x200087, E2
  addl $0x100000, base
  call all
  orl $0x2000, E2
  call all
  SAY "\n1 GiB"
  call restore
  movl $0x00000087, E3
  addl $PAGE, base
  call all
  orl $0x2000, E3
  call all
  SAY "\naccessed and dirty"
  call restore
.irp op, read, write, fetch
  call restore
  TRY "call do_\op"
.irp entry, E4, E3, E2, E1
  SAY " "
  mov \entry, %eax
  call hex8
.endr
.endr
  SAY "\nSMEP and SMAP"
  movl $0x83, PDIR           # the kernel's own pages
  movl $0x200083, PDIR + 8
.irp bits, 0x100000, 0x200000, 0x300000
  mov %cr4, %rax
  and $~0x300000, %eax
  or $\bits, %eax
  mov %rax, %cr4
.irp rights, 3, 7
.irp flags, 0x40002, 2
  call restore
  movl $PAGE | \rights, E1
  pushq $\flags
  popf
  SAY "\n"
.irp op, read, write, fetch
  mov %cr3, %rax
  mov %rax, %cr3
  TRY "call do_\op"
.endr
.endr
.endr
.endr
  SAY "\nSTAC and CLAC"
  TRY "stac; call do_read"
  TRY "clac; call do_read"
  mov %cr4, %rax
  and $~0x300000, %eax
  mov %rax, %cr4
  movl $0x87, PDIR
  movl $0x200087, PDIR + 8
  SAY "\nthe upper half"
  call restore
  mov E4, %rax
  mov %rax, PML4 + 8 * 511
  movabs $0xffffff8000000000, %rax
  mov %rax, base
  call all
  SAY "\nfive levels"
  call five
  ret

restore:
  movabs $AT, %rax
  mov %rax, base
  movq $T3 | ONE, E4
  movq $T2 | ONE, E3
  movq $T1 | ONE, E2
  movq $PAGE | ONE, E1
  mov %cr3, %rax
  mov %rax, %cr3
  ret

all:
.irp op, read, write, fetch
  mov %cr3, %rax
  mov %rax, %cr3
  TRY "call do_\op"
  mov %cr3, %rax
  mov %rax, %cr3
  USER user_\op
.endr
  ret
do_read:
  mov base, %rdi
  mov 0x10(%rdi), %eax
  ret
do_write:
  mov base, %rdi
  movb $0xc3, 0x20(%rdi)
  ret
do_fetch:
  mov base, %rdi
  add $0x30, %rdi
  call *%rdi
  ret
.irp op, read, write, fetch
user_\op:
  call do_\op
  int $0x30
.endr

# LA57 changes outside long mode only: through 32-bit code without paging.
five:
  movq $PML4 | ONE, PML5
  movq $PML4 | ONE, PML5 + 8
  push $CODE32
  push $1f
  lretq
.code32
1: mov %cr0, %eax
  btr $31, %eax
  mov %eax, %cr0
  mov %cr4, %eax
  bts $12, %eax
  mov %eax, %cr4
  mov $PML5, %eax
  mov %eax, %cr3
  mov %cr0, %eax
  bts $31, %eax
  mov %eax, %cr0
  ljmp $CODE64, $2f
.code64
2: mov %cr4, %rax
  shr $12, %eax
  and $1, %eax
  call hex4
  call restore
  call all
  movabs $0x0001008000000000, %rax      # entry 1 of the PML5: the same again
  mov %rax, base
  call all
  SAY "\nnot mapped, not canonical"
  movabs $0x00ff000000000000, %rax
  mov %rax, base
  call all
  movabs $0x0100000000000000, %rax
  mov %rax, base
  TRY "call do_read"
  TRY "call do_write"
  movabs $0x0001008000000000, %rax
  mov %rax, base
  SAY "\nrights of the fifth level"
  movq $PML4 | 1, PML5 + 8
  call all
  movq $PML4 | 3, PML5 + 8
  call all
  movq $PML4 | 5, PML5 + 8
  call all
  ret

.align 8
GDT_START
GDT_END
RESET
