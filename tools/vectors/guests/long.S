# Long mode: interrupts and IST, far transfers and call gates, compatibility mode, fast system calls, addresses that are not canonical, segment bases, control registers and
# MSRs that refuse. SDM Vol. 3, chapters 5 and 6; Vol. 2.
.include "lib64.inc"

.set SEL_CALL, gate_call - gdt_rom
.set SEL_CALL_COMPAT, gate_compat - gdt_rom
.set SEL_CALL_NC, gate_not_canonical - gdt_rom
.set SEL_CONFORMING, conforming - gdt_rom
.set SEL_BOTH, both - gdt_rom
.set SEL_CODE16, code16 - gdt_rom
.set SEL_LDT, ldt - gdt_rom
.set SEL_TSS_LOW, tss_low - gdt_rom
.set NC, 0x0000800000000000

.macro SET_MSR index, low, high=0
  mov $\index, %ecx
  mov $\low, %eax
  mov $\high, %edx
  wrmsr
.endm

main:
  SAY "interrupts\n"
  call interrupts
  SAY "\nfar transfers"
  call far
  SAY "\nselectors"
  call selectors
  SAY "\nnot canonical"
  call canonical
  SAY "\nSYSCALL and SYSRET"
  call fast
  SAY "\nSYSENTER and SYSEXIT"
  call slow
  SAY "\nsegment bases"
  call bases
  SAY "\nrefusals"
  call refusals
  SAY "\ncompatibility mode"
  call compatibility
  ret

# The frame of an interrupt.
frame:
  push %rax
  push %rcx
  push %rsi
  SAY " sp "
  lea 32(%rsp), %rax
  call hex32
  xor %esi, %esi
1: mov $' ', %al
  out %al, $DEBUGCON
  mov 32(%rsp, %rsi, 8), %rax
  call hex32
  inc %esi
  cmp $5, %esi
  jb 1b
  SAY " ss "
  mov %ss, %eax
  call hex16
  SAY " if "
  pushf
  pop %rax
  shr $9, %eax
  and $1, %eax
  call hex4
  SAY "\n"
  pop %rsi
  pop %rcx
  pop %rax
  ret
handler:
  call frame
  iretq

interrupts:
  PUT_GATE 0x40, CODE64, handler, 0xee
  PUT_GATE 0x41, CODE64, handler, 0xef
  PUT_GATE 0x42, CODE64, handler, 0xee, 1
  PUT_GATE 0x43, CODE32, handler, 0xee
  PUT_GATE 0x44, CODE3_64, handler, 0xee
  PUT_GATE 0x45, SEL_CONFORMING, handler_conforming, 0xee
  PUT_GATE 0x46, CODE64, handler, 0xe6
  PUT_GATE 0x47, CODE64, handler, 0xe5
  PUT_GATE 0x48, CODE64, handler, 0x6e
  PUT_GATE 0x49, CODE64, handler, 0x8e
  PUT_GATE 0x4a, 0, handler, 0xee
  PUT_GATE 0x4b, CODE64, handler, 0xee, 2
  PUT_GATE 0x4c, CODE64, handler, 0xee
  movl $0x8000, IDT + 0x4c * 16 + 8
.irp v, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a
  TRY "int $\v"
  USER user_\v
  USER user_\v, 0x202
.endr
  SAY "\nunaligned stack\n"
  TRY "sub $5, %rsp; int $0x40; add $5, %rsp"
  SAY "\nfrom compatibility mode\n"
  USER user32_int, 2, CODE3_32
  ret
.irp v, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a
user_\v:
  int $\v
  int $0x30
.endr
handler_conforming:
  int $0x30
.code32
user32_int:
  int $0x40
  int $0x30
.code64

.macro FAR_POINTER selector, label
  push $\selector
  push $\label
  mov %rsp, %rbx
  movw $\selector, 4(%rbx)
.endm
far:
  TRY "FAR_POINTER CODE64, land; ljmp *(%rbx)"
  TRY "push $CODE64; push $land; mov %rsp, %rbx; rex.w ljmp *(%rbx)"
  TRY "FAR_POINTER CODE32, land32; ljmp *(%rbx)"
  TRY "FAR_POINTER SEL_BOTH, land; ljmp *(%rbx)"
  TRY "FAR_POINTER CODE3_64, land; ljmp *(%rbx)"
  TRY "FAR_POINTER DATA0, land; ljmp *(%rbx)"
  TRY "FAR_POINTER SEL_CALL, 0; ljmp *(%rbx)"
  TRY "FAR_POINTER SEL_CALL, 0; lcall *(%rbx)"
  TRY "FAR_POINTER SEL_CALL_COMPAT, 0; lcall *(%rbx)"
  TRY "FAR_POINTER SEL_CALL_NC, 0; lcall *(%rbx)"
  TRY "FAR_POINTER TSS_SEL, 0; ljmp *(%rbx)"
  TRY "FAR_POINTER SEL_TSS_LOW, 0; ljmp *(%rbx)"
  TRY "FAR_POINTER SEL_CONFORMING, land; lcall *(%rbx)"
  USER user_far
  USER user_call_gate
  TRY "pushq $CODE64; pushq $land; lretq"
  TRY "pushq $CODE32; pushq $land32; lretq"
  TRY "pushq $DATA3; pushq $STACK3; pushq $CODE3_64; pushq $land; lretq"
  TRY "pushq $DATA3; pushq $STACK3; pushq $CODE3_32; pushq $land32; lretq"
  TRY "pushq $0; pushq $STACK3; pushq $CODE3_64; pushq $land; lretq"
  TRY "pushq $DATA0; pushq $STACK_TEST; pushq $2; pushq $CODE64; pushq $land; iretq"
  TRY "pushq $0; pushq $STACK_TEST; pushq $2; pushq $CODE64; pushq $land; iretq"
  TRY "pushq $3; pushq $STACK3; pushq $2; pushq $CODE3_64; pushq $land; iretq"
  TRY "pushq $DATA0; pushq $STACK_TEST; pushq $0x20002; pushq $CODE64; pushq $land; iretq"
  TRY "pushq $DATA0; pushq $STACK_TEST; pushq $0x4002; pushq $CODE64; pushq $land; iretq"
  TRY "pushf; orq $0x4000, (%rsp); popf; pushq $DATA0; pushq $STACK_TEST; pushq $2; pushq $CODE64; pushq $land; iretq"
  push $2
  popf
  ret
land:
  int $0x30
.code32
land32:
  int $0x30
.code64
user_far:
  FAR_POINTER CODE64, land
  ljmp *(%rbx)
user_call_gate:
  FAR_POINTER SEL_CALL, 0
  lcall *(%rbx)
  mov %rsp, %rax
  int $0x2f
called:
  call frame
  lretq

selectors:
.irp selector, CODE32, DATA0, CODE64, CODE3_32, DATA3, CODE3_64, TSS_SEL, SEL_CALL, SEL_CONFORMING, SEL_LDT, SEL_TSS_LOW, 0x3f8, 0x400, 3
  SAY "\n"
  HEX16 $\selector
  mov $\selector, %edi
  TRY "mov %edi, %ds"
  TRY "mov %edi, %ss"
  TRY "mov %edi, %gs"
  TRY "lldt %di"
  call inspect
  USER user_inspect
.endr
  SAY "\nnull SS at CPL 0 "
  TRY "xor %eax, %eax; mov %eax, %ss"
  SAY " at CPL 3 "
  USER user_null_ss
  SAY " LTR "
  TRY "mov $TSS_SEL, %eax; ltr %ax"
  movb $0x89, GDT + TSS_SEL + 5
  mov $TSS_SEL, %eax
  ltr %ax
  ret
inspect:
  movq $97f, resume
  mov %rsp, resume_rsp
  jmp user_inspect
97: ret
# LAR and LSL in one value; bits 16 to 19 of LAR are undefined.
user_inspect:
  mov $0xdead, %eax
  lar %edi, %eax
  and $0xfff0ffff, %eax
  shl $32, %rax
  mov $0xbeef, %ecx
  lsl %edi, %ecx
  lea (%rax, %rcx), %rax
  lar %edi, %ecx
  int $0x2f
user_null_ss:
  xor %eax, %eax
  mov %eax, %ss
  int $0x30

canonical:
.irp v, 8, 12, 13
  movb $1, IDT + \v * 16 + 4
.endr
  movabs $NC, %rdi
  TRY "mov (%rdi), %eax"
  TRY "mov %eax, (%rdi)"
  TRY "mov %rdi, %rbp; mov (%rbp), %eax"
  TRY "mov %rdi, %rsp; push %rax"
  TRY "mov %rdi, %rsp; pop %rax"
  TRY "push (%rdi)"
  TRY "pop (%rdi)"
  TRY "mov %rdi, %rax; movabs %eax, NC"
  TRY "call *(%rdi)"
  TRY "lea -4(%rdi), %rsi; mov (%rsi), %rax"
  TRY "movaps (%rdi), %xmm0"
  TRY "mov %rdi, %rsi; lodsb"
  TRY "lgdt (%rdi)"
  TRY "invlpg (%rdi)"
  TRY "prefetchnta (%rdi)"
  TRY "clflush (%rdi)"
  TRY "lea (%rdi), %rax"
  ret

# User code goes by SYSCALL to a handler that reports RCX, R11, CS, SS, RFLAGS and returns by SYSRET.
.set STAR_HIGH, (CODE3_32 << 16) | CODE64
fast:
  SET_MSR 0xc0000081, 0, STAR_HIGH
  SET_MSR 0xc0000082, syscalled
  SET_MSR 0xc0000083, syscalled
  SET_MSR 0xc0000084, 0x4700
  USER user_syscall, 0x4c07
  USER user_syscall32, 0x202, CODE3_32
  mov $MSR_EFER, %ecx
  rdmsr
  and $~1, %eax
  wrmsr
  SAY " without SCE "
  USER user_syscall
  TRY "sysretq"
  mov $MSR_EFER, %ecx
  rdmsr
  or $1, %eax
  wrmsr
  SAY " from CPL 3 "
  USER user_sysret
  ret
user_syscall:
  syscall
  mov %cs, %eax
  shl $16, %eax
  mov %ss, %ax
  cmp %eax, %eax
  int $0x2f
user_sysret:
  sysretq
syscalled:
  mov %rsp, %r15
  mov $STACK_TEST, %esp
  mov %r11, %r14
  mov %rcx, %r13
  SAY "\n rcx "
  HEX64 %r13
  SAY " r11 "
  HEX64 %r14
  SAY " cs "
  HEX16 %cs
  SAY " ss "
  HEX16 %ss
  SAY " flags "
  pushf
  pop %rax
  and $0x4700, %eax
  call hex32
  mov %r13, %rcx
  mov %r14, %r11
  mov %r15, %rsp
  cmp $user_syscall32, %rcx
  jb 1f
  cmp $user_syscall32 + 16, %rcx
  jae 1f
  sysretl
1: sysretq
.code32
user_syscall32:
  syscall
  mov %cs, %eax
  shl $16, %eax
  mov %ss, %ax
  int $0x2f
.code64

slow:
  SET_MSR 0x174, 0
  USER user_sysenter
  SET_MSR 0x174, CODE64
  SET_MSR 0x175, STACK0B
  SET_MSR 0x176, sysentered
  USER user_sysenter, 0x202
  USER user_sysenter32, 0x202, CODE3_32
  TRY "mov $STACK3, %ecx; mov $land, %edx; sysexitq"
  TRY "mov $STACK3, %ecx; mov $land32, %edx; sysexitl"
  TRY "movabs $NC, %rcx; mov $land, %edx; sysexitq"
  TRY "mov $STACK3, %ecx; movabs $NC, %rdx; sysexitq"
  SAY " at CPL 3 "
  USER user_sysexit
  ret
user_sysenter:
  sysenter
.code32
user_sysenter32:
  sysenter
.code64
user_sysexit:
  sysexitl
sysentered:
  SAY "\n rsp "
  HEX64 %rsp
  SAY " cs "
  HEX16 %cs
  SAY " ss "
  HEX16 %ss
  pushf
  pop %rax
  and $0x20200, %eax
  call hex32
  int $0x30

bases:
  TRY "rdfsbase %rax"
  mov %cr4, %rax
  or $0x10000, %eax
  mov %rax, %cr4
  SET_MSR 0xc0000100, 0x1234, 0x7fff
  SET_MSR 0xc0000101, 0x2000, 0
  SET_MSR 0xc0000102, 0x3000, 0xffff8000
  SAY "\n"
  rdfsbase %rax
  call hex64
  swapgs
  SAY " "
  rdgsbase %rax
  call hex64
  swapgs
  SAY " "
  mov $0x88776655, %eax
  mov %eax, 0x2f00
  mov %gs:0xf00, %eax
  call hex32
  mov $0x2000, %eax
  wrgsbase %rax
  mov $DATA0, %eax
  mov %eax, %gs
  rdgsbase %rax
  SAY " "
  call hex64
  SAY "\n"
  TRY "movabs $NC, %rax; wrfsbase %rax"
  TRY "SET_MSR 0xc0000100, 0, 0x8000"
  TRY "SET_MSR 0xc0000102, 0, 0x80000000"
  TRY "SET_MSR 0xc0000082, 0, 0x8000"
  TRY "SET_MSR 0x175, 0, 0x8000"
  USER user_swapgs
  xor %eax, %eax
  mov %eax, %fs
  mov %eax, %gs
  ret
user_swapgs:
  swapgs
  int $0x30

refusals:
  SAY "\nCR8"
  TRY "mov $16, %eax; mov %rax, %cr8"
  TRY "mov $5, %eax; mov %rax, %cr8"
  TRY "xor %eax, %eax; mov %rax, %cr8"
  SAY "\nEFER"
  TRY "mov $MSR_EFER, %ecx; rdmsr; btr $8, %eax; wrmsr"
  TRY "mov $MSR_EFER, %ecx; rdmsr; bts $1, %eax; wrmsr"
  SAY "\nMSRs"
  TRY "SET_MSR 0x277, 0x02020202, 0"
  TRY "SET_MSR 0x277, 0x00070406, 0x00070406"
  TRY "mov $0x12345678, %ecx; rdmsr"
  TRY "mov $0x12345678, %ecx; wrmsr"
  SAY "\nmodes"
  TRY "int3"
  TRY ".byte 0x06"
  TRY ".byte 0x62, 0x00"
  TRY ".byte 0xce"
  TRY ".byte 0xea, 0, 0, 0, 0, 0, 0"
  TRY ".byte 0xd4, 0x0a"
  TRY "ud2"
  TRY "mov $1, %eax; mov %rax, %dr4"
  TRY ".byte 0x0f, 0x20, 0xc8"
  TRY ".byte 0x8e, 0xc8"
  TRY ".byte 0xf0, 0x01, 0xc8"
  TRY "clts"
  TRY "xor %ecx, %ecx; xgetbv"
  TRY "mov %cr4, %rax; bts $18, %rax; mov %rax, %cr4; xor %ecx, %ecx; xgetbv"
  TRY "xor %ecx, %ecx; xor %edx, %edx; mov $2, %eax; xsetbv"
  TRY "mov $1, %ecx; xor %edx, %edx; mov $3, %eax; xsetbv"
  TRY "xor %ecx, %ecx; xor %edx, %edx; mov $3, %eax; xsetbv"
  SAY "\nCR0.TS, EM, and CR4.OSFXSR"
  TRY "mov %cr0, %rax; bts $3, %rax; mov %rax, %cr0; fnop"
  TRY "movaps %xmm0, %xmm0"
  TRY "pxor %mm0, %mm0"
  TRY "fwait"
  TRY "mov %cr0, %rax; bts $1, %rax; mov %rax, %cr0; fwait"
  TRY "prefetchnta (%rsp)"
  TRY "ldmxcsr (%rsp)"
  TRY "fxsave STACK0 - 0x800"
  clts
  TRY "mov %cr0, %rax; btr $1, %rax; bts $2, %rax; mov %rax, %cr0; fnop"
  TRY "fwait"
  TRY "movaps %xmm0, %xmm0"
  TRY "pxor %mm0, %mm0"
  TRY "sfence"
  TRY "mov %cr0, %rax; btr $2, %rax; mov %rax, %cr0; fninit"
  TRY "mov %cr4, %rax; btr $9, %rax; mov %rax, %cr4; movaps %xmm0, %xmm0"
  TRY "pxor %mm0, %mm0; emms"
  TRY "movnti %eax, STACK0 - 0x800"
  TRY "mov %cr4, %rax; bts $9, %rax; mov %rax, %cr4; movaps %xmm0, %xmm0"
  ret

compatibility:
  USER compat, 2, CODE3_32
  USER (compat16 - image), 2, SEL_CODE16 | 3
  USER compat_push, 2, CODE3_32
  USER compat_far, 2, CODE3_32
  USER compat_wrap, 2, CODE3_32
  ret
.code32
compat:
  mov $0xfffffff0, %eax
  add $0x20, %eax
  inc %eax
  push %esp
  pop %eax
  cmp %eax, %eax
  int $0x2f
compat_push:
  pushl $0x12345678
  mov %esp, %eax
  cmp %eax, %eax
  int $0x2f
compat_far:
  ljmp $CODE3_64, $land
compat_wrap:
  mov $DATA3, %eax
  mov %eax, %ds
  mov $0xfffffff0, %ecx
  mov %ecx, 0xb000
  mov 0xbff0(%ecx), %eax      # wraps to 0xbfe0
  test %eax, %eax
  int $0x2f
.code16
compat16:
  mov $0x1234, %ax
  int $0x2f
.code64

.align 8
GDT_START
gate_call:
  GATE64 CODE64, called, 0xec
gate_compat:
  GATE64 CODE32, called, 0xec
gate_not_canonical:
  GATE64 CODE64, called, 0xec, 0, 0x8000
conforming:
  DESCRIPTOR 0, 0xfffff, 0x9e, 0xa
both:
  DESCRIPTOR 0, 0xfffff, 0x9a, 0xe
code16:
  DESCRIPTOR 0xf0000, 0xffff, 0xfa, 0
ldt:
  DESCRIPTOR 0xd000, 0xff, 0x82, 0
  .quad 0
tss_low:
  DESCRIPTOR 0xd000, 0x67, 0x81, 0
  .quad 0
GDT_END
RESET
