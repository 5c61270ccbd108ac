/// An edge that gives way to another on the same listening socket: nobody's request is lost.

#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>

#include "edge/running_edge.hpp"

namespace berth::edge {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

const std::string page = "<h1>hello</h1>";
const std::string get = "GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n";

class DrainTest : public testing::Test {
protected:
    DrainTest() : listening_(http::listen_tcp("127.0.0.1", 0)) {
        store_.deploy("dpl_1", {{"index.html", page}, {"large.bin", std::string(3'000'000, 'l')}});
        store_.publish(store_.route("shop.test", "dpl_1"));
    }

    /// An edge on the one socket, which outlives it as a supervisor's does.
    std::unique_ptr<RunningEdge> start() {
        return std::make_unique<RunningEdge>(store_, EdgeLimits{},
                                             Fd(::fcntl(listening_.get(), F_DUPFD_CLOEXEC, 3)));
    }

    std::uint16_t port() const { return http::port_of(listening_); }

    Store store_;
    Fd listening_;
};

/// Asks on one connection as long as it is kept, then on the next.
struct Asker {
    explicit Asker(std::uint16_t at) : port(at), thread([this] { run(); }) {}
    void end() {
        over = true;
        thread.join();
    }
    void run() {
        Client client(port);
        while (!over) {
            const Answer answer = client.ask(get);
            ++(answer.status == 200 && answer.body == page ? good : lost);
            if (answer.closes()) ++closes;
        }
    }

    std::uint16_t port;
    std::atomic<bool> over = false;
    std::atomic<int> good = 0;
    std::atomic<int> lost = 0;
    std::atomic<int> closes = 0;
    std::thread thread;
};

TEST_F(DrainTest, loses_no_request_of_busy_clients) {
    std::unique_ptr<RunningEdge> edge = start();
    std::vector<std::unique_ptr<Asker>> askers;
    for (int i = 0; i < 8; ++i)
        askers.push_back(std::make_unique<Asker>(port()));
    constexpr int rounds = 10;
    for (int round = 0; round < rounds; ++round) {
        for (const auto& asker : askers) {
            const int before = asker->good;
            for (int i = 0; i < 5'000 && asker->good < before + 20 && asker->lost == 0; ++i)
                std::this_thread::sleep_for(1ms);
        }
        std::unique_ptr<RunningEdge> next = start();
        edge->drain(10s);
        edge->join();  // by itself: everybody was told
        edge = std::move(next);
    }
    for (const auto& asker : askers) {
        asker->end();
        EXPECT_EQ(asker->lost, 0);
        EXPECT_GE(asker->closes, 1);
        EXPECT_LE(asker->closes, rounds) << "told more than once by an edge";
    }
}

TEST_F(DrainTest, leaves_those_who_wait_at_the_door_to_the_next_edge) {
    const auto first = start();
    Client(port()).ask(get);
    first->drain(1s);
    first->join();
    const Fd waiting = raw::connect_to(port());
    raw::send_text(waiting, get);
    const auto second = start();
    EXPECT_TRUE(raw::receive_until(waiting, page).starts_with("HTTP/1.1 200 "));
}

TEST_F(DrainTest, takes_one_more_request_of_a_connection_that_waits) {
    const auto edge = start();
    const Fd kept = raw::connect_to(port());
    raw::send_text(kept, get);
    EXPECT_EQ(raw::receive_until(kept, page).find("connection: close"), std::string::npos);
    const Fd fresh = raw::connect_to(port());
    while (edge->edge().counters().connections_open < 2)
        std::this_thread::sleep_for(1ms);
    edge->drain(10s);
    for (const Fd* one : {&kept, &fresh}) {
        raw::send_text(*one, get);
        const std::string reply = raw::receive_all(*one);
        EXPECT_TRUE(reply.starts_with("HTTP/1.1 200 ")) << reply;
        EXPECT_NE(reply.find("connection: close"), reply.npos);
    }
    edge->join();
}

TEST_F(DrainTest, answers_all_that_was_pipelined_and_says_it_last) {
    const auto edge = start();
    const Fd client = raw::connect_to(port());
    raw::send_text(client, get);
    raw::receive_until(client, page);
    edge->drain(10s);
    constexpr int count = 100;
    std::string many;
    for (int i = 0; i < count; ++i)
        many += get;
    raw::send_text(client, many);
    const std::string replies = raw::receive_all(client);
    std::size_t at = 0;
    for (int i = 0; i < count; ++i) {
        const Answer answer = first_answer(std::string_view(replies).substr(at));
        ASSERT_EQ(answer.status, 200U) << i;
        EXPECT_EQ(answer.closes(), i == count - 1) << i;
        at += answer.bytes;
    }
    EXPECT_EQ(at, replies.size());
}

TEST_F(DrainTest, lets_an_answer_that_is_under_way_end) {
    const auto edge = start();
    const Fd client = raw::connect_to(port());
    raw::send_text(client, "GET /large.bin HTTP/1.1\r\nHost: shop.test\r\n\r\n");
    std::string reply = raw::receive_until(client, "\r\n\r\n");
    edge->drain(10s);
    raw::send_text(client, get);  // whoever was not told may ask
    reply += raw::receive_all(client);
    EXPECT_NE(reply.find("HTTP/1.1 200 ", 10), reply.npos);
    EXPECT_NE(reply.find("connection: close"), reply.npos);
    EXPECT_GT(reply.size(), 3'000'000U);
}

TEST_F(DrainTest, closes_what_waits_at_the_limit_and_sooner_when_stopped) {
    const auto edge = start();
    const Fd idle = raw::connect_to(port());
    raw::send_text(idle, get);
    raw::receive_until(idle, page);
    edge->drain(60'000ms);
    EXPECT_FALSE(edge->edge().ready());
    pollfd more{idle.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&more, 1, 50), 0) << "closed before the limit";
    edge->drain(100ms);
    EXPECT_EQ(raw::receive_all(idle), "");
    edge->join();
}

// --- what is passed on

class PassingDrainTest : public DrainTest {
protected:
    PassingDrainTest() : api_door_(http::listen_unix(store_ / "api.sock")), edge_(start()) {}

    /// The visitor's request is at the api, which has said this much.
    void begin(const std::string& from_api) {
        visitor_ = raw::connect_to(port());
        raw::send_text(visitor_, "GET /events HTTP/1.1\r\nHost: berth.test\r\n\r\n");
        api_ = accept_from(api_door_);
        raw::receive_until(api_, "\r\n\r\n");
        raw::send_text(api_, from_api);
    }

    static std::string chunk(const std::string& text) {
        return fmt::format("{:x}\r\n{}\r\n", text.size(), text);
    }

    bool visitor_hears_nothing() const {
        pollfd more{visitor_.get(), POLLIN, 0};
        return ::poll(&more, 1, 50) == 0;
    }

    const std::string events_ =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    Fd api_door_;
    std::unique_ptr<RunningEdge> edge_;
    Fd visitor_;
    Fd api_;
};

TEST_F(PassingDrainTest, ends_an_event_stream_between_two_events) {
    begin(events_ + chunk("data: 1\n\n"));
    const std::string so_far = raw::receive_until(visitor_, "data: 1\n\n\r\n");
    EXPECT_NE(so_far.find("data: 1"), so_far.npos);
    edge_->drain(10s);
    EXPECT_EQ(raw::receive_all(visitor_), "0\r\n\r\n");
    EXPECT_EQ(raw::receive_all(api_), "");
}

TEST_F(PassingDrainTest, lets_an_event_end_first) {
    begin(events_ + chunk("data: 1\n\ndata:"));
    raw::receive_until(visitor_, "data:\r\n");
    edge_->drain(10s);
    EXPECT_TRUE(visitor_hears_nothing());
    raw::send_text(api_, chunk(" 2\r\n\r\n"));
    EXPECT_EQ(raw::receive_all(visitor_), chunk(" 2\r\n\r\n") + "0\r\n\r\n");
}

TEST_F(PassingDrainTest, ends_an_event_stream_that_has_said_nothing) {
    begin(events_);
    raw::receive_until(visitor_, "\r\n\r\n");
    edge_->drain(10s);
    EXPECT_EQ(raw::receive_all(visitor_), "0\r\n\r\n");
}

TEST_F(PassingDrainTest, lets_other_answers_end_whole) {
    begin("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunk("first\n\n"));
    raw::receive_until(visitor_, "first\n\n\r\n");
    edge_->drain(10s);
    EXPECT_TRUE(visitor_hears_nothing());
    raw::send_text(api_, chunk("last") + "0\r\n\r\n");
    EXPECT_EQ(raw::receive_until(visitor_, "0\r\n\r\n"), chunk("last") + "0\r\n\r\n");
    raw::send_text(visitor_, get);
    EXPECT_NE(raw::receive_all(visitor_).find("connection: close"), std::string::npos);
}

TEST_F(PassingDrainTest, says_close_with_an_answer_of_the_api) {
    begin("");
    edge_->drain(10s);
    edge_->catch_up();
    raw::send_text(api_, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    const std::string reply = raw::receive_all(visitor_);
    EXPECT_NE(reply.find("connection: close"), reply.npos);
    EXPECT_TRUE(reply.ends_with("ok")) << reply;
}

}  // namespace
}  // namespace berth::edge
