#include "engines/probe.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "base/process.hpp"
#include "engines/cgroups.hpp"
#include "engines/disk.hpp"
#include "engines/network.hpp"
#include "engines/user_namespace.hpp"

namespace berth::engines {
namespace {

namespace fs = std::filesystem;

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

Probed program(const std::string& name, std::vector<std::string> argv, const std::string& package) {
    const Command command{.argv = std::move(argv), .environment = plain_environment()};
    const Result<Ended> ended = run_blocking(command, std::chrono::seconds(5));
    if (!ended) return {name, false, "not found", "apt-get install " + package};
    return {name, true, first_line(ended->output.empty() ? ended->errors : ended->output), ""};
}

std::string kernel_value(const std::string& path) {
    std::ifstream file(path);
    std::string text;
    std::getline(file, text);
    return text;
}

Probed user_namespaces() {
    const std::string most = kernel_value("/proc/sys/user/max_user_namespaces");
    if (most.empty()) {
        return {"user namespaces", false, "the kernel has none",
                "use a kernel with CONFIG_USER_NS"};
    }
    if (most == "0") {
        return {"user namespaces", false, "switched off",
                "sysctl -w user.max_user_namespaces=15000"};
    }
    return {"user namespaces", true, "at most " + most, ""};
}

/// Runs `work` on a thread with a mount namespace of its own and an empty /tmp, which both go with
/// it. "" or why it did not work.
std::string in_private_mounts(const std::function<void()>& work) {
    std::string why;
    std::thread apart([&] {
        try {
            if (::unshare(CLONE_NEWNS) != 0) throw_errno("a mount namespace of its own");
            if (::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
                ::mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID, "size=64m") != 0) {
                throw_errno("private mounts");
            }
            work();
        } catch (const std::exception& refused) {
            why = refused.what();
        }
    });
    apart.join();
    return why;
}

void try_overlay() {
    for (const char* folder : {"/tmp/a", "/tmp/b", "/tmp/both"})
        fs::create_directory(folder);
    std::vector<Fd> layers;
    layers.push_back(open_beneath("/tmp/a", {}));
    layers.push_back(open_beneath("/tmp/b", {}));
    mount_overlay(layers, {}, {}, "/tmp/both");
}

void try_image() {
    fs::create_directory("/tmp/point");
    if (const Result<> made = make_image("/tmp/image", 8 << 20, 64); !made) {
        throw std::runtime_error(made.error().message);
    }
    mount_image("/tmp/image", "/tmp/point", Access::read_write);
}

/// What the kernel says about a file system that we may not mount.
Probed listed(const std::string& name) {
    std::ifstream list("/proc/filesystems");
    for (std::string line; std::getline(list, line);) {
        if (line.ends_with("\t" + name)) return {name, true, "in the kernel", ""};
    }
    utsname kernel{};
    ::uname(&kernel);
    const std::string folder = std::string("/lib/modules/") + kernel.release;
    for (const char* modules : {"/modules.dep", "/modules.builtin"}) {
        const auto text = read_file(folder + modules);
        if (text && lists_module(*text, name))
            return {name, true, "a module, loaded when used", ""};
    }
    return {name, false, "not in the kernel", "modprobe " + name};
}

/// By mounting one: that loads what the kernel keeps as a module, as the first sandbox would.
Probed mountable(const std::string& name, const std::function<void()>& attempt) {
    const std::string why = in_private_mounts(attempt);
    if (why.empty()) return {name, true, "can be mounted", ""};
    return {name, false, why, "modprobe " + name};
}

Probed filter(const Result<>& loaded) {
    const char* name = "nf_tables";
    if (loaded) return {name, true, "takes the filters of sandboxes", ""};
    return {name, false, loaded.error().message,
            "use a kernel with CONFIG_NF_TABLES, NFT_CT, NFT_NAT, NFT_MASQ and NFT_REJECT"};
}

Probed device(const std::string& name, const std::string& path, const std::string& fix) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd >= 0) {
        ::close(fd);
        return {name, true, path, ""};
    }
    const bool there = fs::exists(path);
    return {name, false, path + (there ? " cannot be opened" : " is not there"),
            there ? "run Berth as root, or as root: chmod 0666 " + path + " (udev does)" : fix};
}

Probed cgroups(const std::string& runtime) {
    const Cgroups found("probe");
    const std::string fix = "mount cgroup v2 at /sys/fs/cgroup (systemd does)";
    if (found.mode() == CgroupMode::none && is_crun(runtime)) {
        return {"cgroups", true, "none; crun does without, limits hold for each process alone", ""};
    }
    if (found.mode() == CgroupMode::none) {
        return {"cgroups", false, "none", fix + ", or install crun and use --runtime crun"};
    }
    std::string missing;
    for (const char* controller : {"memory", "pids", "cpu"}) {
        if (!found.has(controller))
            missing += (missing.empty() ? "" : ", ") + std::string(controller);
    }
    const std::string mode = found.mode() == CgroupMode::v2 ? "v2" : "v1";
    if (!missing.empty()) {
        return {"cgroups", false, mode + ", without " + missing,
                "boot with cgroup_enable=memory, or enable the controllers"};
    }
    return {"cgroups", true, mode + (found.limits_swap() ? "" : ", swap is not limited"), ""};
}

Probed certificates(const std::string& ca_file) {
    std::error_code error;
    const auto bytes = fs::file_size(ca_file, error);
    if (!error && bytes > 0) return {"certificates", true, ca_file, ""};
    return {"certificates", false, ca_file + " is not there", "apt-get install ca-certificates"};
}

/// "what is wrong: what helps"
Probed missing(const std::string& name, const std::string& message) {
    const std::size_t colon = message.find(": ");
    if (colon == message.npos) return {name, false, message, "start Berth as root"};
    return {name, false, message.substr(0, colon), message.substr(colon + 2)};
}

/// In the user namespace that sandboxes would be made in.
void mount_in_namespace() {
    if (const std::string why = in_private_mounts(try_overlay); !why.empty())
        throw std::runtime_error(why);
}

void filter_in_namespace() {
    if (const Result<> loaded = try_filters(); !loaded)
        throw std::runtime_error(loaded.error().message);
}

/// The kernel refuses a new /proc where parts of the old one are covered, as in most containers.
void mount_proc_in_namespace() {
    if (::unshare(CLONE_NEWNS | CLONE_NEWPID) != 0) throw_errno("a pid namespace of its own");
    const pid_t first = ::fork();
    if (first < 0) throw_errno("fork");
    if (first == 0) {
        const bool shown = ::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                           ::mount("proc", "/proc", "proc", 0, nullptr) == 0;
        ::_exit(shown ? 0 : errno);
    }
    int status = 0;
    while (::waitpid(first, &status, 0) < 0 && errno == EINTR) {
    }
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
    if (errno != 0) throw_errno("a /proc of its own");
}

std::vector<Probed> try_as_user(const Result<OwnIds>& own) {
    const Result<> entered = own ? try_in_user_namespace(*own, [] {}) : own.error();
    if (!entered) return {missing("rights", entered.error().message)};
    std::vector<Probed> found{
        {"rights", true,
         fmt::format("not root: of a user namespace with {} ids of /etc/subuid",
                     std::min(count_of(own->uids), count_of(own->gids))),
         ""}};
    const Result<> mounted = try_in_user_namespace(*own, mount_in_namespace);
    if (mounted) {
        found.push_back({"overlay", true, "can be mounted in a user namespace", ""});
    } else {
        found.push_back({"overlay", false, mounted.error().message,
                         "use Linux 5.11 or newer, and modprobe overlay as root"});
    }
    const Result<> shown = try_in_user_namespace(*own, mount_proc_in_namespace);
    if (shown) {
        found.push_back({"proc", true, "can be mounted in a user namespace", ""});
    } else {
        found.push_back({"proc", false, shown.error().message,
                         "in a container: let it see all of /proc (Docker: --security-opt "
                         "systempaths=unconfined)"});
    }
    found.push_back(filter(try_in_user_namespace(*own, filter_in_namespace)));
    return found;
}

/// Never missing: without, Berth counts itself.
Probed users_cgroups(const Result<std::string>& groups) {
    if (groups) return {"cgroups", true, "v2, delegated: " + *groups, ""};
    return {"cgroups", true,
            "none: Berth counts memory and processes itself, processor time is not limited (" +
                groups.error().message + ")",
            ""};
}

}  // namespace

bool lists_module(std::string_view list, std::string_view name) {
    const std::string file = fmt::format("/{}.ko", name);
    while (!list.empty()) {
        std::string_view path = list.substr(0, list.find('\n'));
        list.remove_prefix(std::min(path.size() + 1, list.size()));
        path = path.substr(0, path.find(':'));
        const std::size_t at = path.rfind('/');
        const std::string_view last = at == path.npos ? std::string_view() : path.substr(at);
        if (last == file || last.starts_with(file + ".")) return true;  // .ko, .ko.xz
    }
    return false;
}

bool is_crun(const std::string& runtime) {
    return fs::path(runtime).filename() == "crun";
}

Result<> check_runtime(const std::string& runtime) {
    const Command command{.argv = {runtime, "run", "--help"}, .environment = plain_environment()};
    const Result<Ended> ended = run_blocking(command, std::chrono::seconds(5));
    if (!ended) {
        return fail_as(Failure::not_found, "runtime_missing", "",
                       "--runtime {}: there is no such program; install it (crun and runc are "
                       "packages of Debian's), give its path, or leave the option out: runc",
                       runtime);
    }
    if ((ended->output + ended->errors).contains("preserve-fds")) return {};
    return fail_as(Failure::invalid, "runtime_unfit", "",
                   "--runtime {}: it cannot hand descriptors into a sandbox (`run "
                   "--preserve-fds`), without which Berth can neither hold back nor end what runs "
                   "there; use runc or crun",
                   runtime);
}

std::vector<Probed> probe_sandbox(const std::string& ca_file, const std::string& runtime) {
    const Probed loop =
        device("loop devices", "/dev/loop-control",
               "modprobe loop (without: volumes are directories, disk limits are not enforced)");
    return {{"rights", true, "root", ""},
            program(runtime, {runtime, "--version"}, runtime),
            user_namespaces(),
            cgroups(runtime),
            mountable("overlay", try_overlay),
            loop,
            loop.ok ? mountable("ext4", try_image) : listed("ext4"),
            program("mkfs.ext4", {"mkfs.ext4", "-V"}, "e2fsprogs"),
            device("tun", "/dev/net/tun", "modprobe tun"),
            program("slirp4netns", {"slirp4netns", "--version"}, "slirp4netns"),
            program("nft", {"nft", "--version"}, "nftables"),
            filter(try_filters()),
            certificates(ca_file)};
}

std::vector<Probed> probe_users_sandbox(const std::string& ca_file, const std::string& runtime,
                                        const Result<std::string>& groups) {
    std::vector<Probed> found = try_as_user(read_own_ids());
    const auto add = [&](Probed probed) { found.push_back(std::move(probed)); };
    Probed mapper = program("newuidmap", {"newuidmap"}, "uidmap");
    if (mapper.ok) mapper.detail = "and newgidmap, which give sandboxes their users";
    add(std::move(mapper));
    add(program(runtime, {runtime, "--version"}, runtime));
    add(user_namespaces());
    add(users_cgroups(groups));
    add({"disk limits", true,
         "no loop devices for users: Berth measures what a build writes, and ends it", ""});
    add(device("tun", "/dev/net/tun", "modprobe tun"));
    add(program("slirp4netns", {"slirp4netns", "--version"}, "slirp4netns"));
    add(program("nft", {"nft", "--version"}, "nftables"));
    add(certificates(ca_file));
    return found;
}

bool can_mount_images(const std::string& folder, const std::string& mounts) {
    const std::string name = "probe-" + random_word(8);
    const std::string image = folder + "/" + name;
    const std::string point = mounts + "/" + name;
    bool works = false;
    try {
        fs::create_directory(point);
        works = make_image(image, 8 << 20, 64).has_value();
        if (works) mount_image(image, point, Access::read_write);
    } catch (const std::exception& refused) {
        works = false;
        log::warning("no disk images; the limits of volumes are not enforced",
                     {{"why", refused.what()}});
    }
    std::error_code ignored;
    if (works) unmount(point);
    fs::remove(point, ignored);
    fs::remove(image, ignored);
    return works;
}

}  // namespace berth::engines
