// Sockets of other kinds than those of the internet and those of the host, and the network's setup.
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "escape/probe.hpp"

namespace berth::escape {
namespace {

struct Family {
    const char* name;
    int number;
    int type;
    int protocol = 0;
};

constexpr Family families[] = {
    {"packets", 17, SOCK_RAW},
    {"packets, old way", 2, 10 /* SOCK_PACKET */},
    {"virtual machines (vsock)", 40, SOCK_STREAM},
    {"the kernel's ciphers", 38, SOCK_SEQPACKET},
    {"keys", 15, SOCK_RAW, 2},
    {"Bluetooth", 31, SOCK_RAW, 1},
    {"CAN", 29, SOCK_RAW, 1},
    {"TIPC", 30, SOCK_RDM},
    {"RDS", 21, SOCK_SEQPACKET},
    {"X.25", 9, SOCK_SEQPACKET},
    {"AX.25", 3, SOCK_SEQPACKET},
    {"IPX", 4, SOCK_DGRAM},
    {"AppleTalk", 5, SOCK_DGRAM},
    {"LLC", 26, SOCK_STREAM},
    {"XDP", 44, SOCK_RAW},
    {"SMC", 43, SOCK_STREAM},
    {"KCM", 41, SOCK_DGRAM},
    {"Qualcomm's router", 42, SOCK_DGRAM},
    {"NFC", 39, SOCK_SEQPACKET},
    {"InfiniBand", 27, SOCK_RAW},
    {"MCTP", 45, SOCK_DGRAM},
    {"Phonet", 35, SOCK_DGRAM},
    {"CAIF", 37, SOCK_STREAM},
    {"802.15.4", 36, SOCK_DGRAM},
    {"ISDN", 34, SOCK_RAW},
    {"IUCV", 32, SOCK_STREAM},
    {"RxRPC", 33, SOCK_DGRAM, 2},
    {"PPP", 24, SOCK_STREAM},
    {"ATM", 8, SOCK_DGRAM},
    {"raw IP", AF_INET, SOCK_RAW, IPPROTO_RAW},
    {"raw ICMP", AF_INET, SOCK_RAW, IPPROTO_ICMP},
    {"raw IPv6", AF_INET6, SOCK_RAW, IPPROTO_RAW},
    {"SCTP", AF_INET, SOCK_STREAM, 132},
    {"SCTP, one to many", AF_INET, SOCK_SEQPACKET, 132},
    {"DCCP", AF_INET, 6, 33},
    {"UDP-Lite", AF_INET, SOCK_DGRAM, 136},
    {"L2TP", AF_INET, SOCK_DGRAM, 115},
    {"MPTCP", AF_INET, SOCK_STREAM, 262},
    {"SMC by protocol", AF_INET, SOCK_STREAM, 256},
    {"SCTP over IPv6", AF_INET6, SOCK_STREAM, 132},
    {"L2TP over IPv6", AF_INET6, SOCK_DGRAM, 115},
};

struct Netlink {
    const char* name;
    int protocol;
};

constexpr Netlink netlinks[] = {{"sockets of all (sock_diag)", 4},
                                {"IPsec", 6},
                                {"SELinux", 7},
                                {"iSCSI", 8},
                                {"audit", 9},
                                {"process events", 11},
                                {"netfilter", 12},
                                {"devices", 15},
                                {"generic", 16},
                                {"SCSI", 18},
                                {"RDMA", 20},
                                {"ciphers", 21}};

/// A family that the kernel has not, or whose module is not there, is reached all the same.
bool made(long family, long type, long protocol) {
    return reached(::syscall(SYS_socket, family, type, protocol));
}

bool connected(const std::string& name, bool abstract) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path + (abstract ? 1 : 0), sizeof address.sun_path - 2);
    const std::size_t size = offsetof(sockaddr_un, sun_path) + name.size() + 1;
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&address),
                     static_cast<socklen_t>(size)) == 0;
}

bool configured(unsigned long request) {
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq wanted{};
    std::strcpy(wanted.ifr_name, "lo");
    if (request == SIOCSIFFLAGS) wanted.ifr_flags = IFF_UP;
    if (request == SIOCSIFMTU) wanted.ifr_mtu = 9000;
    if (request == SIOCSIFADDR) {
        sockaddr_in own{};
        own.sin_family = AF_INET;
        own.sin_addr.s_addr = htonl(0x0a010203);
        std::memcpy(&wanted.ifr_addr, &own, sizeof own);
    }
    return ::ioctl(fd, request, &wanted) == 0;
}

/// Asks rtnetlink for a dummy interface; true when the answer is not "not allowed".
bool made_interface() {
    const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    struct {
        nlmsghdr head;
        ifinfomsg info;
    } request{};
    request.head = {sizeof request, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE, 1, 0};
    char answer[1024] = {};
    if (::send(fd, &request, sizeof request, 0) < 0) return false;
    if (::recv(fd, answer, sizeof answer, 0) <= 0) return false;
    const auto* error = reinterpret_cast<const nlmsgerr*>(answer + sizeof(nlmsghdr));
    return error->error != -EPERM && error->error != -EACCES;
}

}  // namespace

void add_sockets(Probes& probes, const Bait& bait) {
    for (const Family& family : families) {
        probes.push_back({std::string("socket: ") + family.name, "the kernel looked for the family",
                          [family] { return made(family.number, family.type, family.protocol); }});
    }
    for (const Netlink& netlink : netlinks) {
        probes.push_back({std::string("netlink: ") + netlink.name, "a socket",
                          [netlink] { return made(AF_NETLINK, SOCK_RAW, netlink.protocol); }});
    }
    probes.push_back({"socket: vsock with bits above the family", "a socket",
                      [] { return made((1L << 32) | 40, SOCK_STREAM, 0); }});
    probes.push_back({"netlink: netfilter with bits above the protocol", "a socket",
                      [] { return made(AF_NETLINK, SOCK_RAW, (1L << 32) | 12); }});
    probes.push_back({"socketpair: vsock", "the kernel looked for the family", [] {
                          int ends[2];
                          return reached(::syscall(SYS_socketpair, 40, SOCK_STREAM, 0, ends));
                      }});
    probes.push_back({"an interface of its own", "rtnetlink took it", made_interface});
    probes.push_back(
        {"address of an interface", "it was set", [] { return configured(SIOCSIFADDR); }});
    probes.push_back(
        {"state of an interface", "it was set", [] { return configured(SIOCSIFFLAGS); }});
    probes.push_back({"size of packets", "it was set", [] { return configured(SIOCSIFMTU); }});
    probes.push_back({"a route", "it was taken", [] {
                          const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
                          rtentry route{};
                          route.rt_flags = RTF_UP;
                          return reached(::ioctl(fd, SIOCADDRT, &route));
                      }});
    probes.push_back({"the packet filter", "its tables were shown", [] {
                          const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                          char info[84] = "filter";
                          socklen_t size = sizeof info;
                          return reached(::getsockopt(fd, IPPROTO_IP, 64, info, &size));
                      }});
    probes.push_back({"transparent sockets", "the option was taken", [] {
                          const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                          const int on = 1;
                          return ::setsockopt(fd, IPPROTO_IP, 19, &on, sizeof on) == 0;
                      }});
    probes.push_back({"a mark on packets", "the option was taken", [] {
                          const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                          const int mark = 1;
                          return ::setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0;
                      }});
    if (const auto name = bait.find("abstract"); name != bait.end()) {
        // Abstract names belong to a network namespace, which outside is left too.
        probes.push_back({"abstract socket of the host (CVE-2024-27297)", "it connected",
                          [word = name->second] { return connected(word, true); }, Outside::never});
    }
    std::vector<std::string> engines = {
        "/var/run/docker.sock",        "/run/docker.sock",        "/run/containerd/containerd.sock",
        "/run/podman/podman.sock",     "/run/crio/crio.sock",     "/run/systemd/private",
        "/run/dbus/system_bus_socket", "/run/berth/launcher.sock"};
    if (const auto path = bait.find("socket"); path != bait.end()) engines.push_back(path->second);
    for (const std::string& path : engines) {
        probes.push_back(
            {"connect to " + path, "it connected", [path] { return connected(path, false); }});
    }
}

}  // namespace berth::escape
