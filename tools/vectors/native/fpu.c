/* Runs floating-point instructions on this processor: x87, MMX, SSE from a chosen FXSAVE image, and records the image after.
 *
 * stdin:  groups of { u32 codeLength; u8 code[28]; u32 count; u32 reserved; record[count] }.
 * stdout: the records after execution, in order.
 * A record is 704 bytes: 0 FXSAVE64 image, 512 operand memory (128 bytes, RDI points at it), 640 RAX, 648 RFLAGS,
 * 656 signal taken (0 none, else SIGFPE or SIGILL; the instruction then did not complete).
 * Build: gcc -O2 -o fpu fpu.c. x86-64 Linux only. The code must leave all registers but RAX alone. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

struct record {
  uint8_t image[512];
  uint8_t memory[128];
  uint64_t rax, rflags, signal;
  uint8_t pad[40];
} __attribute__((aligned(64)));

struct group {
  uint32_t length;
  uint8_t code[28];
  uint32_t count, reserved;
};

static uint8_t *page;                 /* holds the instructions and a RET */
static volatile uint64_t taken;
static uint64_t after;                /* address of the RET */

static void onSignal(int number, siginfo_t *info, void *context) {
  (void)info;
  taken = number;
  ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] = after;
}

void execute(struct record *r, void *code);
__asm__(
  ".globl execute\nexecute:\n"
  "  push %rbx\n  push %rbp\n  mov %rdi, %rbx\n  mov %rsi, %rbp\n"
  "  lea 512(%rbx), %rdi\n"
  "  fxrstor64 (%rbx)\n"
  "  mov 640(%rbx), %rax\n"
  "  push 648(%rbx)\n  popf\n"
  "  call *%rbp\n"
  "  pushf\n  pop 648(%rbx)\n"
  "  mov %rax, 640(%rbx)\n"
  "  fxsave64 (%rbx)\n"
  "  fninit\n"
  "  pop %rbp\n  pop %rbx\n  ret\n");

int main(void) {
  struct sigaction action = { .sa_sigaction = onSignal, .sa_flags = SA_SIGINFO | SA_NODEFER };
  sigaction(SIGFPE, &action, 0);
  sigaction(SIGILL, &action, 0);
  sigaction(SIGSEGV, &action, 0);
  page = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return perror("mmap"), 1;
  static char inBuffer[1 << 20], outBuffer[1 << 20];
  setvbuf(stdin, inBuffer, _IOFBF, sizeof inBuffer);
  setvbuf(stdout, outBuffer, _IOFBF, sizeof outBuffer);
  struct group g;
  static struct record r;
  uint32_t normalMxcsr = 0x1f80;
  while (fread(&g, sizeof g, 1, stdin) == 1) {
    memcpy(page, g.code, g.length);
    page[g.length] = 0xc3;
    after = (uint64_t)(page + g.length);
    for (uint32_t i = 0; i < g.count; i++) {
      if (fread(&r, sizeof r, 1, stdin) != 1) return fputs("short input\n", stderr), 1;
      taken = 0;
      execute(&r, page);
      __asm__ volatile("ldmxcsr %0" : : "m"(normalMxcsr));
      r.signal = taken;
      fwrite(&r, sizeof r, 1, stdout);
    }
  }
  return fflush(stdout) ? 1 : 0;
}
