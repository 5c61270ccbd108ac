#include "roles/listen.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace berth::roles {
namespace {

constexpr int backlog = 4096;

struct Resolved {
    sockaddr_storage address{};
    socklen_t length = 0;
    int family = 0;
};

Error bad_address(const std::string& text, const std::string& option) {
    return fail_as(Failure::invalid, "bad_address", "/" + option,
                   "--{}: '{}' is not an address like 127.0.0.1:8080, [::1]:8080 or :8080", option,
                   text);
}

Result<Resolved> resolve(const Address& address) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const std::string port = std::to_string(address.port);
    const char* host = address.host.empty() ? nullptr : address.host.c_str();
    if (::getaddrinfo(host, port.c_str(), &wanted, &found) != 0)
        return bad_address(address.host, address.option);
    Resolved resolved;
    std::memcpy(&resolved.address, found->ai_addr, found->ai_addrlen);
    resolved.length = found->ai_addrlen;
    resolved.family = found->ai_family;
    ::freeaddrinfo(found);
    return resolved;
}

/// -1 with errno.
Fd bind_one(const Resolved& resolved, bool shared) {
    Fd socket(::socket(resolved.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return socket;
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (shared) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    const auto* address = reinterpret_cast<const sockaddr*>(&resolved.address);
    if (::bind(socket.get(), address, resolved.length) != 0) socket.reset(-1);
    return socket;
}

Error refused(const Address& address) {
    if (errno == EADDRINUSE) {
        return fail_as(Failure::conflict, "port_in_use", "/" + address.option,
                       "port {} is taken by another program: stop it, or choose another one with "
                       "--{} {}:PORT",
                       address.port, address.option, address.host);
    }
    return fail_as(Failure::invalid, "bad_address", "/" + address.option,
                   "cannot listen on {}:{}: {}", address.host, address.port, std::strerror(errno));
}

}  // namespace

Result<Address> parse_address(const std::string& text, const std::string& option) {
    const std::size_t colon = text.rfind(':');
    if (colon == text.npos) return bad_address(text, option);
    Address address;
    address.option = option;
    address.host = text.substr(0, colon);
    const bool bracketed = address.host.starts_with('[') && address.host.ends_with(']');
    if (bracketed) address.host = address.host.substr(1, address.host.size() - 2);
    if (!bracketed && address.host.find(':') != text.npos) return bad_address(text, option);
    const std::string port = text.substr(colon + 1);
    if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != port.npos) {
        return bad_address(text, option);
    }
    const unsigned long number = std::stoul(port);
    if (number == 0 || number > 65535) return bad_address(text, option);
    address.port = static_cast<std::uint16_t>(number);
    return address;
}

Result<std::vector<Fd>> listen_tcp(const Address& address, std::size_t loops, Takeover takeover) {
    const Result<Resolved> resolved = resolve(address);
    if (!resolved) return resolved.error();
    // Sharing a port is silent: look first whether it is somebody else's.
    if (takeover == Takeover::refuse) {
        const Fd alone = bind_one(*resolved, false);
        if (!alone) return refused(address);
    }
    std::vector<Fd> sockets;
    for (std::size_t i = 0; i < loops; ++i) {
        Fd socket = bind_one(*resolved, true);
        if (!socket || ::listen(socket.get(), backlog) != 0) return refused(address);
        sockets.push_back(std::move(socket));
    }
    return sockets;
}

Result<std::vector<Fd>> listen_tcp(Sockets& sockets, const Address& address, std::size_t loops,
                                   Takeover takeover) {
    const std::string text = fmt::format("{}:{}", address.host, address.port);
    std::vector<Fd> handed = sockets.take(address.option, text);
    if (!handed.empty()) return handed;
    Result<std::vector<Fd>> made = listen_tcp(address, loops, takeover);
    if (!made) return made.error();
    for (const Fd& socket : *made)
        sockets.note(address.option, text, socket);
    return made;
}

Fd listen_unix(Sockets& sockets, const std::string& directory, const std::string& name,
               unsigned gid) {
    std::vector<Fd> handed = sockets.take(name, directory);
    if (!handed.empty()) return std::move(handed.front());
    Fd made = listen_unix(directory, name, gid);
    sockets.note(name, directory, made);
    return made;
}

Fd listen_unix(const std::string& directory, const std::string& name, unsigned gid) {
    // By way of the directory's descriptor: its own path may be longer than a socket's may.
    const Fd folder(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!folder) throw_errno("open " + directory);
    const std::string path = "/proc/self/fd/" + std::to_string(folder.get()) + "/" + name;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    ::unlinkat(folder.get(), name.c_str(), 0);
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) throw_errno("socket");
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw_errno("bind " + directory + "/" + name);
    }
    if (::fchmodat(folder.get(), name.c_str(), 0660, 0) != 0) throw_errno("chmod " + name);
    if (::geteuid() == 0 && ::fchownat(folder.get(), name.c_str(), 0, gid, 0) != 0) {
        throw_errno("chown " + name);
    }
    if (::listen(socket.get(), backlog) != 0) throw_errno("listen " + name);
    return socket;
}

}  // namespace berth::roles
