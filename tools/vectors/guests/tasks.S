# Hardware task switches by JMP, CALL, INT through a task gate, exceptions and IRET, between 32-bit and 16-bit TSSs; what goes wrong. SDM Vol. 3, chapter 7.
.include "lib32.inc"

.set TSS1, 0x4800
.set TSS2, 0x4a00
.set SEL_TSS1, tss1 - gdt_rom
.set SEL_TSS2, tss2 - gdt_rom
.set SEL_GATE1, task_gate - gdt_rom
.set SEL_BUSY, busy - gdt_rom
.set SEL_SHORT, short - gdt_rom
.set SEL_ABSENT, absent - gdt_rom
.set SEL_NOT_TSS, not_tss - gdt_rom
.set SEL_CODE16, code16 - gdt_rom

main:
  call fault_tasks
  call fill
  SAY "JMP there and back\n"
  movl $jumped, TSS1 + 0x20
  TRY "mov $0x12345678, %eax; mov $0xaabbccdd, %ebp; stc; ljmp $SEL_TSS1, $0; call show; nop"
  call fill
  SAY "\nCALL and IRET\n"
  movl $called, TSS1 + 0x20
  TRY "lcall $SEL_TSS1, $0; call show"
  call fill
  SAY "\nthrough a task gate\n"
  movl $called, TSS1 + 0x20
  TRY "lcall $SEL_GATE1, $0; call show"
  call fill
  SAY "\nINT through a task gate\n"
  movl $called, TSS1 + 0x20
  call gate20
  TRY "int $0x20; call show"
  call fill
  movl $called, TSS1 + 0x20
  SAY "\nINT from CPL 3\n"
  USER user_int20
  call fill
  SAY "\nan exception with an error code\n"
  movl $faulted, TSS1 + 0x20
  movw $SEL_TSS1, IDT + 13 * 8 + 2
  movw $0x8500, IDT + 13 * 8 + 4
  TRY "mov $0x7f8, %eax; mov %eax, %es"
  movw $CODE0, IDT + 13 * 8 + 2
  movw $0x8e00, IDT + 13 * 8 + 4
  SAY "\n16-bit TSS\n"
  call fill
  TRY "lcall $SEL_TSS2, $0; call show"
  SAY "\nto CPL 3"
  call fill
  movl $user_task, TSS1 + 0x20
  movl $CODE3, TSS1 + 0x4c
  movl $DATA3, TSS1 + 0x50
  movl $DATA3, TSS1 + 0x48
  movl $DATA3, TSS1 + 0x54
  movl $DATA3, TSS1 + 0x58
  movl $DATA3, TSS1 + 0x5c
  movl $STACK3, TSS1 + 0x38
  TRY "ljmp $SEL_TSS1, $0"
  call restore
  SAY "\nrefused"
.irp selector, SEL_BUSY, SEL_SHORT, SEL_ABSENT, SEL_NOT_TSS
  TRY "ljmp $\selector, $0"
  TRY "lcall $\selector, $0"
.endr
  TRY "ljmp $SEL_TSS1 | 3, $0"
  call restore
  SAY "\nsegments of the new task"
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8
  call fill
  movl $called_quietly, TSS1 + 0x20
  call spoil_\n
  TRY "lcall $SEL_TSS1, $0"
  call restore
.endr
  SAY "\nIRET with NT and a bad link"
.irp link, 0, DATA0, SEL_TSS1, 0x7f8
  call fill
  movl $\link, TSS0
  TRY "pushf; orl $0x4000, (%esp); popf; iret"
  pushl $2
  popf
.endr
  ret

# Faults in a task that is half there: vectors 10 to 13 and 8 are tasks of their own.
fault_tasks:
.irp v, 8, 10, 11, 12
  mov $(FAULT_TSS + 0x80 * \v), %edi
  mov $0x20, %ecx
  xor %eax, %eax
  rep stosl
  movl $fault_\v, FAULT_TSS + 0x80 * \v + 0x20
  movl $2, FAULT_TSS + 0x80 * \v + 0x24
  movl $0x6800, FAULT_TSS + 0x80 * \v + 0x38
.irp seg, 0x48, 0x50, 0x54, 0x58, 0x5c
  movl $DATA0, FAULT_TSS + 0x80 * \v + \seg
.endr
  movl $CODE0, FAULT_TSS + 0x80 * \v + 0x4c
  movw $0, IDT + \v * 8
  movw $(fault_tss_\v - gdt_rom), IDT + \v * 8 + 2
  movw $0x8500, IDT + \v * 8 + 4
.endr
  ret
.irp v, 8, 10, 11, 12
fault_\v:
  SAY " #\v:"
  pop %eax
  call hex16
  SAY " from "
  mov FAULT_TSS + 0x80 * \v, %eax
  call hex16
  movb $0x89, GDT + (fault_tss_\v - gdt_rom) + 5
  call restore
  pushl $2
  popf
  jmp resume_now
.endr
.set FAULT_TSS, 0x5000

spoil_0: movl $DATA0, TSS1 + 0x4c
  ret
spoil_1: movl $0, TSS1 + 0x50
  ret
spoil_2: movl $CODE0, TSS1 + 0x50
  ret
spoil_3: movl $0x7f8, TSS1 + 0x54
  ret
spoil_4: movl $DATA3 & ~3, TSS1 + 0x50
  ret
spoil_5: movl $SEL_TSS1, TSS1 + 0x60
  ret
spoil_6: movl $0, TSS1 + 0x54
  ret
spoil_7: movl $SEL_ABSENT, TSS1 + 0x48
  ret
spoil_8: movl $0, TSS1 + 0x4c
  ret

gate20:
  movw $0, IDT + 0x20 * 8
  movw $SEL_TSS1, IDT + 0x20 * 8 + 2
  movw $0xe500, IDT + 0x20 * 8 + 4
  ret

# The other tasks as they are before each attempt; ours is the one that runs.
fill:
  mov $TSS1, %edi
  mov $0x100, %ecx
  xor %eax, %eax
  rep stosl
  movl $called, TSS1 + 0x20
  movl $0x46, TSS1 + 0x24
.set n, 0
.rept 8
  movl $0x11111111 * (n + 1), TSS1 + 0x28 + 4 * n
  movw $0x1111 * (n + 1), TSS2 + 0x12 + 2 * n
  .set n, n + 1
.endr
  movl $0x6000, TSS1 + 0x38
  movl $STACK0B, TSS1 + 4
  movl $DATA0, TSS1 + 8
.irp seg, 0x48, 0x50, 0x54, 0x58, 0x5c
  movl $DATA0, TSS1 + \seg
.endr
  movl $CODE0, TSS1 + 0x4c
  movw $(task16 - image), TSS2 + 0x0e
  movw $0x2, TSS2 + 0x10
  movw $0x6800, TSS2 + 0x1a
  movw $DATA0, TSS2 + 0x22
  movw $SEL_CODE16, TSS2 + 0x24
  movw $DATA0, TSS2 + 0x26
  movw $DATA0, TSS2 + 0x28
restore:
  movb $0x89, GDT + SEL_TSS1 + 5
  movb $0x81, GDT + SEL_TSS2 + 5
  movb $0x89, GDT + TSS_SEL + 5
  mov $TSS_SEL, %ax
  ltr %ax
  clts
  ret

# The registers and what the task switch left in the tables.
show:
  pushf
  pushal
  mov $DATA0, %edx
  mov %edx, %ds
  xor %esi, %esi
1: mov (%esp, %esi, 4), %eax
  mov $' ', %al
  out %al, $DEBUGCON
  mov (%esp, %esi, 4), %eax
  call hex32
  inc %esi
  cmp $9, %esi
  jb 1b
  SAY " tr "
  str %eax
  call hex16
  SAY " ts "
  smsw %eax
  shr $3, %eax
  and $1, %eax
  call hex4
  SAY " busy "
  mov GDT + TSS_SEL + 4, %eax
  call hex16
  mov GDT + SEL_TSS1 + 4, %eax
  call hex16
  mov GDT + SEL_TSS2 + 4, %eax
  call hex16
  SAY " link "
  mov TSS1, %eax
  call hex16
  mov TSS2, %eax
  call hex16
  SAY " old eip "
  mov TSS0 + 0x20, %eax
  call hex32
  SAY " eflags "
  mov TSS0 + 0x24, %eax
  call hex32
  SAY "\n"
  clts
  popal
  popf
  ret

jumped:
  call show
  ljmp $TSS_SEL, $0
called:
  call show
  iret
  SAY "again"
  call show
  iret
called_quietly:
  int $0x30
faulted:
  SAY " error "
  pop %eax
  call hex32
  call show
  movw $CODE0, IDT + 13 * 8 + 2
  movl $resume_now, TSS0 + 0x20
  iret
user_task:
  str %eax
  cmp %eax, %eax
  int $0x2f
user_int20:
  int $0x20
  int $0x30
.code16
task16:
  lcalll $CODE0, $show_far
  iret
.code32
show_far:
  call show
  lret

.align 8
GDT_START
tss1:
  DESCRIPTOR TSS1, 0x67, 0x89, 0
tss2:
  DESCRIPTOR TSS2, 0x2b, 0x81, 0
task_gate:
  GATE SEL_TSS1, image, 0xe5
busy:
  DESCRIPTOR TSS1, 0x67, 0x8b, 0
short:
  DESCRIPTOR TSS1, 0x66, 0x89, 0
absent:
  DESCRIPTOR TSS1, 0x67, 0x09, 0
not_tss:
  DESCRIPTOR TSS1, 0x67, 0x82, 0
.irp v, 8, 10, 11, 12
fault_tss_\v:
  DESCRIPTOR (FAULT_TSS + 0x80 * \v), 0x67, 0x89, 0
.endr
code16:
  DESCRIPTOR 0xf0000, 0xffff, 0x9a, 0
GDT_END
RESET
