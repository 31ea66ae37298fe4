/* Asks this processor whether byte strings are instructions: runs each one and records the signal it ends in.
 *
 * stdin:  records of 16 bytes: length (1 to 15), then the bytes.
 * stdout: one byte a record: SIGTRAP if the bytes ran (INT3 follows them), SIGILL if they are undefined, else what they met.
 * Registers hold the address of writable memory; FS and GS are the process's. Do not feed it system calls, or bytes that write FS base.
 * Build: gcc -O1 -o verdict verdict.c. x86-64 Linux only. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

static sigjmp_buf back;
static volatile int taken;

static void onSignal(int number) {
  taken = number;
  siglongjmp(back, 1);
}

static void *map(uintptr_t at, size_t size, int protection) {
  return mmap((void *)at, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

/* Seconds until SIGALRM ends bytes that loop; 0 stops the clock. */
static void limit(int seconds) {
  struct itimerval t = { { 0, 0 }, { seconds, 0 } };
  setitimer(ITIMER_REAL, &t, 0);
}

static void run(uint8_t *code, uint8_t *data) {
  register uint64_t target __asm__("r11") = (uint64_t)code;
  __asm__ volatile(
    "mov %%rax, %%rcx\n mov %%rax, %%rdx\n mov %%rax, %%rbx\n mov %%rax, %%rsi\n mov %%rax, %%rdi\n mov %%rax, %%rbp\n mov %%rax, %%rsp\n"
    "mov %%rax, %%r8\n mov %%rax, %%r9\n mov %%rax, %%r10\n mov %%rax, %%r12\n mov %%rax, %%r13\n mov %%rax, %%r14\n mov %%rax, %%r15\n"
    "cld\n jmp *%%r11" : : "a"(data), "r"(target) : "memory");
}

int main(void) {
  static char stack[65536];
  stack_t alternative = { .ss_sp = stack, .ss_size = sizeof stack };
  sigaltstack(&alternative, 0);
  struct sigaction action = { .sa_handler = onSignal, .sa_flags = SA_ONSTACK | SA_NODEFER };
  const int signals[] = { SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGTRAP, SIGALRM, SIGSYS };
  for (unsigned k = 0; k < sizeof signals / sizeof *signals; k++) sigaction(signals[k], &action, 0);
  uint8_t *code = map(0x10000000, 8192, PROT_READ | PROT_WRITE | PROT_EXEC);
  uint8_t *data = map(0x20000000, 1 << 20, PROT_READ | PROT_WRITE);
  if (code == MAP_FAILED || data == MAP_FAILED) return perror("mmap"), 1;
  const uint32_t mxcsr = 0x1f80;
  uint8_t record[16];
  while (fread(record, sizeof record, 1, stdin) == 1) {
    memset(code, 0xcc, 8192);
    memcpy(code + 4096, record + 1, record[0] > 15 ? 15 : record[0]);
    limit(1);
    if (!sigsetjmp(back, 1)) run(code + 4096, data + (1 << 19));
    limit(0);
    __asm__ volatile("ldmxcsr %0\n fninit" : : "m"(mxcsr));
    putchar(taken);
  }
  return fflush(stdout) ? 1 : 0;
}
