// The first process of every sandbox: waits until the launcher has looked at the sandbox, starts
// the command, reaps orphans, and ends when the command ends or when the launcher is gone. Its end
// takes every other process of the sandbox with it (the kernel empties the pid namespace). Static
// and without a C library, so that it needs nothing from the sandbox's files and starts in no time.
// usage: init COMMAND ARGUMENT...; descriptor 3 is the lifeline: a socket to the launcher that
// gives one byte, the leave to start, and takes the command's 4-byte wait status.

#include <asm/unistd.h>

namespace {

constexpr int lifeline = 3;
constexpr int sigchld = 17;
constexpr int exit_lost = 137;
constexpr int exit_cannot_run = 126;
constexpr int exit_no_command = 127;

long call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) {
#if defined(__x86_64__)
    long result;
    register long r10 asm("r10") = d;
    register long r8 asm("r8") = e;
    asm volatile("syscall"
                 : "=a"(result)
                 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                 : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 asm("x8") = number;
    register long x0 asm("x0") = a;
    register long x1 asm("x1") = b;
    register long x2 asm("x2") = c;
    register long x3 asm("x3") = d;
    register long x4 asm("x4") = e;
    asm volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return x0;
#else
#error "sandboxes are for x86_64 and aarch64"
#endif
}

long address(const volatile void* pointer) {
    return reinterpret_cast<long>(pointer);
}

[[noreturn]] void leave(int code) {
    while (true)
        call(__NR_exit_group, code);
}

long length(const char* text) {
    long count = 0;
    while (text[count] != 0)
        ++count;
    return count;
}

bool has_slash(const char* text) {
    for (; *text != 0; ++text) {
        if (*text == '/') return true;
    }
    return false;
}

const char* path_of(char** environment) {
    for (; *environment != nullptr; ++environment) {
        const char* e = *environment;
        if (e[0] == 'P' && e[1] == 'A' && e[2] == 'T' && e[3] == 'H' && e[4] == '=') return e + 5;
    }
    return "/usr/bin:/bin";
}

/// execve over the folders of PATH. Comes back only when none of them had the command.
long execute(char** argv, char** environment) {
    const char* name = argv[0];
    if (has_slash(name))
        return call(__NR_execve, address(name), address(argv), address(environment));
    const long name_length = length(name);
    long refused = -2;
    char candidate[4096];
    for (const char* folder = path_of(environment); *folder != 0;) {  // ends with PATH
        long count = 0;
        while (folder[count] != 0 && folder[count] != ':')
            ++count;
        if (count > 0 && count + name_length + 2 < static_cast<long>(sizeof candidate)) {
            char* end = candidate;
            for (long i = 0; i < count; ++i)
                *end++ = folder[i];
            *end++ = '/';
            for (long i = 0; i <= name_length; ++i)
                *end++ = name[i];
            const long result =
                call(__NR_execve, address(candidate), address(argv), address(environment));
            if (result != -2 && result != -20) refused = result;  // ENOENT, ENOTDIR
        }
        folder += count;
        if (*folder == ':') ++folder;
    }
    return refused;
}

void say(const char* text) {
    call(__NR_write, 2, address(text), length(text));
}

[[noreturn]] void become(char** argv, char** environment, unsigned long signals) {
    call(__NR_setsid);
    call(__NR_rt_sigprocmask, 2, address(&signals), 0, sizeof signals);
    const long refused = execute(argv, environment);
    say("berth: cannot run ");
    say(argv[0]);
    say(refused == -2 ? ": not found\n" : refused == -13 ? ": not allowed\n" : ": not a program\n");
    leave(refused == -2 ? exit_no_command : exit_cannot_run);
}

/// Reaps everything that ended; leaves with the command.
void reap(long command) {
    while (true) {  // ends when nothing is left to reap
        int status = 0;
        const long pid = call(__NR_wait4, -1, address(&status), 1 /* WNOHANG */, 0);
        if (pid <= 0) return;
        if (pid != command) continue;
        call(__NR_write, lifeline, address(&status), sizeof status);
        const int signal = status & 0x7f;
        leave(signal != 0 ? 128 + signal : (status >> 8) & 0xff);
    }
}

struct Poll {
    int fd;
    short events;
    short found;
};

[[noreturn]] void stand_by(long command, int signals_fd) {
    Poll waits[2] = {{lifeline, 0, 0}, {signals_fd, 1 /* POLLIN */, 0}};
    while (true) {  // ends with the command or with the launcher
        call(__NR_ppoll, address(waits), 2, 0, 0);
        if (waits[0].found != 0) leave(exit_lost);
        char drained[1024];
        if (waits[1].found != 0) call(__NR_read, signals_fd, address(drained), sizeof drained);
        reap(command);
    }
}

}  // namespace

extern "C" [[noreturn]] void berth_init(long* stack) {
    const long count = stack[0];
    char** argv = reinterpret_cast<char**>(stack + 1);
    char** environment = argv + count + 1;
    if (count < 2) leave(exit_cannot_run);
    call(__NR_prctl, 4 /* PR_SET_DUMPABLE */, 0);
    call(__NR_fcntl, lifeline, 2 /* F_SETFD */, 1);
    const unsigned long child = 1ul << (sigchld - 1);
    const unsigned long none = 0;
    call(__NR_rt_sigprocmask, 2 /* SIG_SETMASK */, address(&child), 0, sizeof child);
    const long signals = call(__NR_signalfd4, -1, address(&child), sizeof child,
                              02000000 | 04000 /* close on exec, non-blocking */);
    char leave_to_start = 0;
    if (call(__NR_read, lifeline, address(&leave_to_start), 1) != 1) leave(exit_lost);
    const long command = call(__NR_clone, sigchld, 0, 0, 0, 0);
    if (command == 0) become(argv + 1, environment, none);
    if (command < 0 || signals < 0) leave(exit_cannot_run);
    for (int fd = 0; fd < 3; ++fd)
        call(__NR_close, fd);  // the command alone holds its streams
    stand_by(command, static_cast<int>(signals));
}

#if defined(__x86_64__)
asm(".globl _start\n_start:\n xor %ebp,%ebp\n mov %rsp,%rdi\n and $-16,%rsp\n call berth_init\n");
#else
asm(".globl _start\n_start:\n mov x29,#0\n mov x0,sp\n bl berth_init\n");
#endif
