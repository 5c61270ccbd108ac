#include "builds/log_writer.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "builds/memory_job_api_test.hpp"

namespace berth::builds {
namespace {

using namespace std::chrono_literals;
using jobs::LineStream;
using test::MemoryJobApi;

std::vector<std::string> lines_of(const std::vector<std::string>& chunks, std::size_t max = 100) {
    LineFramer framer(max);
    std::vector<std::string> lines;
    for (std::string_view chunk : chunks) {
        while (auto line = framer.next(chunk))
            lines.push_back(line->bytes);
    }
    if (auto rest = framer.finish()) lines.push_back("open:" + rest->bytes);
    return lines;
}

TEST(LineFramer, cuts_lines_however_the_pieces_fall) {
    using Lines = std::vector<std::string>;
    EXPECT_EQ(lines_of({"a\nb", "c\n", "d"}), (Lines{"a", "bc", "open:d"}));
    EXPECT_EQ(lines_of({"a\r\nb\r", "\nc\n"}), (Lines{"a", "b", "c"}));
    EXPECT_EQ(lines_of({"\n\n"}), (Lines{"", ""}));
    EXPECT_EQ(lines_of({"10%\r20%\r", "100%\n"}), (Lines{"100%"}));
    EXPECT_EQ(lines_of({"done\r"}), (Lines{"open:done"}));
    EXPECT_EQ(lines_of({"x\r\r\n"}), (Lines{"x"}));
    LineFramer framer(3);
    std::string_view chunk = "abcdefgh\n";
    const auto line = framer.next(chunk);
    EXPECT_EQ(line->bytes, "abc");
    EXPECT_EQ(line->cut_bytes, 5u);
}

TEST(LineFramer, repairs_utf8) {
    EXPECT_EQ(repair_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
              "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    EXPECT_EQ(repair_utf8("a\xc3"), "a\xef\xbf\xbd");
    EXPECT_EQ(repair_utf8("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    EXPECT_EQ(repair_utf8("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd");
    EXPECT_EQ(utf8_prefix("a\xc3\xa9", 2), "a");
}

TEST(FirstError, prefers_the_cause) {
    FirstError error;
    error.see("npm error code ERESOLVE");
    error.see("\x1b[31mError: it broke\x1b[0m");
    EXPECT_EQ(error.line(), "Error: it broke");
    error.see("src/a.ts(1,2): error TS2304: Cannot find name 'x'.");
    EXPECT_EQ(error.line(), "src/a.ts(1,2): error TS2304: Cannot find name 'x'.");
    EXPECT_EQ(error.known()->name, "peer_conflict");  // npm's own code for it
    error.forget();
    EXPECT_EQ(error.line(), "");
    EXPECT_EQ(error.known(), nullptr);
    error.see("npm error code E401");
    error.see("npm error Incorrect or missing password.");
    EXPECT_EQ(error.line(), "npm error Incorrect or missing password.");
    EXPECT_EQ(error.known()->name, "private_package");
}

struct Taken {
    std::shared_ptr<MemoryJobApi> api = std::make_shared<MemoryJobApi>();
    Result<> finished{};
    bool more = true;
    bool limit_reached = false;
};

Task<Taken> write(std::vector<std::string> chunks, LogLimits limits, Masker masker, Taken taken) {
    const auto loop = co_await asio::this_coro::executor;
    LogWriter log(loop, taken.api, limits, 0, std::move(masker), [] { return 7; });
    log.begin(jobs::Step::build);
    for (const std::string& chunk : chunks) {
        taken.more = co_await log.take(LineStream::out, chunk);
        if (!taken.more) break;
    }
    taken.limit_reached = log.limit_reached();
    taken.finished = co_await log.finish();
    co_return taken;
}

Taken written(std::vector<std::string> chunks, LogLimits limits = {}, Masker masker = {},
              Taken taken = {}) {
    return wait(write(std::move(chunks), limits, std::move(masker), std::move(taken)));
}

TEST(LogWriter, numbers_masks_and_delivers_every_line_once) {
    const Taken taken =
        written({"one\ntw", "o sec", "ret-value\n", "rest"}, {}, Masker({"secret-value"}));
    EXPECT_EQ(taken.api->log(), "one\ntwo ***\nrest\n");
    EXPECT_EQ(taken.api->lines[0].at_ms, 7);
    EXPECT_EQ(taken.api->lines[0].step, jobs::Step::build);
    EXPECT_TRUE(taken.finished);
}

TEST(LogWriter, masks_every_form_wherever_the_pieces_are_cut) {
    const std::string secret = "p@ss \"w'o<r>d&/+=x";
    for (const std::string& form : forms_of(secret, Masker::secret_bytes_min)) {
        for (std::size_t cut = 0; cut <= form.size(); ++cut) {
            const Taken taken =
                written({"one <" + form.substr(0, cut), form.substr(cut) + "> two\n"}, {},
                        Masker({secret}));
            ASSERT_EQ(taken.api->log(), "one <***> two\n") << form << " cut at " << cut;
            for (const jobs::Line& open : taken.api->opens)
                ASSERT_TRUE(std::string("one <").starts_with(open.text)) << open.text;
        }
    }
}

TEST(LogWriter, sends_again_what_the_api_did_not_take) {
    Taken taken;
    taken.api->loses_answers = 2;
    taken = written({"one\n", "two\n", "three\n"}, {}, {}, std::move(taken));
    EXPECT_EQ(taken.api->log(), "one\ntwo\nthree\n");
    EXPECT_TRUE(taken.finished);
}

TEST(LogWriter, stops_at_its_limits_and_says_so) {
    const Taken lines = written({"1\n2\n3\n4\n5\n"}, {.lines = 3});
    EXPECT_FALSE(lines.more);
    EXPECT_TRUE(lines.limit_reached);
    ASSERT_EQ(lines.api->lines.size(), 4u);
    EXPECT_EQ(lines.api->lines[3].stream, LineStream::system);
    const Taken bytes =
        written({std::string(50, 'x') + "\n", std::string(60, 'y') + "\n"}, {.bytes = 100});
    EXPECT_TRUE(bytes.limit_reached);
}

TEST(LogWriter, cuts_long_lines_with_a_marker) {
    const Taken taken = written({std::string(40'000, 'x') + "\n"});
    ASSERT_EQ(taken.api->lines.size(), 1u);
    const std::string& text = taken.api->lines[0].text;
    EXPECT_LE(text.size(), LogWriter::line_bytes_max);
    EXPECT_NE(text.find("bytes cut]"), std::string::npos);
}

TEST(LogWriter, never_shows_a_secret_that_a_cut_goes_through) {
    const std::string secret = "the-secret-that-is-cut";
    for (std::size_t before = LogWriter::line_bytes_max - 120; before < LogWriter::line_bytes_max;
         before += 7) {
        const Taken taken =
            written({std::string(before, 'x') + secret + std::string(9000, 'y') + "\n"}, {},
                    Masker({secret}));
        EXPECT_EQ(taken.api->lines[0].text.find("the-s"), std::string::npos) << before;
    }
}

TEST(LogWriter, never_shows_a_cut_secret_though_masking_made_room_for_it) {
    const std::string secret = "a-secret-of-thirty-characters.";
    std::string line;
    while (line.size() < 40'000)
        line += secret;
    for (const std::size_t before : {0u, 1u, 7u, 13u}) {
        const Taken taken = written({std::string(before, 'x') + line + "\n"}, {}, Masker({secret}));
        EXPECT_EQ(taken.api->lines[0].text.find("a-s"), std::string::npos)
            << taken.api->lines[0].text.substr(taken.api->lines[0].text.size() - 80);
    }
}

Task<Taken> half_a_secret(Taken taken) {
    const auto loop = co_await asio::this_coro::executor;
    LogWriter log(loop, taken.api, {}, 0, Masker({"secret-value"}), [] { return 1; });
    (void)co_await log.take(LineStream::out, "token=secret-va");
    co_await sleep_for(20ms);
    (void)co_await log.take(LineStream::out, "lue\n");
    taken.finished = co_await log.finish();
    co_return taken;
}

TEST(LogWriter, shows_no_beginning_of_a_secret_on_an_open_line) {
    const Taken taken = wait(half_a_secret({}));
    ASSERT_FALSE(taken.api->opens.empty());
    EXPECT_EQ(taken.api->opens[0].text, "token=");
    EXPECT_EQ(taken.api->log(), "token=***\n");
}

Task<Taken> progress(Taken taken) {
    const auto loop = co_await asio::this_coro::executor;
    LogWriter log(loop, taken.api, {}, 0, Masker({"secret-value"}), [] { return 1; });
    (void)co_await log.take(LineStream::err, "10% secret-value\r20%");
    co_await sleep_for(20ms);
    (void)co_await log.take(LineStream::err, "\r100%\n");
    taken.finished = co_await log.finish();
    co_return taken;
}

TEST(LogWriter, shows_progress_and_stores_its_last_text) {
    const Taken taken = wait(progress({}));
    ASSERT_FALSE(taken.api->opens.empty());
    EXPECT_EQ(taken.api->opens[0].text, "20%");
    EXPECT_EQ(taken.api->log(), "100%\n");
}

TEST(LogWriter, ends_when_the_lease_is_lost) {
    Taken taken;
    taken.api->lease_lost = true;
    std::vector<std::string> much(100, std::string(50'000, 'x') + "\n");
    taken = written(std::move(much), {}, {}, std::move(taken));
    ASSERT_FALSE(taken.finished);
    EXPECT_EQ(taken.finished.error().code, "lease_lost");
}

TEST(LogWriter, ends_when_the_api_breaks_the_world) {
    Taken taken;
    taken.api->broken = true;
    taken = written({"one\n"}, {}, {}, std::move(taken));
    ASSERT_FALSE(taken.finished);
    EXPECT_EQ(taken.finished.error().failure, Failure::unavailable);
}

TEST(LogWriter, slows_the_writer_down_while_the_api_is_slow) {
    Taken taken;
    taken.api->pause = 1ms;
    std::vector<std::string> much(
        60, std::string(15'000, 'x') + "\n" + std::string(15'000, 'y') + "\n");
    const std::int64_t began = steady_now_ms();
    taken = written(std::move(much), {}, {}, std::move(taken));
    EXPECT_EQ(taken.api->lines.size(), 120u);
    EXPECT_GE(steady_now_ms() - began, 20);
}

}  // namespace
}  // namespace berth::builds
