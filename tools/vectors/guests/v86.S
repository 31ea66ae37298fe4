# Virtual-8086 mode: in by IRET, out by interrupts and exceptions, with each IOPL; what is sensitive to it; what segments look like. SDM Vol. 3, chapter 20.
.include "lib32.inc"

.set V86_CODE, 0x10000       # 16-bit code is copied there: CS = 1000
.set V86_STACK, 0x20000
.set BITMAP, TSS0 + 0x68

main:
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
  mov $code16, %esi
  mov $V86_CODE, %edi
  mov $(code16_end - code16), %ecx
  rep movsb
  # everything but what TRY needs goes to the monitor
  mov $IDT, %edi
  mov $0x30, %ecx
1: movw $(monitor_stubs - image), %ax
  mov $0x30, %edx
  sub %ecx, %edx
  shl $4, %edx
  add $monitor_stubs, %edx
  mov %dx, (%edi)
  add $8, %edi
  loop 1b
.irp test, nothing, cli, sti, pushf, popf, pushfl, popfl, int, int3, into, iret, iretl, in80, in81, out80, insb, hlt, movcr, lgdt, sidt, smsw, str, lar, arpl, ud, div, segments, farcall, retf, wrap, limit, movss, clts, xlat, lsl, bound, addr32
.irp iopl, 0, 3
  SAY "\n\test \iopl: "
  movl $97f, resume
  mov %esp, resume_esp
  pushl $0x3333              # GS FS DS ES
  pushl $0x4444
  pushl $0x1000
  pushl $0x2000
  pushl $(V86_STACK >> 4)
  pushl $0xf00
  pushl $(0x20002 | \iopl << 12)
  pushl $(V86_CODE >> 4)
  pushl $(v_\test - code16)
  iret
97:
.endr
.endr
  ret

.align 16
monitor_stubs:
.set n, 0
.rept 0x30
  .balign 16, 0x90
  .if n != 8 && n != 10 && n != 11 && n != 12 && n != 13 && n != 14 && n != 17
    push $0
  .endif
  push $n
  jmp monitor
  .set n, n + 1
.endr
# Vector, error code and the frame of an exit from virtual-8086 mode: EIP CS EFLAGS ESP SS ES DS FS GS; and the registers it left.
monitor:
  pushal
  mov %ds, %ebp
  shl $16, %ebp
  mov %gs, %bp
  mov $DATA0, %ax
  mov %ax, %ds
  mov %ax, %es
  SAY "#"
  mov 32(%esp), %eax
  call hex8
  xor %esi, %esi
1: mov $' ', %al
  out %al, $DEBUGCON
  mov 36(%esp, %esi, 4), %eax
  cmp $3, %esi
  jne 2f
  and $0xfffef72a, %eax      # neither arithmetic flags nor RF (which QEMU does not set) are the point
2: call hex32
  inc %esi
  cmp $10, %esi
  jb 1b
  SAY " ax "
  HEX16 28(%esp)
  SAY " bx "
  HEX16 16(%esp)
  SAY " now "
  HEX32 %ebp
  mov resume_esp, %esp
  jmp *resume

.code16
code16:
.macro V name, insns:vararg
v_\name:
  \insns
  int $0x20
.endm
V nothing, nop
V cli, cli
V sti, sti
v_pushf:
  pushf
  pop %bx
  int $0x20
v_popf:
  pushw $0x7202
  popf
  pushf
  pop %bx
  int $0x20
v_pushfl:
  pushfl
  popl %ebx
  shr $16, %ebx
  int $0x20
v_popfl:
  pushl $0x00247202
  popfl
  int $0x20
V int, int $0x21
V int3, int3
v_into:
  mov $0x7f, %al
  add $1, %al
  into
  int $0x20
v_iret:
  pushw $0x7202
  push %cs
  pushw $(1f - code16)
  iret
1: int $0x20
v_iretl:
  pushl $0x00030202
  pushl $(V86_CODE >> 4)
  pushl $(1f - code16)
  iretl
1: int $0x20
V in80, in $0x80, %al
V in81, in $0x90, %al
V out80, out %al, $0x80
v_insb:
  mov $0x80, %dx
  mov $0x100, %di
  insb
  int $0x20
V hlt, hlt
V movcr, mov %cr0, %eax
V lgdt, lgdtl 0
V sidt, sidtl 0x100
V smsw, smsw %bx
V str, str %bx
V lar, lar %ax, %bx
V arpl, .byte 0x63, 0xc3
V ud, ud2
v_div:
  xor %bl, %bl
  div %bl
  int $0x20
v_segments:
  mov $0x1234, %ax
  mov %ax, %ds
  mov %ax, %gs
  push %cs
  pop %es
  mov %es, %bx
  int $0x20
v_farcall:
  lcall $(V86_CODE >> 4), $(1f - code16)
1: pop %bx
  pop %ax
  int $0x20
v_retf:
  push $(V86_CODE >> 4)
  push $(1f - code16)
  lret $2
1: int $0x20
v_wrap:
  mov $0xffff, %bx
  movb $0x5a, (%bx)
  mov (%bx), %al
  int $0x20
v_limit:
  mov $0xffff, %bx
  mov (%bx), %al
  int $0x20
v_movss:
  mov $0x2000, %ax
  mov %ax, %ss
  mov $0x800, %sp
  int $0x20
V clts, clts
v_xlat:
  mov $0x10, %bx
  mov $4, %al
  xlat
  int $0x20
V lsl, lsl %ax, %bx
v_bound:
  movw $5, 0x300
  movw $7, 0x302
  mov $8, %ax
  bound %ax, 0x300
  int $0x20
v_addr32:
  mov $0x100, %ebx
  movw $0x1357, (%ebx)
  mov (%ebx), %bx
  int $0x20
code16_end:
.code32

.align 8
GDT_START
GDT_END
RESET
