#include "cli/fake_server_test.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <stdexcept>

#include "cli/fake_answers_test.hpp"

namespace berth::cli::test {

namespace {

namespace asio = boost::asio;

std::map<std::string, std::string> headers_of(std::string_view head) {
    std::map<std::string, std::string> headers;
    for (std::size_t at = head.find("\r\n"); at + 2 < head.size();) {
        const std::size_t end = std::min(head.find("\r\n", at + 2), head.size());
        const std::string_view line = head.substr(at + 2, end - at - 2);
        const std::size_t colon = line.find(": ");
        if (colon != std::string_view::npos) {
            std::string name(line.substr(0, colon));
            std::transform(name.begin(), name.end(), name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
            headers[name] = line.substr(colon + 2);
        }
        at = end;
    }
    return headers;
}

Asked read_request(asio::ip::tcp::socket& socket) {
    asio::streambuf buffer;
    const std::size_t head_bytes = asio::read_until(socket, buffer, "\r\n\r\n");
    const std::string head(asio::buffers_begin(buffer.data()),
                           asio::buffers_begin(buffer.data()) + static_cast<long>(head_bytes));
    buffer.consume(head_bytes);
    Asked asked{.headers = headers_of(head)};
    if (const auto length = asked.headers.find("content-length"); length != asked.headers.end()) {
        const std::size_t bytes = std::stoul(length->second);
        if (buffer.size() < bytes) {
            asio::read(socket, buffer, asio::transfer_exactly(bytes - buffer.size()));
        }
        asked.body.assign(asio::buffers_begin(buffer.data()), asio::buffers_end(buffer.data()));
    }
    asked.verb = head.substr(0, head.find(' '));
    std::string target = head.substr(asked.verb.size() + 1);
    target.resize(target.find(' '));
    const std::size_t mark = std::min(target.find('?'), target.size());
    asked.query = target.substr(std::min(mark + 1, target.size()));
    asked.path = target.substr(0, mark);
    if (asked.path.starts_with("/api/v1")) asked.path.erase(0, 7);
    return asked;
}

}  // namespace

FakeServer::FakeServer()
    : acceptor_(context_, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      acceptor_thread_([this] { accept(); }) {}

FakeServer::~FakeServer() {
    stopping_ = true;
    // A last connection wakes the acceptor's thread.
    boost::system::error_code ignored;
    asio::ip::tcp::socket waker(context_);
    waker.connect(acceptor_.local_endpoint(), ignored);
    acceptor_thread_.join();
    connections_.clear();
}

std::string FakeServer::port() const {
    return std::to_string(acceptor_.local_endpoint().port());
}

std::string FakeServer::url() const {
    return "http://127.0.0.1:" + port();
}

std::vector<Asked> FakeServer::asked() const {
    const std::scoped_lock lock(mutex_);
    return asked_;
}

std::size_t FakeServer::count(const std::string& verb, const std::string& path) const {
    const std::vector<Asked> all = asked();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const Asked& one) {
        return one.verb == verb && one.path == path;
    }));
}

Asked FakeServer::last(const std::string& verb, const std::string& path) const {
    const std::vector<Asked> all = asked();
    for (auto one = all.rbegin(); one != all.rend(); ++one) {
        if (one->verb == verb && one->path == path) return *one;
    }
    throw std::runtime_error("nobody asked " + verb + " " + path);
}

void FakeServer::accept() {
    while (!stopping_) {
        boost::system::error_code failed;
        asio::ip::tcp::socket socket(context_);
        acceptor_.accept(socket, failed);
        if (failed || stopping_) return;
        connections_.emplace_back(
            [this, mine = std::move(socket)]() mutable { serve(std::move(mine)); });
    }
}

void FakeServer::serve(asio::ip::tcp::socket socket) {
    try {
        const Asked asked = read_request(socket);
        const Said said = answer(asked);
        while (said.held && !stopping_)
            ::usleep(5'000);
        if (said.held) return;
        std::string text =
            fmt::format("HTTP/1.1 {} Said\r\nConnection: close\r\n{}", said.status, said.headers);
        if (said.status != 204) {
            text += fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n", said.type,
                                said.body.size() + (said.broken ? 1000 : 0));
        }
        asio::write(socket, asio::buffer(text + "\r\n" + said.body));
    } catch (const std::exception&) {
        // The command went away: what it did is in its own output.
    }
}

Said FakeServer::answer(const Asked& asked) {
    std::size_t times = 0;
    {
        const std::scoped_lock lock(mutex_);
        asked_.push_back(asked);
        for (const Asked& one : asked_)
            times += one.verb == asked.verb && one.path == asked.path ? 1 : 0;
    }
    return fake_answer(asked, url(), times);
}

}  // namespace berth::cli::test
