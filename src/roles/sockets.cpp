#include "roles/sockets.hpp"

#include <fcntl.h>

namespace berth::roles {

void Sockets::inherit(const std::vector<HandedSocket>& handed) {
    for (const HandedSocket& socket : handed) {
        Fd copy(::fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 3));
        if (!copy) throw_errno("take over " + socket.name);
        const int number = copy.get();
        rest_.push_back({{socket.name, socket.address, number}, std::move(copy)});
    }
}

std::vector<Fd> Sockets::take(const std::string& name, const std::string& address) {
    std::vector<Fd> taken;
    std::erase_if(rest_, [&](Rest& rest) {
        if (rest.of.name != name || rest.of.address != address) return false;
        noted_.push_back(rest.of);
        taken.push_back(std::move(rest.socket));
        return true;
    });
    return taken;
}

void Sockets::note(const std::string& name, const std::string& address, const Fd& socket) {
    noted_.push_back({name, address, socket.get()});
}

}  // namespace berth::roles
