#pragma once
/// For tests only: the S3 server that the test runner started (tests/services), and a proxy before
/// it that does to requests and answers what networks and overloaded servers do.

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "base/crypto.hpp"
#include "http/acceptor.hpp"
#include "http/testing.hpp"
#include "objects/s3_client.hpp"

namespace berth::objects::testing_support {

/// The server's configuration with a bucket of this process and a prefix of its own, or nothing
/// when BERTH_TEST_S3_ENDPOINT, …_ACCESS_KEY and …_SECRET_KEY are not set.
inline std::optional<S3Config> s3_config() {
    const char* endpoint = std::getenv("BERTH_TEST_S3_ENDPOINT");
    const char* access_key = std::getenv("BERTH_TEST_S3_ACCESS_KEY");
    const char* secret_key = std::getenv("BERTH_TEST_S3_SECRET_KEY");
    if (endpoint == nullptr || access_key == nullptr || secret_key == nullptr) return std::nullopt;
    static const std::string bucket = "berth-" + random_word(10);
    static bool made = false;
    S3Config config{.bucket = bucket, .prefix = random_word(10) + "/", .endpoint = endpoint};
    config.access_key = access_key;
    config.secret_key = secret_key;
    if (!made) {
        S3Client client(config);
        wait(client.send({.verb = "PUT"})).value();
        made = true;
    }
    return config;
}

enum class Fault {
    none,
    refuse,         // closed without an answer; the server sees nothing
    slow_down,      // 503 SlowDown; the server sees nothing
    error_in_200,   // 200 with InternalError in it; the server sees nothing
    page_404,       // somebody's HTML; the server sees nothing
    lose_answer,    // the server does it, and the answer is lost
    cut_answer,     // half of the answer, then the end
    change_answer,  // one byte of the body is another
    stall,          // half of the answer, then nothing until the client goes
};

/// One request per connection. `choose` gets the request's head and is called by several threads,
/// one at a time.
class FaultyProxy {
public:
    using Choose = std::function<Fault(const std::string& head)>;

    FaultyProxy(const std::string& endpoint, Choose choose)
        : upstream_(
              static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)))),
          choose_(std::move(choose)),
          listening_(http::listen_tcp("127.0.0.1", 0)),
          thread_([this] { accept_all(); }) {}
    ~FaultyProxy() {
        ending_ = true;
        thread_.join();
        for (std::thread& each : connections_)
            each.join();
    }

    std::string endpoint() const {
        return fmt::format("http://127.0.0.1:{}", http::port_of(listening_));
    }
    int requests() const { return requests_; }

private:
    void accept_all() {
        while (!ending_) {
            pollfd ready{listening_.get(), POLLIN, 0};
            if (::poll(&ready, 1, 20) <= 0) continue;
            Fd socket(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!socket) continue;
            connections_.emplace_back(
                [this, fd = std::make_shared<Fd>(std::move(socket))] { serve(*fd); });
        }
    }

    void serve(const Fd& client) {
        std::string request = http::testing_support::receive_until(client, "\r\n\r\n");
        const std::size_t end = request.find("\r\n\r\n");
        if (end == request.npos) return;
        const std::string head = request.substr(0, end + 2);
        receive_to(client, request, end + 4 + content_length(head));
        ++requests_;
        answer(client, chosen(head), end, std::move(request));
    }

    Fault chosen(const std::string& head) {
        const std::lock_guard lock(mutex_);
        return choose_(head);
    }

    void answer(const Fd& client, Fault fault, std::size_t end, std::string request) {
        constexpr const char* error = "<Error><Code>{}</Code><Message>try again</Message></Error>";
        switch (fault) {
            case Fault::refuse:
                return;
            case Fault::slow_down:
                return say(client, "503 Slow Down", fmt::format(fmt::runtime(error), "SlowDown"));
            case Fault::error_in_200:
                return say(client, "200 OK", fmt::format(fmt::runtime(error), "InternalError"));
            case Fault::page_404:
                return say(client, "404 Not Found", "<html><body>nothing here</body></html>");
            default:
                break;
        }
        request.insert(end + 2, "Connection: close\r\n");
        const Fd server = http::testing_support::connect_to(upstream_);
        http::testing_support::send_text(server, request);
        std::string text = http::testing_support::receive_all(server);
        const std::size_t body = std::min(text.find("\r\n\r\n") + 4, text.size());
        const std::size_t begin = body < text.size() ? body : 0;
        const std::size_t middle = begin + (text.size() - begin) / 2;
        if (fault == Fault::lose_answer) return;
        if (fault == Fault::change_answer && begin > 0) text[middle] ^= 1;
        const bool half = fault == Fault::cut_answer || fault == Fault::stall;
        http::testing_support::send_text(
            client, std::string_view(text).substr(0, half ? middle : text.npos));
        if (fault == Fault::stall) http::testing_support::receive_all(client);
    }

    static void say(const Fd& client, std::string_view status, const std::string& body) {
        http::testing_support::send_text(
            client, fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
                                status, body.size(), body));
    }

    static void receive_to(const Fd& client, std::string& text, std::size_t size) {
        std::string piece(64 << 10, '\0');
        while (text.size() < size) {
            const ssize_t count = ::recv(client.get(), piece.data(), piece.size(), 0);
            if (count <= 0) return;
            text.append(piece.data(), static_cast<std::size_t>(count));
        }
    }

    static std::size_t content_length(const std::string& head) {
        constexpr std::string_view name = "\r\ncontent-length: ";
        std::string lower = head;
        std::ranges::transform(lower, lower.begin(),
                               [](unsigned char c) { return std::tolower(c); });
        const std::size_t place = lower.find(name);
        return place == lower.npos ? 0 : std::stoul(lower.substr(place + name.size()));
    }

    std::uint16_t upstream_;
    Choose choose_;
    std::mutex mutex_{};
    std::atomic<bool> ending_ = false;
    std::atomic<int> requests_ = 0;
    Fd listening_;
    std::vector<std::thread> connections_{};
    std::thread thread_;
};

}  // namespace berth::objects::testing_support
