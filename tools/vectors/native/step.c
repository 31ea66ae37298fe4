/* Runs machine code on this processor with chosen registers, flags, segment bases, x87, MXCSR, XMM state and memory, and records what it did.
 *
 * The state is loaded and stored by the kernel: a signal handler rewrites the interrupted context, the code runs into INT3 or a fault, and
 * a second handler records that context and puts the first one back. x86-64 Linux with FSGSBASE only. Build: gcc -O1 -o step step.c
 *
 * stdin: records of `struct input`; stdout: one `struct output` each. See src/step.ts. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#define CODE 0x10000000ul
#define DATA 0x20000000ul
#define PAGE 4096
#define DATA_BYTES 1024
#define CODE_BYTES 2048
#define FX_BYTES 416
#define AC "0x40000"

struct input {
  uint32_t codeOffset, dataOffset; /* where code and data go: a page of code, two of data; nothing is mapped around them */
  uint32_t codeBytes, mode;        /* mode: 32 or 64 */
  uint32_t second, pad;            /* second data page: 0 absent, 1 read and write, 2 read only */
  uint8_t code[CODE_BYTES];
  uint64_t gpr[16]; /* RAX RCX RDX RBX RSP RBP RSI RDI R8..R15 */
  uint64_t rip, rflags, fsBase, gsBase;
  uint8_t fx[512]; /* FXSAVE64 image */
  uint8_t data[DATA_BYTES];
};
struct output {
  uint32_t signal, vector, error, pad;
  uint64_t cr2, rip, rflags, fsBase, gsBase;
  uint64_t gpr[16];
  uint8_t fx[512];
  uint8_t data[DATA_BYTES];
};

static const int ORDER[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };
static struct input in;
static struct output out;
static mcontext_t saved;
static uint8_t savedFx[512];
static uint64_t ownFs;
static int running;

static uint64_t readFs(void) { uint64_t v; __asm__ volatile("rdfsbase %0" : "=r"(v)); return v; }
static uint64_t readGs(void) { uint64_t v; __asm__ volatile("rdgsbase %0" : "=r"(v)); return v; }
static void writeFs(uint64_t v) { __asm__ volatile("wrfsbase %0" : : "r"(v)); }
static void writeGs(uint64_t v) { __asm__ volatile("wrgsbase %0" : : "r"(v)); }

static void enter(ucontext_t *u) {
  greg_t *g = u->uc_mcontext.gregs;
  saved = u->uc_mcontext;
  uint8_t *fx = (uint8_t *)u->uc_mcontext.fpregs;
  memcpy(savedFx, fx, 512);
  for (int i = 0; i < 16; i++) g[ORDER[i]] = in.gpr[i];
  g[REG_RIP] = in.rip;
  g[REG_EFL] = in.rflags;
  if (in.mode == 32) g[REG_CSGSFS] = (g[REG_CSGSFS] & ~0xfffful) | 0x23;
  memcpy(fx, in.fx, FX_BYTES);
  *(uint64_t *)(fx + 512) |= 3; /* XSTATE_BV: x87 and SSE come from the image */
  running = 1;
  writeGs(in.gsBase);
  writeFs(in.fsBase); /* last: nothing of the C library before the next signal */
}

static void leave(int number, ucontext_t *u, uint64_t fs) {
  greg_t *g = u->uc_mcontext.gregs;
  uint8_t *fx = (uint8_t *)u->uc_mcontext.fpregs;
  out.signal = number;
  out.vector = g[REG_TRAPNO];
  out.error = g[REG_ERR];
  out.cr2 = g[REG_CR2];
  out.rip = g[REG_RIP];
  out.rflags = g[REG_EFL];
  out.fsBase = fs;
  out.gsBase = readGs();
  for (int i = 0; i < 16; i++) out.gpr[i] = g[ORDER[i]];
  memcpy(out.fx, fx, 512);
  running = 0;
  struct _libc_fpstate *where = u->uc_mcontext.fpregs;
  u->uc_mcontext = saved;
  u->uc_mcontext.fpregs = where;
  memcpy(fx, savedFx, FX_BYTES);
}

__attribute__((noinline)) static void handle(int number, void *context) {
  uint64_t fs = readFs();
  writeFs(ownFs);
  if (number == SIGUSR1 && !running) enter(context);
  else if (running) leave(number, context, fs);
  else if (number != SIGPROF) _exit(3);
}

static void onSignal(int number, siginfo_t *info, void *context) {
  __asm__ volatile("lea -128(%%rsp), %%rsp\n pushfq\n andl $~" AC ", (%%rsp)\n popfq\n lea 128(%%rsp), %%rsp" : : : "cc", "memory"); /* no alignment checks here */
  (void)info;
  handle(number, context);
}

static uint8_t *map(uintptr_t at, size_t bytes) {
  uint8_t *p = mmap((void *)at, bytes, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (p == MAP_FAILED) perror("mmap"), exit(1);
  return p;
}

int main(void) {
  ownFs = readFs();
  stack_t alternative = { .ss_sp = malloc(1 << 20), .ss_size = 1 << 20 };
  sigaltstack(&alternative, 0);
  struct sigaction action = { .sa_sigaction = onSignal, .sa_flags = SA_ONSTACK | SA_SIGINFO | SA_NODEFER };
  const int signals[] = { SIGUSR1, SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGTRAP, SIGPROF, SIGSYS };
  for (unsigned k = 0; k < sizeof signals / sizeof *signals; k++) sigaction(signals[k], &action, 0);
  __asm__ volatile("mov %0, %%ds\n mov %0, %%es" : : "r"(0x2b)); /* usable in compatibility mode */
  uint8_t *code = map(CODE, PAGE), *data = map(DATA, 2 * PAGE);
  setvbuf(stdin, malloc(1 << 20), _IOFBF, 1 << 20);
  setvbuf(stdout, malloc(1 << 20), _IOFBF, 1 << 20);
  const struct itimerval second = { { 0, 0 }, { 1, 0 } }, never = { { 0, 0 }, { 0, 0 } };
  const int protection[] = { PROT_NONE, PROT_READ | PROT_WRITE, PROT_READ };
  uint64_t count = 0;
  uint32_t now = 1;
  while (fread(&in, sizeof in, 1, stdin) == 1) {
    if (now != 1) mprotect(data + PAGE, PAGE, protection[now = 1]);
    memset(code, 0xcc, PAGE);
    memcpy(code + in.codeOffset, in.code, in.codeBytes);
    memset(data, 0, 2 * PAGE);
    memcpy(data + in.dataOffset, in.data, DATA_BYTES);
    if (in.second != now) mprotect(data + PAGE, PAGE, protection[now = in.second]);
    memset(&out, 0, sizeof out);
    if (count++ % 256 == 0) setitimer(ITIMER_PROF, &second, 0);
    raise(SIGUSR1);
    if (now != 1) mprotect(data + PAGE, PAGE, protection[now = 1]);
    memcpy(out.data, data + in.dataOffset, DATA_BYTES);
    if (out.signal == SIGPROF) setitimer(ITIMER_PROF, &second, 0);
    fwrite(&out, sizeof out, 1, stdout);
  }
  setitimer(ITIMER_PROF, &never, 0);
  return 0;
}
