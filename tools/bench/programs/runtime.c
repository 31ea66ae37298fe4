/* Entry, system calls, printing, and what gcc calls by itself. A program prints "checksum nanoseconds" by the clock of the system it runs on. */
#include "bench.h"

char **arguments;

void program(void);
static void find_entry(word *stack);
__attribute__((used)) void enter(word *stack) {
  arguments = (char **)(stack + 1);
  find_entry(stack);
  program();
  SYSCALL1(SYS_exit, 0);
}

#ifdef __x86_64__
__asm__(".globl _start\n_start: xor %ebp,%ebp; mov %rsp,%rdi; and $-16,%rsp; call enter; hlt");

static void find_entry(word *stack) { (void)stack; }

long sys(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return result;
}
#else
__asm__(".globl _start\n_start: xor %ebp,%ebp; mov %esp,%eax; and $-16,%esp; sub $12,%esp; push %eax; call enter; hlt");

/* System calls as C libraries make them: through the kernel's own entry (SYSENTER where the processor has it), whose address is AT_SYSINFO in the
   auxiliary vector behind arguments and environment. Without one, INT 0x80. */
__asm__("int80: int $0x80; ret");
void int80(void);
__attribute__((used)) static void (*kernel_entry)(void) = int80;

static void find_entry(word *stack) {
  const word AT_SYSINFO = 32;
  word *p = stack + 1 + *stack + 1;
  while (*p++) {}
  for (; *p; p += 2) if (*p == AT_SYSINFO) kernel_entry = (void (*)(void))p[1];
}

/* sys(number, a, b, c, d, e, f) with its operands on the stack, above four saved registers. */
__asm__(".globl sys\nsys: push %ebx; push %esi; push %edi; push %ebp\n"
        "mov 20(%esp),%eax; mov 24(%esp),%ebx; mov 28(%esp),%ecx; mov 32(%esp),%edx; mov 36(%esp),%esi; mov 40(%esp),%edi; mov 44(%esp),%ebp\n"
        "call *kernel_entry; pop %ebp; pop %edi; pop %esi; pop %ebx; ret");

/* libgcc's 64-bit division, which is not there for -m32. Shift and subtract: nothing measured divides 64 bits. */
static u64 divide(u64 n, u64 d, u64 *rest) {
  u64 quotient = 0, r = 0;
  for (int i = 63; i >= 0; i--) {
    r = r << 1 | (n >> i & 1);
    if (r >= d) r -= d, quotient |= 1ull << i;
  }
  *rest = r;
  return quotient;
}
u64 __udivdi3(u64 n, u64 d) { u64 rest; return divide(n, d, &rest); }
u64 __umoddi3(u64 n, u64 d) { u64 rest; divide(n, d, &rest); return rest; }
#endif

void *memset(void *to, int value, word n) {
  u8 *p = to;
  __asm__ volatile("rep stosb" : "+D"(p), "+c"(n) : "a"(value) : "memory");
  return to;
}

void *memcpy(void *to, const void *from, word n) {
  u8 *p = to;
  __asm__ volatile("rep movsb" : "+D"(p), "+S"(from), "+c"(n) : : "memory");
  return to;
}

void *memmove(void *to, const void *from, word n) {
  u8 *p = to;
  const u8 *q = from;
  if (p < q) return memcpy(to, from, n);
  while (n--) p[n] = q[n];
  return to;
}

int memcmp(const void *a, const void *b, word n) {
  const u8 *p = a, *q = b;
  for (; n; n--, p++, q++) if (*p != *q) return *p - *q;
  return 0;
}

void *pages(word bytes, int prot) {
  const int MAP_PRIVATE_ANONYMOUS = 0x22;
  long at = sys(SYS_mmap, 0, (long)bytes, prot, MAP_PRIVATE_ANONYMOUS, -1, 0);
  if (at < 0 && at > -4096) die("no memory");
  return (void *)at;
}

u64 now_ns(void) {
  struct { long s, ns; } t;
  const int CLOCK_MONOTONIC = 1;
  SYSCALL2(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
  return (u64)t.s * 1000000000u + (u64)t.ns;
}

word length(const char *text) {
  word n = 0;
  while (text[n]) n++;
  return n;
}

int same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

void put(const char *text) { SYSCALL3(SYS_write, 1, text, length(text)); }

void put_number(u64 value) {
  char digits[24], *p = digits + sizeof digits;
  *--p = 0;
  do *--p = (char)('0' + value % 10); while (value /= 10);
  put(p);
}

u32 parse(const char *text) {
  u32 value = 0;
  for (; *text >= '0' && *text <= '9'; text++) value = value * 10 + (u32)(*text - '0');
  return value;
}

void die(const char *what) {
  put(what);
  put("\n");
  SYSCALL1(SYS_exit, 1);
}
