#include "worker/recompressor.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "artifacts/form_decode.hpp"
#include "base/crypto.hpp"
#include "builds/compress.hpp"

namespace berth::worker {
namespace {

using namespace std::chrono_literals;

class RecordingClient final : public http::Client {
public:
    Task<Result<http::Reply>> send(http::Call call) override {
        urls.push_back(call.url);
        bodies.push_back(call.body);
        co_return http::Reply{.status = status, .body = "{}"};
    }
    unsigned status = 200;
    std::vector<std::string> urls{};
    std::vector<std::string> bodies{};
};

std::string words(std::size_t size, std::uint64_t state) {
    std::string text;
    while (text.size() < size) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        text += fmt::format("word{} ", (state >> 33) % 5'000);
    }
    return text;
}

/// What a build leaves: the blob and its quick brotli form.
builds::QuickForms quick(const std::string& text) {
    const auto spool = std::make_shared<builds::BlobSpool>("/tmp");
    const std::string name = sha256_hex(text);
    spool->append(text);
    spool->name_last(name);
    spool->append(*builds::brotli(text));
    spool->name_last(name + ".br");
    return {spool, {name + ".br"}};
}

class RecompressorTest : public testing::Test {
protected:
    /// Runs for as long as there is something to do, at most two minutes: sanitizers make the best
    /// brotli slow.
    void run_until(const std::function<bool()>& done) {
        spawn(loop_.get_executor(), recompressor_.run(), "recompress");
        spawn(loop_.get_executor(), stop_when(done), "stop");
        loop_.run();
    }
    Task<> stop_when(std::function<bool()> done) {
        for (int i = 0; i < 12'000 && !done(); ++i)
            co_await sleep_for(10ms);
        recompressor_.stop();
    }

    asio::io_context loop_{1};
    RecordingClient client_{};
    bool idle_ = true;
    Recompressor recompressor_{loop_.get_executor(),
                               client_,
                               {.api = {.server = "http://api.test", .token = "t"},
                                .scratch_directory = "/tmp",
                                .is_idle = [this] { return idle_; }}};
};

TEST_F(RecompressorTest, sends_the_smaller_form_of_what_a_build_stored) {
    const std::string text = words(200'000, 1);
    const builds::QuickForms forms = quick(text);
    const std::string name = forms.names[0];
    const std::uint64_t before = forms.spool->size_of(name);
    recompressor_.add(forms);
    run_until([this] { return !client_.urls.empty(); });
    ASSERT_EQ(client_.urls, std::vector<std::string>{"http://api.test/api/v1/worker/forms"});
    const std::string& body = client_.bodies[0];
    const std::size_t head = 2 + name.size() + 8;
    ASSERT_GT(body.size(), head);
    EXPECT_EQ(body.substr(2, name.size()), name);
    EXPECT_LT(body.size() - head, before);
    EXPECT_TRUE(artifacts::decodes_to(".br", body.substr(head), sha256_hex(text), text.size()));
}

TEST_F(RecompressorTest, waits_while_there_is_something_to_build) {
    idle_ = false;
    recompressor_.add(quick(words(20'000, 1)));
    int looks = 0;
    run_until([&] {
        if (++looks == 20) EXPECT_TRUE(client_.urls.empty());
        if (looks == 20) {
            idle_ = true;
            recompressor_.look();
        }
        return !client_.urls.empty();
    });
    EXPECT_EQ(client_.urls.size(), 1U);
}

TEST_F(RecompressorTest, goes_on_after_an_api_that_takes_none) {
    client_.status = 404;
    recompressor_.add(quick(words(20'000, 1)));
    recompressor_.add(quick(words(20'000, 2)));
    run_until([this] { return client_.urls.size() == 2; });
    EXPECT_EQ(client_.urls.size(), 2U);
}

TEST_F(RecompressorTest, lets_the_oldest_go_when_there_are_too_many) {
    std::vector<builds::QuickForms> all;
    for (std::uint64_t i = 0; i <= Recompressor::orders_max; ++i)
        all.push_back(quick(words(9'000, i)));
    const std::string first = all[0].names[0];
    for (builds::QuickForms& forms : all)
        recompressor_.add(std::move(forms));
    run_until([this] { return client_.urls.size() == Recompressor::orders_max; });
    ASSERT_EQ(client_.urls.size(), Recompressor::orders_max);
    for (const std::string& body : client_.bodies)
        EXPECT_EQ(body.find(first), std::string::npos);
}

TEST_F(RecompressorTest, stops_in_the_middle_of_a_large_one) {
    recompressor_.add(quick(words(builds::dense_bytes_max - 100, 1)));
    run_until([looks = 0]() mutable { return ++looks == 5; });
    EXPECT_TRUE(client_.urls.empty());
}

}  // namespace
}  // namespace berth::worker
