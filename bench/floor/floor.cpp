// The floor of `script/bench edge`: one epoll loop that answers every request with one prebuilt
// buffer, whatever it asks. No server that looks at what it was asked can cost less in this process
// model.
//
//   floor PORT FILE    FILE has the whole answer, head and body, as the edge sends it.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

constexpr std::string_view head_end = "\r\n\r\n";

[[noreturn]] void die(const char* what) {
    std::perror(what);
    std::exit(1);
}

struct Connection {
    std::string pending{};    // of a request that has not ended
    std::size_t answers = 0;  // still to be sent
    std::size_t sent = 0;     // of the first of them
    bool waits = false;       // for room to send
};

class Floor {
public:
    Floor(std::uint16_t port, std::string answer) : answer_(std::move(answer)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        const int on = 1;
        ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
            die("bind");
        if (::listen(listener_, 4096) != 0) die("listen");
        epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
        watch(EPOLL_CTL_ADD, listener_, EPOLLIN);
    }

    void run() {
        epoll_event events[256];
        while (true) {  // until killed
            const int count = ::epoll_wait(epoll_, events, std::size(events), -1);
            for (int i = 0; i < count; ++i) {
                const int socket = events[i].data.fd;
                if (socket == listener_) {
                    accept_all();
                } else if (!(events[i].events & EPOLLOUT ? send(socket) : receive(socket))) {
                    ::close(socket);
                    connections_.erase(socket);
                }
            }
        }
    }

private:
    void watch(int how, int socket, unsigned events) {
        epoll_event event{};
        event.events = events;
        event.data.fd = socket;
        if (::epoll_ctl(epoll_, how, socket, &event) != 0) die("epoll_ctl");
    }

    void accept_all() {
        while (true) {  // ends when nobody waits
            const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (socket < 0) return;
            const int on = 1;
            ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            connections_[socket] = {};
            watch(EPOLL_CTL_ADD, socket, EPOLLIN);
        }
    }

    /// False: the connection ended.
    bool receive(int socket) {
        char buffer[16384];
        const ssize_t bytes = ::recv(socket, buffer, sizeof buffer, 0);
        if (bytes <= 0) return bytes < 0 && errno == EAGAIN;
        Connection& connection = connections_[socket];
        std::string_view text(buffer, static_cast<std::size_t>(bytes));
        if (!connection.pending.empty()) {
            connection.pending += text;
            text = connection.pending;
        }
        std::size_t end = 0;
        for (std::size_t at; (at = text.find(head_end, end)) != text.npos;
             end = at + head_end.size())
            ++connection.answers;
        connection.pending = std::string(text.substr(end));
        return send(socket);
    }

    /// Sends what is owed. False: the connection ended.
    bool send(int socket) {
        Connection& connection = connections_[socket];
        while (connection.answers > 0) {
            const ssize_t bytes = ::send(socket, answer_.data() + connection.sent,
                                         answer_.size() - connection.sent, MSG_NOSIGNAL);
            if (bytes < 0) {
                if (errno != EAGAIN) return false;
                if (!connection.waits) watch(EPOLL_CTL_MOD, socket, EPOLLIN | EPOLLOUT);
                connection.waits = true;
                return true;
            }
            connection.sent += static_cast<std::size_t>(bytes);
            if (connection.sent < answer_.size()) continue;
            connection.sent = 0;
            --connection.answers;
        }
        if (connection.waits) watch(EPOLL_CTL_MOD, socket, EPOLLIN);
        connection.waits = false;
        return true;
    }

    std::string answer_;
    int listener_ = -1;
    int epoll_ = -1;
    std::unordered_map<int, Connection> connections_{};
};

}  // namespace

int main(int count, char** words) {
    if (count != 3) {
        std::fputs("usage: floor PORT FILE\n", stderr);
        return 2;
    }
    std::ifstream file(words[2], std::ios::binary);
    std::string answer{std::istreambuf_iterator<char>(file), {}};
    if (answer.empty()) die(words[2]);
    Floor(static_cast<std::uint16_t>(std::atoi(words[1])), std::move(answer)).run();
}
