# NMIs, which the local APIC sends to its own processor, and the A20 gate of port 92. SDM Vol. 3, 6.7 and 10.6.1; the guest says nothing of where an NMI came in between, which
# is the processor's affair.
.include "lib32.inc"

.set ICR_LOW, 0xfee00300
.set ICR_HIGH, 0xfee00310
.set NMI, 0x4400             # delivery mode NMI, asserted, to the APIC whose ID is in ICR_HIGH
.set count, VARS + 0x40
.set again, VARS + 0x44      # NMIs that the handler sends while they are blocked
.set PORT92, 0x92
.set NMI_TSS, 0x4800
.set SEL_NMI_TSS, nmi_tss - gdt_rom

.macro SEND
  movl $0, ICR_HIGH
  movl $NMI, ICR_LOW
  jmp 96f
96:
.rept 8
  nop
.endr
.endm
.macro COUNT
  HEX32 count
  movl $0, count
.endm

main:
  movw $(handler - image), IDT + 2 * 8
  movw $0xf, IDT + 2 * 8 + 6
  movl $0, count
  movl $0, again
  SAY "at CPL 0, interrupts off"
  SEND
  COUNT
  SAY "\ninterrupts on"
  sti
  SEND
  cli
  COUNT
  SAY "\nat CPL 3"
  USER user_send
  COUNT
  SAY "\ntwo more while the first is handled: one comes after IRET"
  movl $2, again
  SEND
  COUNT
  SAY "\nthe handler leaves by RETF: blocked"
  movl $1, again
  movw $(handler_retf - image), IDT + 2 * 8
  SEND
  SAY " before IRET "
  HEX32 count
  movw $(handler - image), IDT + 2 * 8
  pushf
  push %cs
  push $1f
  iret
1:
.rept 8
  nop
.endr
  SAY " after "
  COUNT
  SAY "\na fault in the handler, whose IRET unblocks"
  movw $(handler_fault - image), IDT + 2 * 8
  movw $(fault_handler - image), IDT + 6 * 8
  movl $1, again
  SEND
  SAY " "
  COUNT
  SAY "\nthrough a task gate"
  movl $0, again
  mov $NMI_TSS, %edi
  mov $0x1a, %ecx
  xor %eax, %eax
  rep stosl
  movl $nmi_task, NMI_TSS + 0x20
  movl $2, NMI_TSS + 0x24
  movl $0x6000, NMI_TSS + 0x38
.irp seg, 0x48, 0x50, 0x54, 0x58, 0x5c
  movl $DATA0, NMI_TSS + \seg
.endr
  movl $CODE0, NMI_TSS + 0x4c
  movw $SEL_NMI_TSS, IDT + 2 * 8 + 2
  movw $0x8500, IDT + 2 * 8 + 4
  SEND
  COUNT
  SEND
  COUNT
  clts

  SAY "\nA20 on and off"
  movl $0x11111111, 0x5000
  movl $0x22222222, 0x105000
  mov $2, %al
  out %al, $PORT92
  call both
  xor %al, %al
  out %al, $PORT92
  call both
  movl $0x33333333, 0x105000
  movl $0x44444444, 0x305004
  movl $0x55555555, 0x204ffe
  call both
  HEX32 0x5004
  mov $2, %al
  out %al, $PORT92
  call both
  HEX32 0x305004
  SAY " "
  HEX32 0x205000
  SAY "\ncode with A20 off"
  movl $0xc3904090, 0x7000          # nop; inc eax; nop; ret
  movl $0xc3904890, 0x107000        # nop; dec eax; nop; ret
.irp gate, 2, 0, 2
  mov $\gate, %al
  out %al, $PORT92
  mov $0x100, %eax
  mov $0x107000, %ebx
  call *%ebx
  SAY " "
  call hex32
.endr
  ret
both:
  SAY " "
  HEX32 0x5000
  SAY " "
  HEX32 0x105000
  ret

user_send:
  mov $DATA3, %eax
  mov %eax, %ds
  SEND
  int $0x30
.macro RESEND
  cmpl $0, again
  je 95f
  decl again
  SEND
.endm
handler:
  incl count
  SAY " <"
  HEX16 %cs
  RESEND
95:
  RESEND
95:
  SAY ">"
  iret
handler_retf:
  incl count
  SAY " <"
  RESEND
95:
  SAY ">"
  lret $4
handler_fault:
  incl count
  SAY " <"
  RESEND
95:
  ud2
  SAY ">"
  iret
fault_handler:
  addl $2, (%esp)
  iret
nmi_task:
  incl count
  SAY " <"
  str %eax
  call hex16
  SAY ">"
  iret
  jmp nmi_task

.align 8
GDT_START
nmi_tss:
  DESCRIPTOR NMI_TSS, 0x67, 0x89, 0
GDT_END
RESET
