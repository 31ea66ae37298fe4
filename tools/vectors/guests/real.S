# Real mode: interrupts through the vector table, flags, segments, far transfers, string instructions that wrap, tables, unreal mode, to protected mode and back.
# SDM Vol. 3, chapter 20 and 9.9.

.set DEBUGCON, 0xe9
.set EXIT, 0xf4
.set VARS, 0x1000
.set resume, VARS            # offset to go on at
.set resume_sp, VARS + 2
.set GDT, 0x2000

.code16
image:
.globl start
start:
  cli
  cld
  xor %ax, %ax
  mov %ax, %ss
  mov %ax, %ds
  mov %ax, %es
  mov $0x7000, %sp
  xor %di, %di
  mov $256, %cx
1: mov $(handler - image), %ax
  stosw
  mov %cs, %ax
  stosw
  loop 1b
.irp n, 0, 1, 3, 4, 5, 6, 13, 0x20, 0x21
  movw $(handler_\n - image), %ds:\n * 4
.endr
  call main
  mov $'\n', %al
  out %al, $DEBUGCON
  mov $0x10, %al
  out %al, $EXIT
1: hlt
  jmp 1b

# CS:SI: text
puts:
  push %ax
1: lodsb %cs:(%si), %al
  test %al, %al
  jz 2f
  out %al, $DEBUGCON
  jmp 1b
2: pop %ax
  ret
hex32:
  push %eax
  shr $16, %eax
  call hex16
  pop %eax
hex16:
  push %ax
  mov %ah, %al
  call hex8
  pop %ax
hex8:
  push %ax
  shr $4, %al
  call hex4
  pop %ax
hex4:
  push %ax
  and $15, %al
  cmp $10, %al
  jb 1f
  add $('a' - '0' - 10), %al
1: add $'0', %al
  out %al, $DEBUGCON
  pop %ax
  ret
.macro SAY text:vararg
  pushf
  push %si
  mov $(98f - image), %si
  call puts
  pop %si
  popf
  jmp 99f
98: .asciz \text
99:
.endm
.macro HEX16 what:vararg
  push %ax
  mov \what, %ax
  call hex16
  pop %ax
.endm
.macro HEX32 what:vararg
  push %eax
  mov \what, %eax
  call hex32
  pop %eax
.endm
.macro TRY insns
  movw $(97f - image), %ss:resume
  mov %sp, %ss:resume_sp
  \insns
  SAY " ok"
97:
  mov %ss:resume_sp, %sp
.endm

# Vector, IP and FLAGS of the frame, then on at `resume`.
.irp n, 0, 1, 3, 4, 5, 6, 13, 0x20, 0x21
handler_\n:
  push $\n
  jmp report
.endr
handler:
  push $0xff
report:
  pushal
  push %ds
  xor %ax, %ax
  mov %ax, %ds
  SAY " #"
  mov %sp, %bp
  mov 34(%bp), %ax
  call hex8
  SAY ":"
  mov 36(%bp), %ax
  call hex16
  SAY "/"
  mov 40(%bp), %ax
  and $0xf702, %ax
  call hex16
  SAY "/"
  pushf
  pop %ax
  and $0xf702, %ax
  call hex16
  pop %ds
  popal
  xor %ax, %ax
  mov %ax, %ds
  mov %ax, %ss
  mov resume_sp, %sp
  jmp *resume

main:
  SAY "exceptions and interrupts"
  xor %bx, %bx
  TRY "div %bl"
  TRY "ud2"
  TRY "int $0x20"
  TRY "sti; int $0x21"
  cli
  TRY "int3"
  TRY "mov $0x7f, %al; inc %al; into"
  TRY "xor %ax, %ax; into"
  movw $3, 0x1800
  movw $5, 0x1802
  TRY "mov $2, %ax; bound %ax, 0x1800"
  TRY "mov $5, %ax; bound %ax, 0x1800"
  TRY ".byte 0xf0; nop"
  TRY "lar %ax, %ax"
  TRY "sldt %ax"
  TRY "arpl_bytes: .byte 0x63, 0xc0"
  TRY "mov $0xf, %ax; .byte 0x8e, 0xc8"
  SAY "\nflags"
  pushw $0xffd5 & ~0x100
  popfw
  pushfw
  pop %ax
  cld
  cli
  SAY " "
  call hex16
  pushl $0x00ffffd5 & ~0x30100
  popfl
  pushfl
  pop %eax
  cld
  SAY " "
  call hex32
  pushl $2
  popfl
  SAY "\nIRET"
  TRY "pushw $0x7202; push %cs; push $(1f - image); iret; ud2; 1: pushf; pop %ax; call hex16"
  cli
  TRY "pushl $0x247202; pushl $0xf000; pushl $(1f - image); iretl; ud2; 1: pushfl; pop %eax; call hex32"
  pushl $2
  popfl
  SAY "\nfar transfers"
  TRY "lcall $0xf000, $(far_target - image)"
  TRY "lcalll $0xf000, $(far_target32 - image)"
  TRY "ljmp $0xf000, $(1f - image); ud2; 1: mov %cs, %ax; call hex16"
  movw $(far_target - image), 0x1800
  movw $0xf000, 0x1802
  TRY "lcall *0x1800"
  TRY "pushw $0xf000; push $(1f - image); lret $4; 1: mov %sp, %ax; sub resume_sp, %ax; mov resume_sp, %sp; call hex16"
  SAY "\nsegments"
  movl $0x12345678, 0x1800
  movl $0x9abcdef0, 0x1804
  TRY "les 0x1800, %ax; call hex16; mov %es, %ax; call hex16"
  TRY "lfs 0x1802, %eax; call hex32; mov %fs, %ax; call hex16"
  TRY "mov $0x180, %ax; mov %ax, %ds; mov 4, %ax; call hex16"
  xor %ax, %ax
  mov %ax, %ds
  mov %ax, %es
  mov %ax, %fs
  TRY "push %cs; pop %ds; mov (1f - image), %ax; 1: call hex16"
  xor %ax, %ax
  mov %ax, %ds
  SAY "\nstrings that wrap"
  mov $0x3000, %ax
  mov %ax, %es
  mov $0xfffc, %di
  mov $0x41, %al
  mov $8, %cx
  rep stosb
  HEX16 %di
  SAY " "
  mov %es:0xfffc, %eax
  call hex32
  mov %es:0, %eax
  call hex32
  mov $0x3000, %ax
  mov %ax, %ds
  mov $3, %si
  mov $0x100, %di
  mov $6, %cx
  std
  rep movsb
  cld
  SAY " "
  HEX16 %si
  HEX16 %di
  xor %ax, %ax
  mov %ax, %ds
  mov %ax, %es
  SAY "\n32-bit operands and addresses"
  mov $0x1800, %ebx
  movl $0x55aa1234, (%ebx)
  mov $2, %ecx
  mov -8(%ebx, %ecx, 4), %eax
  SAY " "
  call hex32
  SAY "\ntables"
  sgdtw 0x1900
  lgdtl %cs:(gdt_pointer - image)
  sgdtl 0x1908
  mov 0x1908, %eax
  SAY " "
  call hex32
  mov 0x190c, %ax
  call hex16
  smsw %ax
  SAY " "
  and $0xf, %ax
  call hex4
  SAY "\nunreal mode"
  call gdt
  mov %cr0, %eax
  or $1, %al
  mov %eax, %cr0
  jmp 1f
1: mov $8, %bx
  mov %bx, %ds
  and $0xfe, %al
  mov %eax, %cr0
  jmp 1f
1: xor %ax, %ax
  mov %ax, %ds
  mov $0x200000, %ebx
  movl $0x600df00d, (%ebx)
  mov (%ebx), %eax
  SAY " "
  call hex32
  mov $0x1234, %ax
  mov %ax, %ds
  mov $0x200000 - 0x12340, %ebx
  mov (%ebx), %eax
  SAY " "
  call hex32
  xor %ax, %ax
  mov %ax, %ds
  SAY "\nto 16-bit protected mode by LMSW, and back"
  smsw %ax
  or $1, %ax
  lmsw %ax
  ljmp $0x10, $(1f - image)
1: mov $0x18, %ax
  mov %ax, %ds
  mov %ax, %es
  mov %ax, %ss
  mov %cs, %ax
  SAY " cs "
  call hex16
  smsw %ax
  and $0xe, %ax
  lmsw %ax
  smsw %ax
  SAY " pe "
  and $1, %al
  call hex4
  mov %cr0, %eax
  and $0xfffffffe, %eax
  mov %eax, %cr0
  ljmp $0xf000, $(1f - image)
1: xor %ax, %ax
  mov %ax, %ds
  mov %ax, %es
  mov %ax, %ss
  smsw %ax
  and $1, %al
  call hex4
  SAY "\nto 32-bit protected mode, and back"
  mov %cr0, %eax
  or $1, %al
  mov %eax, %cr0
  ljmpl $0x20, $flat
.code32
flat:
  mov $8, %eax
  mov %eax, %ds
  mov %eax, %ss
  mov $0x11223344, %eax
  mov %eax, 0x300000
  ljmp $0x10, $(1f - image)
.code16
1: mov $0x18, %ax
  mov %ax, %ds
  mov %ax, %ss
  mov %cr0, %eax
  and $0xfe, %al
  mov %eax, %cr0
  ljmp $0xf000, $(1f - image)
1: xor %ax, %ax
  mov %ax, %ds
  mov %ax, %ss
  SAY " back"
  ret

far_target:
  mov %sp, %bp
  mov (%bp), %ax
  call hex16
  mov 2(%bp), %ax
  call hex16
  lret
far_target32:
  mov %sp, %bp
  mov (%bp), %eax
  call hex32
  mov 4(%bp), %eax
  call hex32
  lretl

gdt:
  push %cs
  pop %ds
  mov $(gdt_rom - image), %si
  mov $GDT, %di
  mov $20, %cx
  rep movsw
  xor %ax, %ax
  mov %ax, %ds
  lgdtl %cs:(gdt_pointer - image)
  ret
gdt_pointer:
  .word 0x27
  .long GDT
gdt_rom:
  .quad 0
  .word 0xffff, 0, 0x9200, 0x00cf    # flat data
  .word 0xffff, 0, 0x9a0f, 0         # 16-bit code of the image
  .word 0xffff, 0, 0x9200, 0         # 16-bit data
  .word 0xffff, 0, 0x9a00, 0x00cf    # flat code

  .org 0xfff0
  ljmp $0xf000, $(start - image)
  .org 0x10000
