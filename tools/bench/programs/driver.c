/* The guest's init, and the same thing as an ordinary program on the host: runs the programs that the other end of the line asks for.
     <  run PROGRAM SIZE
     >  @end STATUS CHECKSUM NS CPU_US          by this system's clock, and user + system time of the program as this kernel counts it
     <  exit
   As process 1 it talks on the first serial port and turns the machine off in the end; else on standard input and output, with the programs'
   directory as its argument. "shell" programs are BusyBox scripts. */
#include "bench.h"

static const char *directory = "/bench/";
static int in = 0, out = 1;

static void say(const char *text) { SYSCALL3(SYS_write, out, text, length(text)); }
static void say_number(u64 value) {
  char digits[24], *p = digits + sizeof digits;
  *--p = 0;
  do *--p = (char)('0' + value % 10); while (value /= 10);
  say(p);
}

static char *append(char *to, const char *text) {
  while ((*to = *text++)) to++;
  return to;
}

/* The serial port as a bare line: no echo, no editing, no signals (termios, asm-generic/termbits.h). */
static void raw(int fd) {
  struct { u32 iflag, oflag, cflag, lflag; u8 line, cc[19]; } t;
  const long TCGETS = 0x5401, TCSETS = 0x5402;
  if (SYSCALL3(SYS_ioctl, fd, TCGETS, &t) < 0) return;
  t.iflag = t.oflag = t.lflag = 0;
  t.cc[6] = 1; /* VMIN */
  t.cc[5] = 0; /* VTIME */
  SYSCALL3(SYS_ioctl, fd, TCSETS, &t);
}

static void be_init(void) {
  const long CONSOLE_OFF = 6;
  SYSCALL3(SYS_syslog, CONSOLE_OFF, 0, 0);
  in = out = (int)SYSCALL3(SYS_open, "/dev/ttyS0", 2, 0);
  raw(in);
}

static int read_line(char *line, int room) {
  int n = 0;
  while (n < room - 1) {
    if (SYSCALL3(SYS_read, in, line + n, 1) != 1) return 0;
    if (line[n] == '\n') break;
    n++;
  }
  line[n] = 0;
  return 1;
}

static char output[256];

static void child(const char *path, char **argv, int *pipe) {
  SYSCALL2(SYS_dup2, pipe[1], 1);
  SYSCALL1(SYS_close, pipe[0]);
  SYSCALL1(SYS_close, pipe[1]);
  SYSCALL1(SYS_chdir, directory);
  char *environment[] = {0};
  SYSCALL3(SYS_execve, path, argv, environment);
  SYSCALL1(SYS_exit, 127);
}

static void run(const char *name, char *size) {
  char path[256], *argv[] = {path, size, 0};
  int pipe[2], status = 0;
  struct { long user_s, user_us, system_s, system_us, rest[14]; } usage;
  append(append(path, directory), name);
  SYSCALL1(SYS_pipe, pipe);
  u64 start = now_ns();
  long pid = SYSCALL0(SYS_fork);
  if (pid == 0) child(path, argv, pipe);
  SYSCALL1(SYS_close, pipe[1]);
  word n = 0;
  for (long got; n < sizeof output - 1 && (got = SYSCALL3(SYS_read, pipe[0], output + n, sizeof output - 1 - n)) > 0;) n += (word)got;
  output[n] = 0;
  SYSCALL4(SYS_wait4, pid, &status, 0, &usage);
  SYSCALL1(SYS_close, pipe[0]);
  u64 ns = now_ns() - start, us = (u64)(usage.user_s + usage.system_s) * 1000000u + (u64)(usage.user_us + usage.system_us);
  say("@end ");
  say_number((u32)status);
  say(" ");
  say_number(parse(output));
  say(" ");
  say_number(ns);
  say(" ");
  say_number(us);
  if (status) say(" "), say(output);
  say("\n");
}

void program(void) {
  if (SYSCALL0(SYS_getppid) == 0) be_init();
  else if (arguments[0] && arguments[1]) directory = arguments[1];
  char line[256];
  say("@ready\n");
  while (read_line(line, sizeof line) && !same(line, "exit")) {
    char *name = line + 4, *size = name;
    if (line[0] != 'r') continue;
    while (*size && *size != ' ') size++;
    if (*size) *size++ = 0;
    run(name, size);
  }
  if (out != 1) SYSCALL3(SYS_reboot, 0xfee1dead, 672274793, 0x4321fedc); /* RB_POWER_OFF */
}
