#pragma once
/// A Berth that says what the tests of the commands need to hear: fixed projects and deployments,
/// over real HTTP on loopback. One thread per connection; every answer closes it.

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace berth::cli::test {

struct Asked {
    std::string verb{};
    std::string path{};  // without /api/v1 and the query
    std::string query{};
    std::map<std::string, std::string> headers{};
    std::string body{};
};

struct Said {
    unsigned status = 200;
    std::string body{};
    std::string type = "application/json";
    std::string headers{};  // more lines, each with its CRLF
    bool broken = false;    // the connection breaks before the body's end
    bool held = false;      // no answer until the server stops
};

class FakeServer {
public:
    FakeServer();
    ~FakeServer();

    std::string url() const;
    std::string port() const;

    /// What was asked so far, and how often a path was.
    std::vector<Asked> asked() const;
    std::size_t count(const std::string& verb, const std::string& path) const;
    /// The last request of that kind. Throws: there was none.
    Asked last(const std::string& verb, const std::string& path) const;

private:
    void accept();
    void serve(boost::asio::ip::tcp::socket socket);
    Said answer(const Asked& asked);

    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor acceptor_;
    mutable std::mutex mutex_;
    std::vector<Asked> asked_;
    std::vector<std::jthread> connections_;
    std::atomic<bool> stopping_ = false;
    std::jthread acceptor_thread_;
};

}  // namespace berth::cli::test
