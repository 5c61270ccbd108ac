/// The corpus of tests/corpora/smuggling against a real edge: what is ambiguous is refused, the
/// connection ends, and the api hears nothing of it; what is only odd is served.

#include <gtest/gtest.h>

#include <set>

#include "edge/recording_api.hpp"
#include "edge/running_edge.hpp"
#include "edge/vector_table.hpp"

namespace berth::edge {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

const std::string site_host = "shop.test";
const std::string platform_host = "berth.test";

struct Refused {
    std::string place{};
    std::string at_site{};      // the status, or "-" for an end without an answer
    std::string at_platform{};  //
    Vector vector{};

    std::string bytes(const std::string& host) const {
        return bytes_of(vector, vector.columns[2], host);
    }
    const std::string& status(const std::string& host) const {
        return host == site_host ? at_site : at_platform;
    }
};

std::vector<Refused> refused(const std::string& file) {
    std::vector<Refused> all;
    for (Vector& vector : read_vectors(BERTH_CORPORA "/smuggling/" + file + ".txt", 4)) {
        const std::string& status = vector.columns[0];
        const std::size_t slash = status.find('/');
        Refused one{.place = vector.place, .at_site = status.substr(0, slash)};
        one.at_platform = slash == status.npos ? status : status.substr(slash + 1);
        one.vector = std::move(vector);
        all.push_back(std::move(one));
    }
    return all;
}

const std::vector<std::string> files_with_a_second_request{"request_line", "target",  "host",
                                                           "fields",       "framing", "chunks"};

std::string request_for(const std::string& path, const std::string& host) {
    return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n";
}

class Smuggling : public testing::Test {
protected:
    Smuggling() {
        store_.deploy("dpl_1", {{"index.html", "home"}, {"smuggled", "the second answer"}});
        store_.publish(store_.route(site_host, "dpl_1"));
        edge_.emplace(store_, limits_);
    }

    Received send(const std::string& bytes, bool says_no_more) {
        const Fd socket = raw::connect_to(edge_->port());
        raw::send_text(socket, bytes);
        if (says_no_more) ::shutdown(socket.get(), SHUT_WR);
        return receive_to_end(socket);
    }

    /// What the api has heard until now. A request that goes through on the way shows that the edge
    /// is well, and that nothing is under way any more.
    RecordingApi::Record heard() {
        const Received fresh =
            send(request_for("/fresh", platform_host) + "Connection: close\r\n\r\n", false);
        EXPECT_TRUE(fresh.closed && fresh.bytes.ends_with("\r\n\r\nok")) << fresh.bytes;
        RecordingApi::Record record = api_.take();
        if (record.whole.empty() || !record.whole.back().head.starts_with("GET /fresh ")) {
            ADD_FAILURE() << "the fresh request did not come through";
            return record;
        }
        record.whole.pop_back();
        return record;
    }

    void expect_refused(const Refused& vector, const std::string& host, const Received& received) {
        EXPECT_TRUE(received.closed) << "was not closed";
        if (vector.status(host) == "-") {
            EXPECT_EQ(received.bytes, "");
        } else {
            const Answer answer = first_answer(received.bytes);
            EXPECT_EQ(std::to_string(answer.status), vector.status(host)) << received.bytes;
            EXPECT_EQ(answer.bytes, received.bytes.size()) << "a second answer: " << received.bytes;
            EXPECT_TRUE(answer.closes()) << received.bytes;
        }
        const RecordingApi::Record record = heard();
        EXPECT_EQ(record.whole.size(), 0U) << record.bytes;
        // Only what is wrong in its body alone has been begun.
        EXPECT_TRUE(record.cut.empty() || vector.at_site != vector.at_platform) << record.bytes;
        EXPECT_EQ(record.bytes.find("smuggled"), record.bytes.npos) << record.bytes;
        EXPECT_EQ(record.bytes.find("evil.test"), record.bytes.npos) << record.bytes;
        const Received home =
            send(request_for("/", site_host) + "Connection: close\r\n\r\n", false);
        EXPECT_TRUE(home.bytes.ends_with("\r\n\r\nhome")) << home.bytes;
    }

    /// Every vector of a file, with the second request right behind it.
    void expect_refused_by(const std::string& host) {
        for (const std::string& file : files_with_a_second_request) {
            for (const Refused& vector : refused(file)) {
                SCOPED_TRACE(vector.place);
                const std::string second = request_for("/smuggled", host) + "\r\n";
                expect_refused(vector, host, send(vector.bytes(host) + second, false));
            }
        }
    }

    EdgeLimits limits_{};
    Store store_;
    RecordingApi api_{http::listen_unix(store_ / "api.sock")};
    std::optional<RunningEdge> edge_;
};

TEST(SmugglingCorpus, has_many_vectors_of_which_no_two_are_the_same) {
    std::set<std::string> bytes;
    std::size_t count = 0;
    for (std::string file :
         {"request_line", "target", "host", "fields", "framing", "chunks", "cut", "slow"}) {
        for (const Refused& vector : refused(file)) {
            ++count;
            // The same bytes that go on, that end and that wait are three vectors.
            const std::string kind = file == "cut" || file == "slow" ? file : "";
            EXPECT_TRUE(bytes.insert(kind + vector.bytes(site_host)).second) << vector.place;
            EXPECT_FALSE(vector.vector.columns[3].empty()) << vector.place << " does not say why";
        }
    }
    EXPECT_GE(count, 350U);
    EXPECT_GE(read_vectors(BERTH_CORPORA "/smuggling/accepted.txt", 5).size(), 40U);
}

TEST_F(Smuggling, is_refused_where_a_site_is_asked) {
    expect_refused_by(site_host);
}

TEST_F(Smuggling, is_refused_where_the_platform_is_asked) {
    expect_refused_by(platform_host);
}

TEST_F(Smuggling, makes_nothing_of_a_request_that_is_cut) {
    for (const Refused& vector : refused("cut")) {
        for (const std::string& host : {site_host, platform_host}) {
            SCOPED_TRACE(vector.place + " at " + host);
            expect_refused(vector, host, send(vector.bytes(host), true));
        }
    }
}

class SlowSmuggling : public Smuggling {
protected:
    SlowSmuggling() {
        limits_.head_limit = 50ms;
        edge_.reset();
        edge_.emplace(store_, limits_);
    }
};

TEST_F(SlowSmuggling, does_not_wait_for_a_head_without_end) {
    for (const Refused& vector : refused("slow")) {
        for (const std::string& host : {site_host, platform_host}) {
            SCOPED_TRACE(vector.place + " at " + host);
            expect_refused(vector, host, send(vector.bytes(host), false));
        }
    }
}

// --- what must be served

class Accepting : public Smuggling {
protected:
    static bool keeps(const Vector& vector) { return !vector.columns[0].ends_with(" close"); }

    /// The last request ends the connection, so that whatever comes is all there is.
    Received send_with_second(const Vector& vector, const std::string& host) {
        return send(bytes_of(vector, vector.columns[2], host) + request_for("/smuggled", host) +
                        "Connection: close\r\n\r\n",
                    false);
    }

    static void expect_seen(const Vector& vector, const RecordingApi::Heard& heard) {
        std::string_view rest = vector.columns[3];
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find(" & "), rest.size());
            const std::string_view item = rest.substr(0, end);
            rest.remove_prefix(std::min(end + 3, rest.size()));
            const std::string text = unescape(item.substr(1), platform_host);
            const bool there = heard.head.find(text) != heard.head.npos;
            if (item[0] == '=') {
                EXPECT_EQ(heard.body, text) << heard.head;
            } else {
                ASSERT_TRUE(item[0] == '+' || item[0] == '-') << item;
                EXPECT_EQ(there, item[0] == '+') << item << " of " << heard.head;
            }
        }
    }
};

bool refuses_the_message(unsigned status) {
    constexpr std::array<unsigned, 8> refusals{400, 408, 413, 414, 417, 431, 501, 505};
    return std::ranges::find(refusals, status) != refusals.end();
}

TEST_F(Accepting, serves_what_is_only_odd_where_a_site_is_asked) {
    for (const Vector& vector : read_vectors(BERTH_CORPORA "/smuggling/accepted.txt", 5)) {
        SCOPED_TRACE(vector.place);
        const Received received = send_with_second(vector, site_host);
        EXPECT_TRUE(received.closed);
        const bool head_only = vector.columns[2].starts_with("HEAD ");
        const Answer answer = first_answer(received.bytes, head_only);
        const std::string wanted = vector.columns[0].substr(0, 3);
        if (wanted == "any") {
            EXPECT_FALSE(answer.status == 0 || refuses_the_message(answer.status)) << answer.status;
        } else {
            EXPECT_EQ(std::to_string(answer.status), wanted) << received.bytes;
        }
        // What follows is the answer to the second request, or nothing where the first ended it.
        const Answer second = first_answer(std::string_view(received.bytes).substr(answer.bytes));
        if (answer.closes()) {
            EXPECT_EQ(answer.bytes, received.bytes.size()) << received.bytes;
        } else {
            EXPECT_EQ(second.body, "the second answer") << received.bytes;
        }
        const bool has_body = vector.place.find("bodies") != std::string::npos;
        if (!has_body) {
            EXPECT_EQ(answer.closes(), !keeps(vector)) << received.bytes;
        }
    }
}

TEST_F(Accepting, passes_on_what_is_only_odd_and_no_more_of_it) {
    for (const Vector& vector : read_vectors(BERTH_CORPORA "/smuggling/accepted.txt", 5)) {
        SCOPED_TRACE(vector.place);
        const Received received = send_with_second(vector, platform_host);
        EXPECT_TRUE(received.closed);
        const bool head_only = vector.columns[2].starts_with("HEAD ");
        const Answer answer = first_answer(received.bytes, head_only);
        EXPECT_EQ(answer.status, 200U) << received.bytes;
        EXPECT_EQ(answer.body, head_only ? "" : "ok");
        EXPECT_EQ(answer.closes(), !keeps(vector)) << received.bytes;
        const RecordingApi::Record record = heard();
        EXPECT_EQ(record.cut.size(), 0U) << record.bytes;
        ASSERT_EQ(record.whole.size(), keeps(vector) ? 2U : 1U) << record.bytes;
        expect_seen(vector, record.whole[0]);
        if (keeps(vector)) {
            EXPECT_TRUE(record.whole[1].head.starts_with("GET /smuggled ")) << record.bytes;
        }
    }
}

}  // namespace
}  // namespace berth::edge
