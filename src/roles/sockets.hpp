#pragma once
/// The listening sockets of a supervisor, by name and address. What the program before it handed
/// over is used again: nobody who waits there is lost.

#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/json.hpp"

namespace berth::roles {

/// One that is open in this process.
struct HandedSocket {
    std::string name{};     // "listen", "listen-tls", "admin-listen", "api.sock"…
    std::string address{};  // as bound; another address is another socket
    int descriptor = -1;
};
BOOST_DESCRIBE_STRUCT(HandedSocket, (), (name, address, descriptor))

class Sockets {
public:
    Sockets() = default;

    /// Takes copies of those that the program before had. Throws: no descriptor is left.
    void inherit(const std::vector<HandedSocket>& handed);

    /// Those of that name and address that were handed over and not taken so far; they are noted.
    std::vector<Fd> take(const std::string& name, const std::string& address);

    /// One that was opened here. Who holds it keeps it open.
    void note(const std::string& name, const std::string& address, const Fd& socket);

    /// All that are in use, for the next program.
    const std::vector<HandedSocket>& noted() const { return noted_; }

    /// Closes what was handed over and nobody wants any more.
    void close_rest() { rest_.clear(); }

private:
    struct Rest {
        HandedSocket of{};
        Fd socket{};
    };
    std::vector<Rest> rest_{};
    std::vector<HandedSocket> noted_{};
};

}  // namespace berth::roles
