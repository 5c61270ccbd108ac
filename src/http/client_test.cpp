#include "http/client.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "base/within.hpp"
#include "http/acceptor.hpp"
#include "http/guarded_client.hpp"
#include "http/server.hpp"
#include "http/testing.hpp"

namespace berth::http {
namespace {

using namespace std::chrono_literals;

Task<> megabyte(BodySink& sink) {
    const std::string piece(10'000, 'm');
    for (int i = 0; i < 100; ++i) {
        const bool sent = co_await sink.write(piece);
        if (!sent) co_return;
    }
}

Task<Response> answer(Request& request) {
    Response response;
    if (request.path == "/megabyte") {
        response.body = StreamBody(&megabyte);
    } else if (request.path == "/slow") {
        const std::chrono::milliseconds nap{300};
        co_await sleep_for(nap);
    } else if (request.path == "/hanging") {
        const std::chrono::milliseconds nap{5'000};
        co_await sleep_for(nap);
    } else if (request.path == "/missing") {
        response = problem_response(404, "not_found", "no such thing");
    } else if (request.path == "/many-fields") {
        for (int i = 0; i < 1'000; ++i)
            response.headers.add("x-more", std::string(500, 'm'));
    } else if (request.path == "/redirect") {
        response = empty_response(302);
        response.headers.add("location", "/missing");
    } else {
        response =
            text_response(200, "text/plain", std::string(word(request.verb)) + " " + request.body);
        response.headers.add("x-mark", std::string(request.headers.get("x-mark")));
        response.headers.add("x-length", std::string(request.headers.get("content-length")));
        response.headers.add("x-type", std::string(request.headers.get("content-type")));
    }
    co_return response;
}

BodyPlan plan(const Request&) {
    return {false, 4 << 20};
}

class ClientTest : public testing::Test {
protected:
    ClientTest() {
        Fd listening = listen_tcp("127.0.0.1", 0);
        url_ = fmt::format("http://127.0.0.1:{}", port_of(listening));
        running_.emplace([](Fd socket) { return serve(std::move(socket), &answer, &plan, {}); },
                         std::move(listening));
    }
    Call call(const std::string& verb, const std::string& path) {
        Call what;
        what.verb = verb;
        what.url = url_ + path;
        return what;
    }
    Result<Reply> send(Call what) { return wait(client_->send(std::move(what))); }

    std::string url_;
    std::optional<testing_support::Running> running_;
    std::unique_ptr<Client> client_ = make_curl_client(2, "");
};

TEST_F(ClientTest, sends_verb_fields_and_body) {
    Call what = call("PATCH", "/x");
    what.headers.add("x-mark", "m");
    what.headers.add("content-type", "application/json");
    what.body = "{}";
    const Reply reply = send(what).value();
    EXPECT_EQ(reply.status, 200U);
    EXPECT_EQ(reply.body, "PATCH {}");
    EXPECT_EQ(reply.headers.get("x-mark"), "m");
    EXPECT_EQ(reply.headers.get("x-type"), "application/json");
}

TEST_F(ClientTest, sends_every_verb) {
    for (const std::string verb : {"GET", "POST", "PUT", "DELETE", "OPTIONS"}) {
        EXPECT_EQ(send(call(verb, "/x")).value().body, verb + " ");
    }
    EXPECT_EQ(send(call("HEAD", "/x")).value().body, "");
}

TEST_F(ClientTest, takes_any_status_as_an_answer_and_follows_nothing) {
    EXPECT_EQ(send(call("GET", "/missing")).value().status, 404U);
    EXPECT_EQ(send(call("GET", "/redirect")).value().status, 302U);
}

TEST_F(ClientTest, connects_only_where_it_may) {
    std::vector<std::string> asked;
    std::mutex mutex;
    bool may = true;
    const auto guarded =
        make_guarded_client(1, "", [&](const std::string& address, std::uint16_t port) {
            const std::lock_guard lock(mutex);
            asked.push_back(address + " " + std::to_string(port));
            return may;
        });
    const std::string port = url_.substr(url_.rfind(':') + 1);
    EXPECT_EQ(wait(guarded->send(call("GET", "/x"))).value().status, 200U);
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0], "127.0.0.1 " + port);

    // What is looked at is the address that a name leads to, not the name.
    may = false;
    Call named = call("GET", "/x");
    named.url = "http://localhost:" + port + "/x";
    named.limit = 5s;
    const Result<Reply> refused = wait(guarded->send(std::move(named)));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "address_blocked");
    EXPECT_EQ(refused.error().failure, Failure::forbidden);
    EXPECT_TRUE(refused.error().message == "127.0.0.1" || refused.error().message == "::1");
}

TEST_F(ClientTest, streams_the_body_from_a_source) {
    Call what = call("POST", "/x");
    int left = 20;
    what.source = [&left](std::span<char> into) -> std::size_t {
        if (left-- == 0) return 0;
        std::fill_n(into.begin(), 1000, 's');
        return 1000;
    };
    const Reply reply = send(what).value();
    EXPECT_EQ(reply.body.size(), 5U + 20'000U);
    EXPECT_EQ(reply.headers.get("x-length"), "");
}

TEST_F(ClientTest, says_the_length_of_a_source_that_is_known) {
    Call what = call("PUT", "/x");
    what.source = [](std::span<char> into) -> std::size_t {
        std::fill_n(into.begin(), 1000, 's');
        return 1000;
    };
    what.source_bytes = 20'000;
    const Reply reply = send(what).value();
    EXPECT_EQ(reply.body.size(), 4U + 20'000U);
    EXPECT_EQ(reply.headers.get("x-length"), "20000");
    what.source_bytes = 0;
    EXPECT_EQ(send(what).value().headers.get("x-length"), "0");
}

TEST_F(ClientTest, ends_a_call_in_which_nothing_moves) {
    Call what = call("GET", "/hanging");
    what.stall = 1s;
    EXPECT_EQ(send(what).error().failure, Failure::timed_out);
}

TEST_F(ClientTest, streams_the_answer_to_a_sink) {
    Call what = call("GET", "/megabyte");
    what.reply_bytes_max = 10;
    std::size_t total = 0;
    what.sink = [&total](std::string_view piece) {
        total += piece.size();
        return true;
    };
    EXPECT_EQ(send(what).value().body, "");
    EXPECT_EQ(total, 1'000'000U);
}

TEST_F(ClientTest, keeps_the_body_of_an_error_from_the_sink) {
    Call what = call("GET", "/missing");
    what.sink = [](std::string_view) { return false; };
    EXPECT_NE(send(what).value().body.find("no such thing"), std::string::npos);
}

TEST_F(ClientTest, stops_when_the_sink_has_enough) {
    Call what = call("GET", "/megabyte");
    what.sink = [](std::string_view) { return false; };
    EXPECT_EQ(send(what).error().failure, Failure::unavailable);
}

TEST_F(ClientTest, survives_a_sink_or_source_that_throws) {
    Call what = call("GET", "/megabyte");
    what.sink = [](std::string_view) -> bool { throw std::runtime_error("disk full"); };
    EXPECT_EQ(send(what).error().failure, Failure::unavailable);
    what = call("POST", "/x");
    what.source = [](std::span<char>) -> std::size_t { throw std::runtime_error("disk full"); };
    EXPECT_NE(send(what).error().message.find("disk full"), std::string::npos);
    EXPECT_EQ(send(call("GET", "/x")).value().status, 200U);
}

TEST_F(ClientTest, bounds_the_answer) {
    Call what = call("GET", "/megabyte");
    what.reply_bytes_max = 999'999;
    EXPECT_EQ(send(what).error().failure, Failure::too_large);
}

TEST_F(ClientTest, bounds_the_head_of_the_answer) {
    EXPECT_EQ(send(call("GET", "/many-fields")).error().failure, Failure::too_large);
}

TEST_F(ClientTest, gives_up_after_the_limit) {
    Call what = call("GET", "/slow");
    what.limit = 30ms;
    EXPECT_EQ(send(what).error().failure, Failure::timed_out);
}

TEST_F(ClientTest, stops_soon_when_canceled) {
    const auto begin = std::chrono::steady_clock::now();
    const Result<Reply> reply = wait(within(20ms, client_->send(call("GET", "/slow"))));
    EXPECT_EQ(reply.error().failure, Failure::timed_out);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 250ms);
}

TEST_F(ClientTest, says_when_nobody_answers) {
    running_->stop();
    EXPECT_EQ(send(call("GET", "/x")).error().failure, Failure::unavailable);
}

TEST_F(ClientTest, refuses_bad_urls_and_fields) {
    for (const char* url : {"", "x", "ftp://a/", "file:///etc/passwd", "unix:relative:/x",
                            "unix:/socket", "http://a/ b", "http://a/\r\nx: y"}) {
        Call what;
        what.url = url;
        EXPECT_EQ(send(what).error().failure, Failure::invalid) << url;
    }
    Call what = call("GET", "/x");
    what.headers.add("x", "a\r\nb: c");
    EXPECT_EQ(send(what).error().failure, Failure::invalid);
}

TEST_F(ClientTest, runs_several_calls_at_once) {
    asio::io_context loop;
    int done = 0;
    for (int i = 0; i < 20; ++i) {
        asio::co_spawn(loop, client_->send(call("GET", "/x")),
                       [&done](std::exception_ptr, Result<Reply> reply) {
                           if (reply && reply->status == 200) ++done;
                       });
    }
    loop.run();
    EXPECT_EQ(done, 20);
}

}  // namespace
}  // namespace berth::http
