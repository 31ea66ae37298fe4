/* What every guest benchmark program has: types, Linux system calls without a C library, and the runtime's functions (runtime.c).
   Programs are static and freestanding, so that the 32-bit builds need no 32-bit C library. */
#ifndef BENCH_H
#define BENCH_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef long long i64;
typedef unsigned long word;

#define NOINLINE __attribute__((noinline, noclone))
#define COUNT(a) (sizeof(a) / sizeof *(a))

/* A program's work, `size` times a fixed amount; returns a checksum over all that was computed. */
u32 bench(u32 size);

long sys(long number, long a, long b, long c, long d, long e, long f);

#ifdef __x86_64__
enum { SYS_read = 0, SYS_write = 1, SYS_open = 2, SYS_close = 3, SYS_poll = 7, SYS_mmap = 9, SYS_munmap = 11, SYS_ioctl = 16, SYS_pipe = 22, SYS_sched_yield = 24, SYS_dup2 = 33,
  SYS_getppid = 110, SYS_fork = 57, SYS_execve = 59, SYS_exit = 60, SYS_wait4 = 61, SYS_mount = 165, SYS_reboot = 169, SYS_mkdir = 83, SYS_syslog = 103, SYS_chdir = 80,
  SYS_setsid = 112, SYS_clock_gettime = 228, SYS_pread64 = 17, SYS_unlink = 87, SYS_setpgid = 109 };
#else
enum { SYS_read = 3, SYS_write = 4, SYS_open = 5, SYS_close = 6, SYS_poll = 168, SYS_mmap = 192, SYS_munmap = 91, SYS_ioctl = 54, SYS_pipe = 42, SYS_sched_yield = 158, SYS_dup2 = 63,
  SYS_getppid = 64, SYS_fork = 2, SYS_execve = 11, SYS_exit = 1, SYS_wait4 = 114, SYS_mount = 21, SYS_reboot = 88, SYS_mkdir = 39, SYS_syslog = 103, SYS_chdir = 12,
  SYS_setsid = 66, SYS_clock_gettime = 265, SYS_pread64 = 180, SYS_unlink = 10, SYS_setpgid = 57 };
#endif

#define SYSCALL0(n) sys(n, 0, 0, 0, 0, 0, 0)
#define SYSCALL1(n, a) sys(n, (long)(a), 0, 0, 0, 0, 0)
#define SYSCALL2(n, a, b) sys(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define SYSCALL3(n, a, b, c) sys(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define SYSCALL4(n, a, b, c, d) sys(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

/* Anonymous private pages, `writable code` too where `prot` says so. Ends the program when there are none. */
enum { PROT_RW = 3, PROT_RWX = 7 };
void *pages(word bytes, int prot);

u64 now_ns(void);
void die(const char *what);
void put(const char *text);
int memcmp(const void *a, const void *b, word n);
void put_number(u64 value);
u32 parse(const char *text);
word length(const char *text);
int same(const char *a, const char *b);

/* Numerical Recipes' 32-bit linear congruential generator: the same data everywhere. */
static inline u32 lcg(u32 *state) { return *state = *state * 1664525u + 1013904223u; }
static inline u32 mix(u32 sum, u32 value) { return (sum << 5 | sum >> 27) ^ value; }

/* The arguments as the kernel passed them. */
extern char **arguments;

#endif
