# SYSENTER, SYSEXIT, SYSCALL and SYSRET in protected mode, and tasks nested three deep. SDM Vol. 2; AMD64 APM Vol. 2, 6.1; SDM Vol. 3, 7.4.
.include "lib32.inc"

.set TSS1, 0x4800            # TSS0 + 0x700 + 0x100 * n
.set TSS2, 0x4900
.set TSS3, 0x4a00
.set SEL_TSS1, tss1 - gdt_rom
.set SEL_TSS2, tss2 - gdt_rom
.set SEL_TSS3, tss3 - gdt_rom
.set MSR_EFER, 0xc0000080
.set MSR_STAR, 0xc0000081

.macro SET_MSR index, low, high=0
  mov $\index, %ecx
  mov $\low, %eax
  mov $\high, %edx
  wrmsr
.endm

main:
  SAY "SYSENTER without a code segment"
  SET_MSR 0x174, 0
  USER user_sysenter
  TRY "sysexit"
  SAY "\nSYSENTER and SYSEXIT"
  SET_MSR 0x174, CODE0
  SET_MSR 0x175, STACK0B
  SET_MSR 0x176, sysentered
  USER user_sysenter, 0x202
  USER user_sysenter, 0x3ed7
  TRY "sysenter"
  SAY "\nthe selector's RPL is ignored"
  SET_MSR 0x174, CODE0 | 3
  USER user_sysenter
  SAY "\nSYSEXIT from CPL 3"
  USER user_sysexit
  SAY "\nSYSCALL without SCE"
  USER user_syscall
  TRY "sysret"
  mov $MSR_EFER, %ecx
  rdmsr
  or $1, %eax
  wrmsr
  SET_MSR MSR_STAR, syscalled, (0x18 << 16 | CODE0)
  SAY "\nSYSCALL and SYSRET"
  USER user_syscall, 0x202
  USER user_syscall, 0x0ad7
  SAY "\nSYSRET from CPL 3"
  USER user_sysret
  SAY "\nthree tasks deep\n"
  call tasks
  ret

# CS, SS, ESP, EFLAGS but the arithmetic ones.
state:
  push %eax
  SAY " cs "
  HEX16 %cs
  SAY " ss "
  HEX16 %ss
  SAY " sp "
  mov %esp, %eax
  add $8, %eax
  call hex32
  SAY " flags "
  pushf
  pop %eax
  and $0x27700, %eax
  call hex32
  pop %eax
  ret

user_sysenter:
  mov %esp, %ecx
  mov $user_back, %edx
  sysenter
user_back:
  push %ds
  pop %ds
  mov %ss, %eax
  shl $16, %eax
  mov %cs, %ax
  cmp %eax, %eax
  int $0x2f
user_sysexit:
  sysexit
sysentered:
  cld
  call state
  sysexit
user_syscall:
  syscall
user_called:
  pushf
  pop %ebx
  mov %ss, %eax
  shl $16, %eax
  mov %cs, %ax
  cmp %eax, %eax
  int $0x2f
user_sysret:
  sysret
# ECX is the address behind SYSCALL; the stack is the caller's.
syscalled:
  cld
  call state
  cmp $user_called, %ecx
  jne 1f
  SAY " back"
1: sysret

# CALL to task 1, which calls task 2, which interrupts into task 3; each returns by IRET.
tasks:
.irp n, 1, 2, 3
  mov $(TSS0 + 0x700 + 0x100 * \n), %edi
  mov $0x1a, %ecx
  xor %eax, %eax
  rep stosl
  movl $task\n, TSS0 + 0x700 + 0x100 * \n + 0x20
  movl $2, TSS0 + 0x700 + 0x100 * \n + 0x24
  movl $0x6000 + 0x400 * \n, TSS0 + 0x700 + 0x100 * \n + 0x38
.irp seg, 0x48, 0x50, 0x54, 0x58, 0x5c
  movl $DATA0, TSS0 + 0x700 + 0x100 * \n + \seg
.endr
  movl $CODE0, TSS0 + 0x700 + 0x100 * \n + 0x4c
.endr
  movw $SEL_TSS3, IDT + 0x20 * 8 + 2
  movw $0xe500, IDT + 0x20 * 8 + 4
  call where
  lcall $SEL_TSS1, $0
  call where
  SAY "again, recursively: a busy task is refused\n"
  movl $recursive, TSS1 + 0x20
  TRY "lcall $SEL_TSS1, $0"
  ret
# TR, NT, the busy bits and links of all.
where:
  push %eax
  SAY " tr "
  str %eax
  call hex16
  SAY " nt "
  pushf
  pop %eax
  shr $14, %eax
  and $1, %eax
  call hex4
.irp sel, TSS_SEL, SEL_TSS1, SEL_TSS2, SEL_TSS3
  SAY " "
  mov GDT + \sel + 4, %eax
  call hex16
.endr
  SAY " links"
.irp n, 1, 2, 3
  SAY " "
  mov TSS0 + 0x700 + 0x100 * \n, %eax
  call hex16
.endr
  SAY "\n"
  clts
  pop %eax
  ret
task1:
  call where
  lcall $SEL_TSS2, $0
  call where
  iret
task2:
  call where
  int $0x20
  call where
  iret
task3:
  call where
  iret
recursive:
  ljmp $SEL_TSS1, $0
  int $0x30

.align 8
GDT_START
tss1:
  DESCRIPTOR TSS1, 0x67, 0x89, 0
tss2:
  DESCRIPTOR TSS2, 0x67, 0x89, 0
tss3:
  DESCRIPTOR TSS3, 0x67, 0x89, 0
GDT_END
RESET
