# Faults while faults are delivered: double faults, and the triple fault that resets the processor. SDM Vol. 3, 6.15, table 6-5.
.include "lib32.inc"

.set COUNT, 0x600            # survives the reset: how many there were
.set MAGIC, 0x604

main:
  cmpl $0x5eed1234, MAGIC
  je again
  movl $0x5eed1234, MAGIC
  movl $0, COUNT
again:
  mov COUNT, %eax
  SAY "boot "
  call hex8
  SAY "\n"
  incl COUNT
  cmp $1, %eax
  je second
  cmp $2, %eax
  je third
  cmp $3, %eax
  je fourth
  cmp $4, %eax
  jae last
  call doubles
  # the IDT ends before the double fault's gate
  lidt none
  ud2
second:
  lidt until8
  jmp raise_13
third:
  # neither the handlers of the first faults nor that of the double fault are there
  movb $0x0e, IDT + 8 * 8 + 5
  movb $0x0e, IDT + 11 * 8 + 5
  movb $0x0e, IDT + 13 * 8 + 5
  jmp raise_13
fourth:
  # the double fault's task is busy
  movw $TSS_SEL, IDT + 8 * 8 + 2
  movw $0x8500, IDT + 8 * 8 + 4
  movb $0x0e, IDT + 13 * 8 + 5
  movb $0x0e, IDT + 11 * 8 + 5
  jmp raise_13
last:
  ret

none:
  .word 0
  .long IDT
until8:
  .word 8 * 8 - 1
  .long IDT

# First fault by instruction, second because the handler's gate is bad: which pairs make a double fault?
doubles:
.irp first, 0, 5, 6, 7, 11, 12, 13
.irp second, 0x0e00, 0x8e00
  SAY "\n\first \second"
  movw $\second, IDT + \first * 8 + 4
  .if \second == 0x8e00
    movw $0x7f8, IDT + \first * 8 + 2      # a selector beyond the table
  .endif
  TRY "call raise_\first"
  movw $0x8e00, IDT + \first * 8 + 4
  movw $CODE0, IDT + \first * 8 + 2
.endr
.endr
  clts
  SAY "\npage fault in the delivery of each"
  call pages
  ret

raise_0:
  xor %ecx, %ecx
  div %ecx
raise_5:
  mov $1, %eax
  movl $5, 0x700
  movl $6, 0x704
  bound %eax, 0x700
raise_6:
  ud2
raise_7:
  mov %cr0, %eax
  or $8, %eax
  mov %eax, %cr0
  fnop
raise_11:
  mov $absent - gdt_rom, %eax
  mov %eax, %ds
raise_12:
  mov $absent - gdt_rom, %eax
  mov %eax, %ss
raise_13:
  mov $0x7f8, %eax
  mov %eax, %ds

.set PD, 0x10000
.set PT, 0x11000
pages:
  mov $PT, %edi
  mov $3, %eax
1: stosl
  add $0x1000, %eax
  test $0x400000, %eax
  jz 1b
  mov $PD, %edi
  mov $0x400, %ecx
  xor %eax, %eax
  rep stosl
  movl $PT | 3, PD
  mov $PD, %eax
  mov %eax, %cr3
  mov %cr0, %eax
  or $0x80000000, %eax
  mov %eax, %cr0
  # the code segment of the handler is described on a page that is absent
  lgdt far_gdt
.irp vector, 0, 6, 11, 13, 14
  SAY "\n\vector"
  movw $FAR, IDT + \vector * 8 + 2
  movl $0, PT + 4 * (FAR_PAGE >> 12)
  mov %cr3, %eax
  mov %eax, %cr3
  TRY "call page_\vector"
  movw $CODE0, IDT + \vector * 8 + 2
.endr
  mov %cr0, %eax
  and $0x7fffffff, %eax
  mov %eax, %cr0
  ret
page_0: jmp raise_0
page_6: jmp raise_6
page_11: jmp raise_11
page_13: jmp raise_13
page_14: mov 0x900000, %eax
.set FAR, 0xd008
.set FAR_PAGE, GDT + 0xd000
far_gdt:
  .word 0xffff
  .long GDT

.align 8
GDT_START
absent:
  DESCRIPTOR 0, 0xfffff, 0x12, 0xc
GDT_END
RESET
