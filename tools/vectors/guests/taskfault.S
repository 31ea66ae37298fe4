# Faults of a task that is being switched to: registers, EFLAGS and TR are the new task's, and so is EIP. SDM Vol. 3, 7.3 and 6.15 (interrupt 10).
.include "lib32.inc"

.set TSS1, 0x4800
.set SEL_TSS1, tss1 - gdt_rom
.set NOWHERE, 0x7f8

main:
  movw $(handler - image), IDT + 10 * 8
  movw $0xf, IDT + 10 * 8 + 6
  SAY "JMP"
  call fill
  movl $97f, resume
  mov %esp, resume_esp
  stc
  cmp %eax, %eax
  ljmp $SEL_TSS1, $0
97:
  call restore
  SAY "\nCALL"
  call fill
  movl $97f, resume
  mov %esp, resume_esp
  cmp %eax, %eax
  lcall $SEL_TSS1, $0
97:
  call restore
  SAY "\nIRET"
  call fill
  movl $SEL_TSS1, TSS0
  movb $0x8b, GDT + SEL_TSS1 + 5
  movl $97f, resume
  mov %esp, resume_esp
  pushf
  orl $0x4000, (%esp)
  popf
  iret
97:
  call restore
  SAY "\nINT"
  call fill
  movw $SEL_TSS1, IDT + 0x20 * 8 + 2
  movw $0xe500, IDT + 0x20 * 8 + 4
  movl $97f, resume
  mov %esp, resume_esp
  int $0x20
97:
  call restore
  ret

# DS is not there.
fill:
  mov $TSS1, %edi
  mov $0x1a, %ecx
  xor %eax, %eax
  rep stosl
  movl $target, TSS1 + 0x20
  movl $0x0c03, TSS1 + 0x24
  movl $0x6000, TSS1 + 0x38
  movl $0x12345678, TSS1 + 0x3c
.irp seg, 0x48, 0x50, 0x58, 0x5c
  movl $DATA0, TSS1 + \seg
.endr
  movl $CODE0, TSS1 + 0x4c
  movl $NOWHERE, TSS1 + 0x54
  ret
restore:
  movb $0x89, GDT + SEL_TSS1 + 5
  movb $0x89, GDT + TSS_SEL + 5
  mov $TSS_SEL, %ax
  ltr %ax
  clts
  pushl $2
  popf
  ret
target:
  ud2

handler:
  cld
  mov $DATA0, %ax
  mov %ax, %ds
  SAY " error "
  mov (%esp), %eax
  call hex16
  SAY " eip "
  mov 4(%esp), %eax
  sub $target, %eax
  call hex32
  SAY " cs "
  mov 8(%esp), %eax
  call hex16
  SAY " flags "
  mov 12(%esp), %eax
  and $0xffff, %eax          # QEMU does not set RF
  call hex32
  SAY " ebp "
  HEX32 %ebp
  SAY " tr "
  str %eax
  call hex16
  SAY " nt "
  pushf
  pop %eax
  shr $14, %eax
  and $1, %eax
  call hex4
  mov $DATA0, %ax
  mov %ax, %es
  mov %ax, %fs
  mov %ax, %gs
  jmp resume_now

.align 8
GDT_START
tss1:
  DESCRIPTOR TSS1, 0x67, 0x89, 0
GDT_END
RESET
