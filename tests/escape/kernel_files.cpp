// What the kernel shows as files. To open one for writing is enough: nothing is written, but where
// only the write itself is checked.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "escape/probe.hpp"

namespace berth::escape {
namespace {

constexpr const char* writable[] = {"/proc/sys/kernel/core_pattern",
                                    "/proc/sys/kernel/modprobe",
                                    "/proc/sys/kernel/poweroff_cmd",
                                    "/proc/sys/kernel/hotplug",
                                    "/proc/sys/kernel/sysrq",
                                    "/proc/sys/kernel/panic",
                                    "/proc/sys/kernel/ns_last_pid",
                                    "/proc/sys/kernel/hostname",
                                    "/proc/sys/kernel/domainname",
                                    "/proc/sys/kernel/randomize_va_space",
                                    "/proc/sys/kernel/unprivileged_bpf_disabled",
                                    "/proc/sys/kernel/perf_event_paranoid",
                                    "/proc/sys/kernel/kptr_restrict",
                                    "/proc/sys/kernel/pid_max",
                                    "/proc/sys/kernel/threads-max",
                                    "/proc/sys/kernel/shmmax",
                                    "/proc/sys/vm/drop_caches",
                                    "/proc/sys/vm/overcommit_memory",
                                    "/proc/sys/vm/panic_on_oom",
                                    "/proc/sys/fs/file-max",
                                    "/proc/sys/fs/suid_dumpable",
                                    "/proc/sys/fs/protected_symlinks",
                                    "/proc/sys/fs/inotify/max_user_instances",
                                    "/proc/sys/fs/binfmt_misc/register",
                                    "/proc/sys/net/ipv4/ip_forward",
                                    "/proc/sys/net/ipv4/conf/all/route_localnet",
                                    "/proc/sys/net/ipv6/conf/all/disable_ipv6",
                                    "/proc/sys/user/max_user_namespaces",
                                    "/proc/sysrq-trigger",
                                    "/proc/irq/default_smp_affinity",
                                    "/proc/mtrr",
                                    "/proc/kcore",
                                    "/proc/fs/nfsd/exports",
                                    "/proc/bus/pci/00/00.0",
                                    "/proc/1/mem",
                                    "/proc/1/oom_score_adj",
                                    "/sys/kernel/uevent_helper",
                                    "/sys/kernel/mm/ksm/run",
                                    "/sys/power/state",
                                    "/sys/kernel/debug",
                                    "/sys/module/kernel/parameters/panic",
                                    "/sys/block/loop0/uevent",
                                    "/sys/fs/cgroup/cgroup.procs",
                                    "/sys/fs/cgroup/release_agent",
                                    "/sys/fs/cgroup/memory/release_agent",
                                    "/sys/fs/cgroup/pids/cgroup.procs",
                                    "/sys/fs/cgroup/devices/devices.allow",
                                    "/sys/fs/cgroup/memory/notify_on_release",
                                    "/sys/firmware/efi/efivars",
                                    "/sys/devices/system/cpu/cpu0/online"};

constexpr const char* readable[] = {"/proc/kcore",       "/proc/kmsg",
                                    "/proc/keys",        "/proc/key-users",
                                    "/proc/timer_list",  "/proc/vmallocinfo",
                                    "/proc/slabinfo",    "/proc/pagetypeinfo",
                                    "/proc/kpagecount",  "/proc/kpageflags",
                                    "/proc/modules",     "/proc/interrupts",
                                    "/proc/sched_debug", "/proc/scsi/scsi",
                                    "/proc/acpi/wakeup", "/proc/1/environ",
                                    "/proc/1/maps",      "/proc/1/stack",
                                    "/proc/1/syscall",   "/proc/self/stack",
                                    "/sys/kernel/notes", "/sys/kernel/vmcoreinfo",
                                    "/proc/1/auxv"};

bool wrote(const char* path, const char* text) {
    const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const ssize_t count = ::write(fd, text, std::strlen(text));
    ::close(fd);
    return count > 0;
}

bool lists_anything(const char* path) {
    DIR* folder = ::opendir(path);
    if (folder == nullptr) return false;
    bool any = false;
    while (const dirent* item = ::readdir(folder)) {
        if (item->d_name[0] != '.') any = true;
    }
    ::closedir(folder);
    return any;
}

/// Whether kallsyms or iomem show addresses that are not all zero.
bool shows_addresses(const char* path) {
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    char text[4096] = {};
    const ssize_t count = fd < 0 ? -1 : ::read(fd, text, sizeof text - 1);
    if (fd >= 0) ::close(fd);
    for (ssize_t i = 0; i < count && text[i] != '\n'; ++i) {
        if (text[i] == ' ') break;
        if (text[i] != '0' && text[i] != '-') return true;
    }
    return false;
}

}  // namespace

void add_kernel_files(Probes& probes) {
    for (const char* path : writable) {
        probes.push_back({std::string("open for writing ") + path, "it opened",
                          [path] { return can_open(path, O_WRONLY); }});
    }
    for (const char* path : readable) {
        probes.push_back({std::string("read ") + path, "there is something in it",
                          [path] { return can_read(path); }});
    }
    for (const char* path : {"/proc/kallsyms", "/proc/iomem"}) {
        probes.push_back({std::string("addresses in ") + path, "one that is not zero",
                          [path] { return shows_addresses(path); }});
    }
    for (const char* path :
         {"/sys", "/sys/fs/cgroup", "/proc/1/fd", "/proc/1/root", "/proc/1/cwd", "/proc/bus/pci",
          "/proc/acpi", "/proc/scsi", "/proc/asound", "/sys/class/net", "/proc/1/task/1/fd"}) {
        probes.push_back({std::string("list ") + path, "there is something in it",
                          [path] { return lists_anything(path); }});
    }
    const auto write = [&](const char* name, const char* path, const char* text) {
        probes.push_back({name, "the write was taken", [path, text] { return wrote(path, text); },
                          Outside::never});
    };
    write("map of users", "/proc/self/uid_map", "0 0 1\n");
    write("map of groups", "/proc/self/gid_map", "0 0 1\n");
    write("allow setgroups", "/proc/self/setgroups", "allow");
    write("never to be killed for memory", "/proc/self/oom_score_adj", "-1000");
    write("killed later than the build's init", "/proc/self/oom_score_adj", "0");
    write("offsets of time", "/proc/self/timens_offsets", "monotonic 1000 0\n");
    write("profile of the next program", "/proc/self/attr/exec", "exec unconfined");
    write("profile of process 1", "/proc/1/attr/current", "changeprofile unconfined");
    write("coredump filter of process 1", "/proc/1/coredump_filter", "0x7f");
    write("clear references of process 1", "/proc/1/clear_refs", "1");
}

}  // namespace berth::escape
