// System calls that no build needs: each with arguments that harm nobody where it is allowed.
#include <sys/syscall.h>
#include <unistd.h>

#include "escape/probe.hpp"

namespace berth::escape {
namespace {

constexpr long bad_pointer = 8;
constexpr long nothing = -1;

struct Call {
    const char* name;
    long number;
    long arguments[5] = {};
};

// Numbers by hand are those that the C library's headers do not have yet.
constexpr Call calls[] = {
    {"keyctl: read a ring", SYS_keyctl, {0, -3, 1}},
    {"keyctl: join a session", SYS_keyctl, {1, 0}},
    {"add_key", SYS_add_key, {bad_pointer, bad_pointer, bad_pointer, 1, -3}},
    {"request_key", SYS_request_key, {bad_pointer, bad_pointer, 0, -3}},
    {"bpf: make a map", SYS_bpf, {0, bad_pointer, 32}},
    {"bpf: load a program", SYS_bpf, {5, bad_pointer, 32}},
    {"perf_event_open", SYS_perf_event_open, {bad_pointer, 0, -1, -1, 0}},
    {"userfaultfd", SYS_userfaultfd, {0}},
    {"userfaultfd for user mode", SYS_userfaultfd, {1}},
    {"io_uring_setup", SYS_io_uring_setup, {4, bad_pointer}},
    {"io_uring_enter", SYS_io_uring_enter, {nothing, 1, 1, 0, 0}},
    {"io_uring_register", SYS_io_uring_register, {nothing, 0, 0, 0}},
    {"io_setup: requests of the whole machine", SYS_io_setup, {1, bad_pointer}},
    {"kexec_load", SYS_kexec_load, {0, 0, 0, 0xff}},
    {"kexec_file_load", SYS_kexec_file_load, {nothing, nothing, 0, bad_pointer, 0xff}},
    {"init_module", SYS_init_module, {bad_pointer, 16, bad_pointer}},
    {"finit_module", SYS_finit_module, {nothing, bad_pointer, 0}},
    {"delete_module", SYS_delete_module, {bad_pointer, 0}},
    {"open_by_handle_at", SYS_open_by_handle_at, {nothing, bad_pointer, 0}},
    {"name_to_handle_at", SYS_name_to_handle_at, {nothing, bad_pointer, bad_pointer, 0, 0}},
    {"quotactl", SYS_quotactl, {0x800002, bad_pointer, 0, bad_pointer}},
    {"quotactl_fd", 443, {nothing, 0x800002, 0, bad_pointer}},
    {"swapon", SYS_swapon, {bad_pointer, 0}},
    {"swapoff", SYS_swapoff, {bad_pointer}},
    {"reboot", SYS_reboot, {1, 2, 3, 0}},
    {"settimeofday", SYS_settimeofday, {bad_pointer, 0}},
    {"clock_settime", SYS_clock_settime, {0, bad_pointer}},
    {"clock_adjtime", SYS_clock_adjtime, {0, bad_pointer}},
    {"adjtimex", SYS_adjtimex, {bad_pointer}},
#if defined(__x86_64__)
    {"iopl", SYS_iopl, {0}},
    {"ioperm", SYS_ioperm, {0x80, 1, 0}},
    {"modify_ldt", SYS_modify_ldt, {0, bad_pointer, 0}},
    {"uselib", SYS_uselib, {bad_pointer}},
#endif
    {"acct", SYS_acct, {bad_pointer}},
    {"the kernel's log", SYS_syslog, {3, bad_pointer, 16}},
    {"fanotify_init", SYS_fanotify_init, {0, 0}},
    {"fanotify_mark", SYS_fanotify_mark, {nothing, 1, 1, 0, bad_pointer}},
    {"vhangup", SYS_vhangup, {}},
    {"sethostname", SYS_sethostname, {bad_pointer, 1}},
    {"setdomainname", SYS_setdomainname, {bad_pointer, 1}},
    {"memfd_secret", 447, {0x40000000}},
    {"move_pages", SYS_move_pages, {0, 1, bad_pointer, 0, bad_pointer}},
    {"migrate_pages", SYS_migrate_pages, {0, 8, bad_pointer, bad_pointer}},
    {"mbind", SYS_mbind, {0, 4096, 0xff, 0, 0}},
    {"set_mempolicy", SYS_set_mempolicy, {0xff, 0, 0}},
    {"ptrace", SYS_ptrace, {0, 0, 0, 0}},
    {"process_vm_readv", SYS_process_vm_readv, {1, bad_pointer, 1, bad_pointer, 1}},
    {"process_vm_writev", SYS_process_vm_writev, {1, bad_pointer, 1, bad_pointer, 1}},
    {"process_madvise", 440, {nothing, bad_pointer, 1, 4, 0}},
    {"pidfd_getfd", 438, {nothing, 0, 0}},
    {"kcmp", SYS_kcmp, {1, 1, 0, 0, 0}},
    {"personality without address randomisation", SYS_personality, {0x0040000}},
    {"personality of another system", SYS_personality, {8}},
    {"personality in the upper half", SYS_personality, {0x100040000}},
    {"listmount", 458, {bad_pointer, bad_pointer, 1, 0}},
    {"statmount", 457, {bad_pointer, bad_pointer, 16, 0}},
    {"a call that is not there yet", 600, {}},
#if defined(__x86_64__)
    {"a call of the other ABI (x32)", 0x40000000 + SYS_getpid, {}},
#endif
};

}  // namespace

void add_kernel_calls(Probes& probes) {
    for (const Call& call : calls) {
        const auto attempt = [call] {
            const long* a = call.arguments;
            return reached(::syscall(call.number, a[0], a[1], a[2], a[3], a[4]));
        };
        probes.push_back({call.name, "the kernel looked at the arguments", attempt});
    }
}

}  // namespace berth::escape
