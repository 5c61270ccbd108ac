#pragma once
/// For tests only: an edge with one site, and what it tells.

#include <gtest/gtest.h>

#include <thread>

#include "edge/edge.hpp"
#include "edge/testing.hpp"
#include "http/acceptor.hpp"
#include "http/testing.hpp"

namespace berth::edge::testing_support {

namespace raw = http::testing_support;

class TellingTest : public testing::Test {
protected:
    TellingTest() {
        store_.deploy("dpl_1", {{"index.html", "<h1>hello</h1>"},
                                {"about.html", "about"},
                                {"docs/index.html", "docs"},
                                {"a b.txt", "space"},
                                {"large.bin", std::string(100'000, 'l')},
                                {"huge.bin", std::string(30'000'000, 'h')}});
        store_.publish(store_.route("shop.test", "dpl_1"));
        config_.limits.end_limit = std::chrono::milliseconds(500);
    }
    ~TellingTest() override { stop(); }

    void start() {
        if (edge_) return;
        config_.listening.push_back(http::listen_tcp("127.0.0.1", 0));
        port_ = http::port_of(config_.listening[0]);
        config_.public_directory = store_.public_directory();
        config_.state_directory = store_.state_directory();
        config_.poll_every = std::chrono::milliseconds(10'000);
        edge_ = std::make_unique<Edge>(std::move(config_));
        thread_ = std::thread([this] { edge_->run(); });
    }
    void stop() {
        if (!thread_.joinable()) return;
        edge_->stop();
        thread_.join();
    }
    std::uint16_t port() {
        start();
        return port_;
    }

    /// An answer is counted once its last byte is with the kernel: the visitor may have it before.
    /// The loop has done so when it answers us.
    std::vector<traffic::Row> take() { return wait(edge_->take_traffic()); }

    std::string request(const std::string& verb, const std::string& target,
                        const std::string& fields = "") {
        return raw::exchange(port(), verb + " " + target +
                                         " HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n" +
                                         fields + "\r\n");
    }
    std::string get(const std::string& target, const std::string& fields = "") {
        return request("GET", target, fields);
    }
    static std::string field_of(const std::string& reply, const std::string& name) {
        const std::size_t at = reply.find("\r\n" + name + ": ");
        if (at == reply.npos) return "none";
        const std::size_t begin = at + name.size() + 4;
        return reply.substr(begin, reply.find("\r\n", begin) - begin);
    }

    Store store_{};
    EdgeConfig config_{};
    std::unique_ptr<Edge> edge_{};
    std::thread thread_{};
    std::uint16_t port_ = 0;
};

}  // namespace berth::edge::testing_support
