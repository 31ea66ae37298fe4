# Debug exceptions: breakpoints on code, data and I/O, single steps, INT1, INT3, RF, GD, and what DR6 says. SDM Vol. 3, chapter 17.
.include "lib32.inc"

.set RF, 0x10000
.set TF, 0x100
.set DATA, 0x5000
.set limit_count, VARS + 0x40
.set enough, VARS + 0x44

main:
  # vector 1 goes to a handler of its own, which goes on
  movw $(debug - image), IDT + 8
  movw $0xf, IDT + 8 + 6
  movl $0xffffffff, DATA
  xor %eax, %eax
  mov %eax, %dr6
  SAY "registers"
.irp n, 0, 1, 2, 3
  mov $0x11110000 + \n, %eax
  mov %eax, %dr\n
  mov %dr\n, %ebx
  SAY " "
  HEX32 %ebx
.endr
  mov $0xffffffff, %eax
  mov %eax, %dr6
  mov %dr6, %ebx
  SAY " dr6 "
  HEX32 %ebx
  xor %eax, %eax
  mov %eax, %dr6
  mov %dr6, %ebx
  SAY " "
  HEX32 %ebx
  mov %dr7, %ebx
  SAY " dr7 "
  HEX32 %ebx
  TRY "mov %dr4, %eax"
  mov %cr4, %eax
  or $8, %eax
  mov %eax, %cr4
  TRY "mov %dr4, %eax"
  TRY "mov %eax, %dr5"
  USER user_dr

  SAY "\nexecution"
  movl $2, enough
  mov $code_here, %eax
  mov %eax, %dr0
  mov $0x00000402, %eax        # G0
  mov %eax, %dr7
  TRY "jmp before_here"
  SAY "\nexecution, local enable, two at once"
  mov $code_here, %eax
  mov %eax, %dr3
  mov $0x00000441, %eax        # L0, L3
  mov %eax, %dr7
  TRY "jmp before_here"
  SAY "\nRF holds it off"
  mov $0x00000402, %eax
  mov %eax, %dr7
  TRY "pushl $(RF | 2); pushl $CODE0; pushl $code_here; iret"
  SAY "\nnot at its second byte"
  mov $code_here + 1, %eax
  mov %eax, %dr0
  TRY "jmp before_here"
  SAY "\nat CPL 3"
  mov $user_here, %eax
  mov %eax, %dr0
  USER user_before

  SAY "\nwrites of 1, 2 and 4 bytes"
.irp bits, 0x00010402, 0x00050402, 0x000d0402
  SAY "\n "
  mov $\bits, %eax
  call watch
  TRY "movb $1, DATA - 1"
  TRY "movb $1, DATA"
  TRY "movb $1, DATA + 1"
  TRY "movb $1, DATA + 3"
  TRY "movl $1, DATA - 2"
  TRY "mov DATA, %eax"
  TRY "addl $1, DATA"
.endr
  SAY "\nreads and writes"
  mov $0x000f0402, %eax
  call watch
  TRY "mov DATA, %eax"
  TRY "movb DATA + 3, %al"
  TRY "movb DATA + 4, %al"
  TRY "pushl DATA; pop %eax"
  TRY "addl $1, DATA"
  TRY "mov $DATA - 4, %esi; mov $DATA + 8, %edi; movsl; movsl"
  TRY "mov $DATA - 8, %edi; mov $4, %ecx; rep stosl"
  TRY "lea DATA, %eax"
  SAY "\ntwo data breakpoints at once"
  mov $0x00dd040a, %eax
  call watch
  mov $DATA + 4, %eax
  mov %eax, %dr1
  TRY "mov $DATA, %edi; movl $1, 2(%edi)"

  SAY "\nsingle step"
  xor %eax, %eax
  mov %eax, %dr7
  movl $12, enough
  TRY "call stepped"
  SAY "\nPOPF sets it, the next instruction steps"
  TRY "pushl $(TF | 2); popf; nop; nop; call unstep"
  SAY "\nINT clears it"
  movw $(quiet_handler - image), IDT + 0x20 * 8
  movw $CODE0, IDT + 0x20 * 8 + 2
  movw $0x8e00, IDT + 0x20 * 8 + 4
  movw $0xf, IDT + 0x20 * 8 + 6
  TRY "pushl $(TF | 2); popf; int $0x20; call unstep"
  SAY "\nMOV SS holds it off"
  TRY "mov $DATA0, %edx; pushl $(TF | 2); popf; mov %edx, %ss; nop; call unstep"
  SAY "\nREP steps once an iteration"
  movl $30, enough
  TRY "mov $DATA, %edi; mov $3, %ecx; pushl $(TF | 2); popf; rep stosb; call unstep"
  SAY "\nbranches"
  TRY "pushl $(TF | 2); popf; jmp 1f; ud2; 1: call 2f; 2: pop %eax; call unstep"
  SAY "\na fault clears it"
  TRY "pushl $(TF | 2); popf; ud2"
  pushl $2
  popf

  SAY "\nINT1, INT3"
  TRY ".byte 0xf1"
  TRY "int3"
  USER user_int1
  SAY "\nGD"
  mov $0x2400, %eax
  mov %eax, %dr7
  TRY "mov %dr0, %eax"
  mov $0x2400, %eax
  mov %eax, %dr7
  TRY "mov %eax, %dr0"
  SAY "\ndr7 after "
  mov %dr7, %eax
  call hex32
  ret

# DR0 = DATA, DR7 = %eax
watch:
  mov %eax, %ebx
  mov $DATA, %eax
  mov %eax, %dr0
  mov %ebx, %dr7
  ret

before_here:
  nop
code_here:
  .byte 0xb8, 1, 0, 0, 0
after_here:
  int $0x30

user_before:
  nop
user_here:
  nop
  int $0x30
user_dr:
  mov %dr0, %eax
  int $0x30
user_int1:
  .byte 0xf1
  int $0x30

stepped:
  pushl $(TF | 2)
  popf
  nop
  xor %eax, %eax
  inc %eax
  push %eax
  pop %ecx
unstep:
  pushf
  andl $~TF & 0xffffffff, (%esp)
  popf
  ret
quiet_handler:
  nop
  iret

# Says EIP (from the label `main`), DR6 and the RF and TF of the saved flags, and goes on; gives up after `enough` of them.
debug:
  pushal
  SAY " <"
  mov 32(%esp), %eax
  sub $main, %eax
  call hex16
  SAY " "
  mov %dr6, %eax
  call hex16
  SAY " "
  mov 40(%esp), %eax
  shr $16, %eax
  and $1, %eax
  call hex4
  mov 40(%esp), %eax
  shr $8, %eax
  and $1, %eax
  call hex4
  SAY ">"
  xor %eax, %eax
  mov %eax, %dr6
  orl $RF, 40(%esp)
  popal
  iret

.align 8
GDT_START
GDT_END
RESET
