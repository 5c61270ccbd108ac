#include "engines/namespaces.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <exception>
#include <thread>

#include "base/log.hpp"

namespace berth::engines {
namespace {

constexpr int lowest_descriptor = 16;

int flag_of(NamespaceKind kind) {
    return kind == NamespaceKind::mount ? CLONE_NEWNS : CLONE_NEWNET;
}

void set_kernel_value(const char* path, std::string_view value) {
    const Fd file(::open(path, O_WRONLY | O_CLOEXEC));
    if (file) write_all(file.get(), value);
}

void raise_loopback() {
    const Fd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    request.ifr_name[0] = 'l';
    request.ifr_name[1] = 'o';
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (!any || ::ioctl(any.get(), SIOCSIFFLAGS, &request) != 0) throw_errno("loopback up");
}

void furnish_network() {
    raise_loopback();
    // In `/proc/sys/net`, which shows the namespace of whoever looks.
    for (const char* part : {"all", "default"}) {
        const std::string folder = "/proc/sys/net/ipv6/conf/" + std::string(part);
        set_kernel_value((folder + "/disable_ipv6").c_str(), "1");
    }
    // Connections to a host's own loopback are translated to slirp's gateway (network.cpp); the
    // kernel drops such packets on a real interface otherwise.
    set_kernel_value("/proc/sys/net/ipv4/conf/all/route_localnet", "1");
}

void run_apart(const std::function<void()>& work) {
    std::exception_ptr broken;
    std::thread apart([&] {
        try {
            work();
        } catch (...) {
            broken = std::current_exception();
        }
    });
    apart.join();
    if (broken) std::rethrow_exception(broken);
}

}  // namespace

Fd current_namespace(NamespaceKind kind) {
    const char* path =
        kind == NamespaceKind::mount ? "/proc/thread-self/ns/mnt" : "/proc/thread-self/ns/net";
    const Fd low(::open(path, O_RDONLY | O_CLOEXEC));
    if (!low) throw_errno(path);
    Fd high(::fcntl(low.get(), F_DUPFD_CLOEXEC, lowest_descriptor));
    if (!high) throw_errno(path);
    return high;
}

Visit::Visit(NamespaceKind kind, const Fd& there) : kind_(kind), home_(current_namespace(kind)) {
    // A thread may change its mount namespace only when it shares its root with no other.
    if (kind == NamespaceKind::mount && ::unshare(CLONE_FS) != 0) throw_errno("unshare");
    if (::setns(there.get(), flag_of(kind)) != 0) throw_errno("setns");
}

Visit::~Visit() {
    if (::setns(home_.get(), flag_of(kind_)) == 0) return;
    log::error("a thread cannot come back from a namespace");
    std::terminate();
}

void run_in_network(const Fd& space, const std::function<void()>& work) {
    run_apart([&] {
        if (::setns(space.get(), CLONE_NEWNET) != 0) throw_errno("setns");
        work();
    });
}

Fd make_network_namespace() {
    Fd made;
    run_apart([&] {
        if (::unshare(CLONE_NEWNET) != 0) throw_errno("unshare the network");
        made = current_namespace(NamespaceKind::network);
        furnish_network();
    });
    return made;
}

Fd leave_mount_namespace() {
    // systemd shares all mounts: what a helper (slirp4netns) unmounts in the host's own namespace
    // would be gone for the host too. Helpers get a private copy from before our volumes.
    if (::unshare(CLONE_NEWNS) != 0) throw_errno("a mount namespace of its own");
    if (::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) throw_errno("private mounts");
    Fd before = current_namespace(NamespaceKind::mount);
    if (::unshare(CLONE_NEWNS) != 0) throw_errno("a mount namespace of its own");
    return before;
}

}  // namespace berth::engines
