# 32-bit and PAE paging: every combination of rights at every level, with WP, SMEP, SMAP, NX, 4 MiB and 2 MiB pages, reserved bits; error codes, CR2, accessed and dirty bits.
# SDM Vol. 3, chapter 4.
.include "lib32.inc"

.set PD, 0x10000
.set PT_LOW, 0x11000         # maps the first 4 MiB (PAE: 2 MiB) one to one
.set PT, 0x12000
.set PDPT, 0x14000
.set PAE_PD, 0x15000
.set PAGE, 0x300000          # RET instructions
.set AT, 0x800000            # where the tests map it
.set CR0_PG, 0x80000000
.set CR0_WP, 0x10000
.set PSE, 0x10
.set PAE, 0x20
.set SMEP, 0x100000
.set SMAP, 0x200000
.set NXE, 0x800
.set AC, 0x40000
.set pde, VARS + 0x40
.set pte, VARS + 0x44
.set pte_high, VARS + 0x48
.set entry, VARS + 0x4c      # the two entries' addresses
.set table, VARS + 0x50
.set base, VARS + 0x54       # linear address of PAGE

main:
  mov $PAGE, %edi
  mov $0x400, %ecx
  mov $0xc3c3c3c3, %eax
  rep stosl
  SAY "32-bit paging"
  movl $AT, base
  call map32
  mov $PSE, %eax
  mov %eax, %cr4
  movl $PD + 4 * (AT >> 22), table
  movl $PT, entry
  mov $PD, %eax
  mov %eax, %cr3
  mov %cr0, %eax
  or $CR0_PG, %eax
  mov %eax, %cr0
  call matrix
  SAY "\n4 MiB pages"
  movl $AT + 0x300000, base
  xor %ebx, %ebx
1: mov %ebx, %eax
  or $0x80, %eax
  mov %eax, pde
  movl $0, pte
  call one
  inc %ebx
  cmp $8, %ebx
  jb 1b
  SAY "\nreserved bit 21"
  movl $0x200087, pde
  call one
  SAY "\nwithout PSE"
  movl $AT, base
  xor %eax, %eax
  mov %eax, %cr4
  movl $PT | 0x87, pde
  movl $PAGE | 7, pte
  call one
  SAY "\nglobal, cache bits, available bits"
  movl $PT | 0xe1f, pde
  movl $PAGE | 0xfff, pte
  call one
  call supervisor
  mov %cr0, %eax
  and $~CR0_PG & 0xffffffff, %eax
  mov %eax, %cr0

  SAY "\nPAE"
  call map_pae
  movl $PAE_PD + 8 * (AT >> 21), table
  mov $PAE, %eax
  mov %eax, %cr4
  mov $PDPT, %eax
  mov %eax, %cr3
  mov %cr0, %eax
  or $CR0_PG, %eax
  mov %eax, %cr0
  SAY "\nwithout NXE"
  movl $0x80000000, pte_high
  movl $PT | 7, pde
  movl $PAGE | 7, pte
  call one
  movl $0, pte_high
  mov $0xc0000080, %ecx
  rdmsr
  or $NXE, %eax
  wrmsr
  call matrix
  SAY "\nno execute"
  movl $0x80000000, pte_high
  call matrix
  SAY "\n2 MiB pages"
  movl $AT + 0x100000, base
  movl $0, pte_high
  xor %ebx, %ebx
1: mov %ebx, %eax
  or $0x200080, %eax
  mov %eax, pde
  movl $0, pte
  call one
  inc %ebx
  cmp $8, %ebx
  jb 1b
  SAY "\nreserved bits"
  movl $0x202087, pde
  call one
  movl $AT, base
  movl $PT | 7, pde
  movl $PAGE | 7, pte
  movl $0x00080000, pte_high
  call one
  movl $0x7ff00000, pte_high
  call one
  movl $0, pte_high
  call supervisor
  ret

# The identity mapping: everything, for everybody.
map32:
  mov $PT_LOW, %edi
  mov $7, %eax
1: stosl
  add $0x1000, %eax
  test $0x400000, %eax
  jz 1b
  mov $PD, %edi
  mov $0x400, %ecx
  xor %eax, %eax
  rep stosl
  movl $PT_LOW | 7, PD
  ret
map_pae:
  mov $PAE_PD, %edi
  mov $0x400, %ecx
  xor %eax, %eax
  rep stosl
  movl $0x87, PAE_PD
  movl $0x200087, PAE_PD + 8
  movl $PAE_PD | 1, PDPT
  movl $0, PDPT + 4
  ret

# Directory entry x table entry: P, R/W and U/S of each.
matrix:
  xor %ebx, %ebx
1: mov %ebx, %eax
  shr $3, %eax
  or $PT, %eax
  mov %eax, pde
  mov %ebx, %eax
  and $7, %eax
  or $PAGE, %eax
  mov %eax, pte
  call one
  inc %ebx
  cmp $64, %ebx
  jb 1b
  ret

# Read, write and fetch at CPL 0 and 3, WP clear and set, each with fresh entries; the entries' low bytes after it.
one:
  SAY "\n"
  HEX16 pde
  HEX16 pte
.irp wp, 0, 1
  mov %cr0, %eax
  and $~CR0_WP & 0xffffffff, %eax
  or $\wp * CR0_WP, %eax
  mov %eax, %cr0
.irp op, read, write, fetch
  call fresh
  TRY "call do_\op"
  call after
  call fresh
  USER user_\op
  call after
.endr
.endr
  ret
fresh:
  mov table, %edi
  mov pde, %eax
  mov %eax, (%edi)
  mov %cr4, %eax
  test $PAE, %eax
  jz 1f
  movl $0, 4(%edi)
1: mov entry, %edi
  mov pte, %eax
  mov %eax, (%edi)
  mov %cr4, %eax
  test $PAE, %eax
  jz 1f
  mov pte_high, %eax
  mov %eax, 4(%edi)
1: mov %cr3, %eax
  mov %eax, %cr3
  ret
after:
  SAY "/"
  mov table, %edi
  mov (%edi), %eax
  cmpl $0, failed
  je 1f
  and $~0x20, %al             # whether a walk that fails leaves A set above the entry that failed is not told
1: call hex8
  mov entry, %edi
  mov (%edi), %eax
  call hex8
  ret
do_read:
  mov %cs:base, %edi
  mov 0x10(%edi), %eax
  ret
do_write:
  mov %cs:base, %edi
  movb $0xc3, 0x20(%edi)
  ret
do_fetch:
  mov %cs:base, %edi
  add $0x30, %edi
  call *%edi
  ret
.irp op, read, write, fetch
user_\op:
  mov $DATA3, %eax
  mov %eax, %ds
  call do_\op
  int $0x30
.endr

# SMEP and SMAP, with a one-to-one mapping that is the supervisor's.
supervisor:
  SAY "\nSMEP and SMAP"
  mov %cr4, %eax
  push %eax
  test $PAE, %eax
  jnz 1f
  mov $PT_LOW, %edi
  mov $3, %eax
2: stosl
  add $0x1000, %eax
  test $0x400000, %eax
  jz 2b
  jmp 3f
1: movl $0x83, PAE_PD
  movl $0x200083, PAE_PD + 8
3: mov %cr3, %eax
  mov %eax, %cr3
.irp bits, 0, SMEP, SMAP, SMEP | SMAP
  mov (%esp), %eax
  or $\bits, %eax
  mov %eax, %cr4
  SAY "\ncr4 "
  HEX32 %eax
.irp rights, 3, 7
  movl $PT | 7, pde
  movl $PAGE | \rights, pte
.irp flags, 2, AC | 2
  SAY " ac/us "
  HEX32 $(\flags & AC) | \rights
.irp op, read, write, fetch
  call fresh
  pushl $\flags
  popf
  TRY "call do_\op"
  pushl $2
  popf
.endr
.endr
.endr
.endr
  pop %eax
  mov %eax, %cr4
  ret

.align 8
GDT_START
GDT_END
RESET
