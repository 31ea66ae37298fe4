# Interrupt, trap and call gates of both sizes between privilege levels, their stacks and what goes wrong with those; I/O privilege. SDM Vol. 3, 5.8, 6.12, chapter 19 of Vol. 1.
.include "lib32.inc"

.set SEL_CALL32, gate_call32 - gdt_rom
.set SEL_CALL16, gate_call16 - gdt_rom
.set SEL_CONFORMING, conforming - gdt_rom
.set SEL_ABSENT, absent - gdt_rom
.set SEL_CODE16, code16 - gdt_rom
.set BITMAP, TSS0 + 0x68

main:
  SAY "interrupts through gates of each kind, from CPL 0 and 3\n"
  call user_gates
  SAY "\ncall gates\n"
  call call_gates
  SAY "\ninner stacks that do not work\n"
  call bad_stacks
  SAY "\nIDT gates that do not work\n"
  call bad_gates
  SAY "\nI/O privilege\n"
  call privilege
  ret

# Shows the frame of an interrupt: ESP on entry, words on the stack, EFLAGS.IF now.
.set SHOWN, 6
frame32:
  pushal
  mov $DATA0, %ax
  mov %ax, %ds
  SAY " sp "
  lea 32(%esp), %eax
  call hex32
  xor %esi, %esi
1: mov $' ', %al
  out %al, $DEBUGCON
  mov 32(%esp, %esi, 4), %eax
  call hex32
  inc %esi
  cmp $SHOWN, %esi
  jb 1b
  SAY " if "
  pushf
  pop %eax
  shr $9, %eax
  and $1, %eax
  call hex4
  SAY "\n"
  popal
  ret
handler32:
  call frame32
  iret

.macro PUT_GATE vector, selector, label, access
  movw $(\label - image), IDT + \vector * 8
  movw $\selector, IDT + \vector * 8 + 2
  movw $\access << 8, IDT + \vector * 8 + 4
  movw $0xf, IDT + \vector * 8 + 6
.endm
# A 16-bit gate has no upper half of the offset: it goes through a 16-bit code segment whose base is the image.
.macro PUT_GATE16 vector, label, access
  PUT_GATE \vector, SEL_CODE16, \label, \access
  movw $0, IDT + \vector * 8 + 6
.endm

user_gates:
  PUT_GATE 0x40, CODE0, handler32, 0xee
  PUT_GATE 0x41, CODE0, handler32, 0xef
  PUT_GATE16 0x42, gate16, 0xe6
  PUT_GATE16 0x43, gate16, 0xe7
  PUT_GATE 0x44, SEL_CONFORMING, handler_conforming, 0xee
.irp v, 0x40, 0x41, 0x42, 0x43
  movl $0x11223344, STACK0 - 0x100
  TRY "mov $STACK0 - 0x200, %esp; pushl $0x55667788; pushl $0x99aabbcc; int $\v"
  TRY "mov $STACK0 - 0x200, %esp; sti; int $\v; cli"
  USER user_\v
  USER user_\v, 0x202
.endr
  TRY "int $0x44"
  USER user_44
  ret
.irp v, 0x40, 0x41, 0x42, 0x43
user_\v:
  int $\v
  int $0x30
.endr
user_44:
  int $0x44
  int $0x30
handler_conforming:
  int $0x30

call_gates:
  TRY "pushl $0x11111111; pushl $0x22222222; lcall $SEL_CALL32, $0"
  USER user_call32
  TRY "pushw $0x3333; pushw $0x4444; lcall $SEL_CALL16, $0"
  USER user_call16
  ret
user_call32:
  pushl $0x11111111
  pushl $0x22222222
  lcall $SEL_CALL32, $0
  push %esp
  pop %eax
  int $0x2f
user_call16:
  pushw $0x3333
  pushw $0x4444
  lcall $SEL_CALL16, $0
  push %esp
  pop %eax
  int $0x2f
called32:
  call frame32
  lret $8
.code16
# A 16-bit gate saves 16 bits of EIP, which is not enough to return.
called16:
gate16:
  ljmpl $CODE0, $shown16
.code32
shown16:
  call frame32
  int $0x30

# A stack that does not work does not for #TS either: a task gate takes the double fault.
.set DF_TSS, 0x4800
.set SEL_DF_TSS, df_tss - gdt_rom
double_fault:
  mov (%esp), %eax
  SAY " double fault "
  call hex16
  movb $0x89, GDT + TSS_SEL + 5
  mov $TSS_SEL, %ax
  ltr %ax
  movb $0x89, GDT + SEL_DF_TSS + 5
  clts
  pushl $2
  popf
  jmp resume_now
bad_stacks:
  mov $DF_TSS, %edi
  mov $26, %ecx
  xor %eax, %eax
  rep stosl
  movl $double_fault, DF_TSS + 0x20
  movl $2, DF_TSS + 0x24
  movl $0x6000, DF_TSS + 0x38
.irp seg, 0x48, 0x50, 0x54, 0x58, 0x5c
  movl $DATA0, DF_TSS + \seg
.endr
  movl $CODE0, DF_TSS + 0x4c
  PUT_GATE 8, SEL_DF_TSS, image, 0x85
.irp selector, 0, 0x800, DATA3, CODE0, SEL_ABSENT
  movl $\selector, TSS0 + 8
  USER user_0x40
  movl $DATA0, TSS0 + 8
.endr
  SAY "\nTSS too short "
  movw $3, GDT + TSS_SEL
  movb $0x89, GDT + TSS_SEL + 5
  mov $TSS_SEL, %ax
  ltr %ax
  USER user_0x40
  movw $0x67, GDT + TSS_SEL
  movb $0x89, GDT + TSS_SEL + 5
  mov $TSS_SEL, %ax
  ltr %ax
  ret

bad_gates:
  PUT_GATE 0x50, CODE0, handler32, 0x8e
  PUT_GATE 0x51, CODE0, handler32, 0x6e
  PUT_GATE 0x52, CODE0, handler32, 0xe9
  PUT_GATE 0x53, CODE3, handler32, 0xee
  PUT_GATE 0x54, DATA0, handler32, 0xee
  PUT_GATE 0x55, 0, handler32, 0xee
  PUT_GATE 0x56, 0x800, handler32, 0xee
  PUT_GATE 0x57, SEL_ABSENT, handler32, 0xee
.irp v, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57
  TRY "int $\v"
  USER user_bad_\v
.endr
  SAY "\nbeyond the table"
  TRY "int $0xff"
  movw $0x3f, short_idt
  lidt short_idt_rom
  TRY "int $0x30"
  lidt idt_pointer
  ret
.set short_idt, VARS + 0x40
short_idt_rom:
  .word 0x17f
  .long IDT
.irp v, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57
user_bad_\v:
  int $\v
  int $0x30
.endr

# CLI, STI, PUSHF, POPF, IN, OUT, HLT at CPL 3 with each IOPL and an I/O bitmap that allows ports 0x80 to 0x87.
.set IOPL1, 0x1000
.set IOPL2, 0x2000
.set IOPL3, 0x3000
privilege:
  mov $0xffffffff, %eax
  mov $BITMAP, %edi
  mov $8, %ecx
  rep stosl
  movb $0, BITMAP + 16
  movw $0x68, TSS0 + 0x66
  movw $0x68 + 24, GDT + TSS_SEL
  movb $0x89, GDT + TSS_SEL + 5
  mov $TSS_SEL, %ax
  ltr %ax
.irp insn, cli, sti, popf, inb, inw, inl, inw87, outb, in79, inff, hlt, lgdt, clts, movcr, insb, invlpg, wrmsr, lmsw, smsw
  SAY "\n\insn"
  USER priv_\insn, 2
  USER priv_\insn, IOPL1 | 2
  USER priv_\insn, IOPL2 | 2
  USER priv_\insn, IOPL3 | 2
.endr
  ret
.macro PRIV name, insns
priv_\name:
  \insns
  pushf
  pop %eax
  and $0x3200, %eax
  cmp %eax, %eax
  int $0x2f
.endm
PRIV cli, "cli"
PRIV sti, "sti"
PRIV popf, "push $0x3202; popf"
PRIV inb, "in $0x80, %al"
PRIV inw, "in $0x80, %ax"
PRIV inl, "in $0x84, %eax"
PRIV inw87, "in $0x87, %ax"
PRIV outb, "out %al, $0x80"
PRIV in79, "in $0x79, %al"
PRIV inff, "mov $0xffff, %dx; in %dx, %al"
PRIV hlt, "hlt"
PRIV lgdt, "lgdt %cs:gdt_pointer"
PRIV clts, "clts"
PRIV movcr, "mov %cr0, %eax"
PRIV insb, "mov $DATA3, %edx; mov %edx, %es; mov $0x80, %edx; mov $STACK3 - 0x100, %edi; insb"
PRIV invlpg, "invlpg 0"
PRIV wrmsr, "wrmsr"
PRIV lmsw, "lmsw %ax"
PRIV smsw, "smsw %eax; push %eax; pop %eax"

.align 8
GDT_START
gate_call32:
  GATE CODE0, called32, 0xec, 2
gate_call16:
  GATE SEL_CODE16, called16, 0xe4, 2, 0
conforming:
  DESCRIPTOR 0, 0xfffff, 0x9e, 0xc
absent:
  DESCRIPTOR 0, 0xfffff, 0x12, 0xc
df_tss:
  DESCRIPTOR DF_TSS, 0x67, 0x89, 0
code16:
  DESCRIPTOR 0xf0000, 0xffff, 0x9a, 0
GDT_END
RESET
