// The floor of `script/bench edge` and `script/bench connections`: one epoll loop that answers
// every request with one prebuilt buffer, whatever it asks. No server that looks at what it was
// asked can cost less in this process model.
//
//   floor PORT FILE [TARGET FILE]
//
// FILE has the whole answer, head and body, as the edge sends it; the second is for requests that
// ask for TARGET.

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
    bool other = false;       // it is the second answer that they want
    bool waits = false;       // for room to send
};

class Floor {
public:
    Floor(std::uint16_t port, std::string answer, std::string target, std::string other)
        : answer_(std::move(answer)),
          begin_of_other_("GET " + target + " "),
          other_(std::move(other)) {
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
        if (!other_.empty()) connection.other = text.starts_with(begin_of_other_);
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
        const std::string& answer = connection.other ? other_ : answer_;
        while (connection.answers > 0) {
            const ssize_t bytes = ::send(socket, answer.data() + connection.sent,
                                         answer.size() - connection.sent, MSG_NOSIGNAL);
            if (bytes < 0) {
                if (errno != EAGAIN) return false;
                if (!connection.waits) watch(EPOLL_CTL_MOD, socket, EPOLLIN | EPOLLOUT);
                connection.waits = true;
                return true;
            }
            connection.sent += static_cast<std::size_t>(bytes);
            if (connection.sent < answer.size()) continue;
            connection.sent = 0;
            --connection.answers;
        }
        if (connection.waits) watch(EPOLL_CTL_MOD, socket, EPOLLIN);
        connection.waits = false;
        return true;
    }

    std::string answer_;
    std::string begin_of_other_;
    std::string other_;
    int listener_ = -1;
    int epoll_ = -1;
    std::unordered_map<int, Connection> connections_{};
};

std::string content_of(const char* path) {
    std::ifstream file(path, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(file), {}};
    if (content.empty()) die(path);
    return content;
}

}  // namespace

int main(int count, char** words) {
    if (count != 3 && count != 5) {
        std::fputs("usage: floor PORT FILE [TARGET FILE]\n", stderr);
        return 2;
    }
    const bool two = count == 5;
    Floor(static_cast<std::uint16_t>(std::atoi(words[1])), content_of(words[2]),
          two ? words[3] : "", two ? content_of(words[4]) : "")
        .run();
}
