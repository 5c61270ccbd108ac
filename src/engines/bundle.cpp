#include "engines/bundle.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "base/log.hpp"
#include "engines/disk.hpp"
#include "engines/init_image.hpp"
#include "engines/network.hpp"
#include "engines/seccomp.hpp"
#include "engines/shares.hpp"

namespace berth::engines {
namespace {

namespace fs = std::filesystem;
namespace bj = boost::json;

constexpr const char* certificates = "/etc/ssl/certs/ca-certificates.crt";
constexpr const char* init_path = "/.berth/init";
constexpr std::array linked = {"/etc/passwd",      "/etc/group",           "/etc/nsswitch.conf",
                               "/etc/ld.so.cache", "/etc/ssl/openssl.cnf", certificates,
                               "/.berth/init"};
constexpr std::array merged = {"bin", "sbin", "lib", "lib32", "lib64", "libx32"};

void write_part(const std::string& path, std::string_view bytes, unsigned mode) {
    fs::create_directories(fs::path(path).parent_path());
    const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!file || ::fchmod(file.get(), mode) != 0) throw_errno("write " + path);
    write_all(file.get(), bytes);
}

void make_folder(const std::string& path, mode_t mode) {
    fs::create_directories(path);
    if (::chmod(path.c_str(), mode) != 0) throw_errno("chmod " + path);
}

void copy_part(const std::string& from, const std::string& to) {
    const auto bytes = read_file(from);
    if (bytes) write_part(to, *bytes, 0644);
}

bool is_below(const std::string& path, const std::string& folder) {
    return path == folder || path.starts_with(folder + "/");
}

bj::object mount_of(const char* destination, const char* type, const char* source,
                    std::vector<std::string> options) {
    bj::array list;
    for (std::string& option : options)
        list.emplace_back(std::move(option));
    return {{"destination", destination}, {"type", type}, {"source", source}, {"options", list}};
}

/// A bind that keeps what the source's mount forbids: inside a user namespace the kernel refuses a
/// remount that would drop any of it.
bj::object bind_of(const std::string& source, const std::string& destination, Access access) {
    std::vector<std::string> options = {"rbind"};
    for (std::string& option : locked_options(source)) {
        if (option != "ro" && option != "nosuid" && option != "nodev") {
            options.push_back(std::move(option));
        }
    }
    options.insert(options.end(), {"nosuid", "nodev", access == Access::read_only ? "ro" : "rw"});
    return mount_of(destination.c_str(), "bind", source.c_str(), std::move(options));
}

bj::array mounts_of(const BundlePlan& plan, const BundleParts& parts) {
    const std::string tmp_size = "size=" + std::to_string(plan.start.limits.tmp_bytes);
    bj::array mounts{
        mount_of("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}),
        mount_of("/dev", "tmpfs", "tmpfs",
                 {"nosuid", "noexec", "strictatime", "mode=755", "size=64k"}),
        mount_of("/dev/pts", "devpts", "devpts",
                 {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "max=64"}),
        mount_of("/dev/shm", "tmpfs", "shm",
                 {"nosuid", "noexec", "nodev", "mode=1777", "size=64m"}),
        mount_of("/tmp", "tmpfs", "tmpfs", {"nosuid", "nodev", "mode=1777", tmp_size}),
        mount_of("/home/build", "tmpfs", "tmpfs",
                 {"nosuid", "nodev", "mode=0755", "uid=1000", "gid=1000", tmp_size}),
        bind_of("/usr", "/usr", Access::read_only)};
    if (fs::is_directory(fs::symlink_status("/usr/local"))) {  // the operator's own things
        mounts.push_back(bind_of(parts.folder() + "/empty", "/usr/local", Access::read_only));
    }
    for (const char* name : merged) {
        const std::string path = std::string("/") + name;
        if (fs::is_directory(fs::symlink_status(path))) {
            mounts.push_back(bind_of(path, path, Access::read_only));
        }
    }
    if (fs::is_directory("/etc/alternatives")) {
        mounts.push_back(bind_of("/etc/alternatives", "/etc/alternatives", Access::read_only));
    }
    for (std::size_t i = 0; i < plan.start.mounts.size(); ++i) {
        const Mount& wanted = plan.start.mounts[i];
        mounts.push_back(bind_of(fmt::format("{}/m{}", plan.folder, i), wanted.target,
                                 wanted.upper.empty() ? Access::read_only : Access::read_write));
    }
    return mounts;
}

/// The run's variables, and ours where it has none of the same name.
bj::array environment_of(const BundlePlan& plan, const BundleParts& parts) {
    bj::array list;
    const auto& given = plan.start.environment;
    const auto add = [&](const std::string& key, const std::string& value) {
        const auto same = [&](const std::string& item) { return item.starts_with(key + "="); };
        if (std::none_of(given.begin(), given.end(), same)) list.emplace_back(key + "=" + value);
    };
    for (const std::string& item : given)
        list.emplace_back(item);
    add("PATH", "/usr/bin:/bin");
    add("HOME", "/home/build");
    add("TMPDIR", "/tmp");
    add("LANG", "C.UTF-8");
    add("USER", "build");
    // V8 sizes its heap from the host's memory and would be killed instead of collecting garbage.
    add("NODE_OPTIONS",
        fmt::format("--max-old-space-size={}", (plan.start.limits.memory_bytes >> 20) * 3 / 4));
    if (parts.has_certificates()) {
        for (const char* key : {"SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO"}) {
            add(key, certificates);
        }
    }
    return list;
}

/// Never more than we may have ourselves: a higher one needs CAP_SYS_RESOURCE.
bj::object rlimit(const char* type, int resource, rlim_t wanted) {
    rlimit64 ours{};
    ::getrlimit64(static_cast<__rlimit_resource>(resource), &ours);
    const rlim_t value = std::min<rlim_t>(wanted, ours.rlim_max);
    return {{"type", type}, {"hard", value}, {"soft", value}};
}

bj::object resources_of(const BundlePlan& plan) {
    const Limits& limits = plan.start.limits;
    const auto memory = static_cast<std::int64_t>(limits.memory_bytes);
    bj::object memory_limits{{"limit", memory}};
    if (plan.limits_swap) memory_limits["swap"] = memory;
    bj::object cpu{{"shares", 512}};
    // A quota that cannot bind still stops threads that move between processors.
    if (plan.limits_cpu_time) {
        constexpr std::int64_t period_us = 100'000;
        cpu["quota"] = limits.cpu_percent * period_us / 100;
        cpu["period"] = period_us;
    }
    if (!plan.cpus.empty()) {
        std::string list;
        for (const unsigned number : plan.cpus) {
            list += (list.empty() ? "" : ",") + std::to_string(number);
        }
        cpu["cpus"] = list;
    }
    bj::object resources{{"devices", bj::array{bj::object{{"allow", false}, {"access", "rwm"}}}},
                         {"memory", memory_limits},
                         {"cpu", cpu},
                         {"pids", bj::object{{"limit", limits.processes}}}};
    // One killed process would leave a build that goes on without it: all or none.
    if (plan.cgroup_mode == CgroupMode::v2) {
        resources["unified"] = bj::object{{"memory.oom.group", "1"}};
    }
    return resources;
}

bj::object linux_of(const BundlePlan& plan) {
    bj::object network{{"type", "network"}};
    if (!plan.network_path.empty()) network["path"] = plan.network_path;
    bj::array namespaces{network};
    for (const char* type : {"pid", "ipc", "uts", "mount", "user"}) {
        namespaces.push_back(bj::object{{"type", type}});
    }
    const bool grouped = plan.cgroup_mode != CgroupMode::none;
    if (grouped) namespaces.push_back(bj::object{{"type", "cgroup"}});
    bj::array ids;
    for (const IdMapLine& line : map_of(plan.ids)) {
        ids.push_back(
            bj::object{{"containerID", line.inner}, {"hostID", line.outer}, {"size", line.count}});
    }
    bj::object linux{
        {"namespaces", namespaces},
        {"uidMappings", ids},
        {"gidMappings", ids},
        {"seccomp", seccomp_profile()},
        {"maskedPaths",
         bj::array{"/proc/acpi", "/proc/asound", "/proc/bus", "/proc/interrupts", "/proc/kcore",
                   "/proc/keys", "/proc/key-users", "/proc/kallsyms", "/proc/latency_stats",
                   "/proc/sched_debug", "/proc/scsi", "/proc/sysrq-trigger", "/proc/timer_list",
                   "/proc/timer_stats", "/proc/vmallocinfo", "/proc/slabinfo", "/proc/pagetypeinfo",
                   "/proc/modules"}},
        {"readonlyPaths", bj::array{"/proc/fs", "/proc/irq", "/proc/sys"}}};
    if (grouped) {
        linux["cgroupsPath"] = plan.cgroup_path;
        linux["resources"] = resources_of(plan);
    }
    return linux;
}

/// What the kernel holds without cgroups: of each process its own data, where a group would have
/// one limit for all; and how many the tenant has, which is counted per user namespace.
void add_limits_without_groups(bj::array& limits, const Limits& wanted) {
    const Limits held = kernel_limits_without_groups(wanted);
    limits.push_back(rlimit("RLIMIT_DATA", RLIMIT_DATA, held.memory_bytes));
    limits.push_back(rlimit("RLIMIT_NPROC", RLIMIT_NPROC, held.processes));
}

bj::object process_of(const BundlePlan& plan, const BundleParts& parts) {
    bj::array argv{init_path};
    for (const std::string& argument : plan.start.argv)
        argv.emplace_back(argument);
    const bj::array none;
    const rlim_t descriptors = descriptors_of_a_process(plan.start.limits.processes);
    // Signals and messages are counted for all sandboxes together (shares.hpp).
    bj::array limits{rlimit("RLIMIT_NOFILE", RLIMIT_NOFILE, descriptors),
                     rlimit("RLIMIT_CORE", RLIMIT_CORE, 0),
                     rlimit("RLIMIT_MEMLOCK", RLIMIT_MEMLOCK, 1 << 20),
                     rlimit("RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE, 0),
                     rlimit("RLIMIT_SIGPENDING", RLIMIT_SIGPENDING, 1024),
                     rlimit("RLIMIT_NICE", RLIMIT_NICE, 0),
                     rlimit("RLIMIT_RTPRIO", RLIMIT_RTPRIO, 0)};
    if (plan.cgroup_mode == CgroupMode::none) add_limits_without_groups(limits, plan.start.limits);
    if (plan.file_bytes_max > 0) {
        limits.push_back(rlimit("RLIMIT_FSIZE", RLIMIT_FSIZE, plan.file_bytes_max));
    }
    return {{"terminal", false},
            {"user", bj::object{{"uid", inner_uid}, {"gid", inner_uid}, {"umask", 022}}},
            {"args", argv},
            {"cwd", plan.start.directory},
            {"env", environment_of(plan, parts)},
            {"capabilities", bj::object{{"bounding", none},
                                        {"effective", none},
                                        {"inheritable", none},
                                        {"permitted", none},
                                        {"ambient", none}}},
            {"noNewPrivileges", true},
            {"oomScoreAdj", 500},
            {"rlimits", limits}};
}

}  // namespace

Limits kernel_limits_without_groups(const Limits& limits) {
    constexpr std::uint64_t more_bytes_min = 2ull << 30;  // can be taken between some looks
    constexpr unsigned more_processes_min = 64;
    Limits more = limits;
    more.memory_bytes += std::max(limits.memory_bytes, more_bytes_min);
    more.processes += std::max(limits.processes / 2, more_processes_min);
    return more;
}

BundleParts::BundleParts(std::string folder, const std::string& ca_file)
    : folder_(std::move(folder)) {
    make_folder(folder_, 0711);
    make_folder(folder_ + "/empty", 0755);
    write_part(folder_ + init_path, init_image(), 0755);
    write_part(folder_ + "/etc/passwd",
               "root:x:0:0:root:/:/bin/sh\nbuild:x:1000:1000:build:/home/build:/bin/sh\n"
               "nobody:x:65534:65534::/:/bin/false\n",
               0644);
    write_part(folder_ + "/etc/group", "root:x:0:\nbuild:x:1000:\nnogroup:x:65534:\n", 0644);
    write_part(folder_ + "/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n",
               0644);
    copy_part("/etc/ld.so.cache", folder_ + "/etc/ld.so.cache");
    copy_part("/etc/ssl/openssl.cnf", folder_ + "/etc/ssl/openssl.cnf");
    if (!ca_file.empty()) copy_part(ca_file, folder_ + certificates);
    has_certificates_ = fs::exists(folder_ + certificates);
}

void make_root(const BundlePlan& plan, const BundleParts& parts) {
    fs::create_directory(plan.folder);
    if (::chmod(plan.folder.c_str(), 0711) != 0) throw_errno("chmod bundle");
    const std::string root = plan.folder + "/rootfs";
    for (const char* folder :
         {"", "/usr", "/etc", "/etc/ssl", "/etc/ssl/certs", "/etc/alternatives", "/proc", "/dev",
          "/home", "/home/build", "/opt", "/run", "/var", "/.berth"}) {
        make_folder(root + folder, 0755);
    }
    // As on every system root's, not nobody's: who keeps programs in ~/.cache looks at what is
    // above it.
    for (const char* folder : {"", "/home"}) {
        const std::string path = root + folder;
        if (::chown(path.c_str(), plan.ids.root, plan.ids.root) != 0) throw_errno("chown " + path);
    }
    // The runtime gives a tmpfs the mode of the folder below it, whatever its options say.
    make_folder(root + "/tmp", 01777);
    fs::create_symlink("/tmp", root + "/var/tmp");
    for (const char* name : merged) {
        const std::string path = std::string("/") + name;
        const fs::file_status status = fs::symlink_status(path);
        if (fs::is_symlink(status)) fs::create_symlink(fs::read_symlink(path), root + path);
        if (fs::is_directory(status)) make_folder(root + path, 0755);
    }
    for (const char* file : linked) {
        [[maybe_unused]] const int ignored =  // some files a host does not have
            ::link((parts.folder() + file).c_str(), (root + file).c_str());
    }
    std::string hosts = "127.0.0.1 localhost\n";
    for (const std::string& line : plan.hosts_lines)
        hosts += line + "\n";
    write_part(root + "/etc/hosts", hosts, 0644);
    write_part(root + "/etc/hostname", "build\n", 0644);
    write_part(root + "/etc/resolv.conf",
               plan.network_path.empty() ? "" : fmt::format("nameserver {}\n", resolver_address),
               0644);
    for (std::size_t i = 0; i < plan.start.mounts.size(); ++i) {
        const std::string& target = plan.start.mounts[i].target;
        make_folder(fmt::format("{}/m{}", plan.folder, i), 0755);
        if (!is_below(target, "/tmp") && !is_below(target, "/home/build")) {
            fs::create_directories(root + target);
        }
    }
    if (!is_below(plan.start.directory, "/tmp"))
        fs::create_directories(root + plan.start.directory);
}

void write_config(const BundlePlan& plan, const BundleParts& parts) {
    const bj::object config{{"ociVersion", "1.0.2"},
                            {"process", process_of(plan, parts)},
                            {"root", bj::object{{"path", "rootfs"}, {"readonly", true}}},
                            {"hostname", "build"},
                            {"mounts", mounts_of(plan, parts)},
                            {"linux", linux_of(plan)}};
    write_part(plan.folder + "/config.json", bj::serialize(config), 0600);
}

}  // namespace berth::engines
