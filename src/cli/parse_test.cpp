// The small readers: variables, durations, addresses, NDJSON, terminal text, near words.

#include <gtest/gtest.h>

#include "cli/client_state.hpp"
#include "cli/deployment_end.hpp"
#include "cli/dotenv.hpp"
#include "cli/draft.hpp"
#include "cli/log_stream.hpp"
#include "cli/output.hpp"
#include "cli/suggest.hpp"

namespace berth::cli {

namespace {

TEST(Dotenv, reads_what_it_writes) {
    for (const std::string value : {"", "plain", "a b", "it's", "$HOME", "a\\b", "\"q\"", "#no",
                                    "two\nlines", "it's $5\r\n\\", " ends ", "x=y", "ü"}) {
        const auto entries = parse_dotenv("A=" + dotenv_value(value) + "\nB=1\n");
        ASSERT_TRUE(entries.has_value()) << value;
        ASSERT_EQ(entries->size(), 2U) << value;
        EXPECT_EQ(entries->at(0).second, value);
    }
}

TEST(Dotenv, reads_what_dotenv_reads) {
    const auto entries = parse_dotenv(
        "\xef\xbb\xbf# comment\r\nA=1\r\nexport B = two words # why\nC='it $is'\n"
        "D=\"a\\nb\\\"c\\x\"\n\nE=\nF=\"x\ny\"\nA=3\nG=a#b\n");
    ASSERT_TRUE(entries) << entries.error().detail;
    const std::vector<EnvEntry> expected = {
        {"B", "two words"}, {"C", "it $is"}, {"D", "a\nb\"c\\x"}, {"E", ""},
        {"F", "x\ny"},      {"A", "3"},      {"G", "a#b"}};
    EXPECT_EQ(*entries, expected);
}

TEST(Dotenv, names_the_line_it_cannot_read) {
    EXPECT_EQ(parse_dotenv("A=1\nno value\n").error().detail, "line 2: expected KEY=value");
    EXPECT_EQ(parse_dotenv("A=1\n=2\n").error().detail, "line 2: expected KEY=value");
    EXPECT_EQ(parse_dotenv("A=\"open\nB=1\n").error().detail, "line 1: the quote is never closed");
    EXPECT_EQ(parse_dotenv("A='x' y\n").error().detail, "line 1: text after the closing quote");
}

TEST(Duration, has_units) {
    EXPECT_EQ(*parse_duration("90s", "--t"), 90'000);
    EXPECT_EQ(*parse_duration("15m", "--t"), 900'000);
    EXPECT_EQ(*parse_duration("30d", "--t"), 30ll * 86'400'000);
    EXPECT_EQ(*parse_duration("5", "--t"), 5'000);
    EXPECT_EQ(*parse_duration("250ms", "--t"), 250);
    for (const char* wrong : {"", "s", "-5s", "5y", "1e3", "99999999999999999999d"})
        EXPECT_EQ(parse_duration(wrong, "--t").error().exit, Exit::usage) << wrong;
}

TEST(ServerAddress, is_normalised_or_refused) {
    EXPECT_EQ(*parse_server("HTTP://Berth.Example:8080/"), "http://berth.example:8080");
    EXPECT_EQ(*parse_server("https://[::1]:9"), "https://[::1]:9");
    for (const char* wrong : {"", "berth.example", "ftp://x", "https://a:b@x", "https://x/path",
                              "https://x?q", "https://x y", "https://"})
        EXPECT_FALSE(parse_server(wrong)) << wrong;
}

TEST(ProjectName, comes_from_the_address) {
    EXPECT_EQ(name_from("https://git.example/team/My_Shop.git"), "my-shop");
    EXPECT_EQ(name_from("git@git.example:shop.git/"), "shop");
    EXPECT_EQ(name_from("https://git.example/x/-.a..b-"), "a-b");
    EXPECT_EQ(name_from("https://git.example/" + std::string(60, 'a')), std::string(40, 'a'));
    EXPECT_EQ(name_from("https://git.example/___"), "");
}

TEST(ProductionAddress, swaps_the_first_label) {
    EXPECT_EQ(production_address("https://shop-0123456789.example.com:8443", "shop"),
              "https://shop.example.com:8443");
    EXPECT_EQ(production_address("", "shop"), "");
}

TEST(Nearest, finds_what_was_meant) {
    const std::vector<std::string> known = {"deploy", "deployments", "env", "import", "status"};
    EXPECT_EQ(nearest("deplyo", known), "deploy");
    EXPECT_EQ(nearest("stats", known), "status");
    EXPECT_EQ(nearest("imp", known), "import");
    EXPECT_EQ(nearest("xyzzy", known), std::nullopt);
    EXPECT_EQ(nearest("", known), std::nullopt);
    EXPECT_EQ(distance("ab", "ba"), 1U);
    EXPECT_EQ(distance("", "abc"), 3U);
}

TEST(Printable, keeps_colours_and_nothing_else) {
    const std::string text =
        "\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x1b\\ \x1b[2Jgone\a\x7f\t.";
    EXPECT_EQ(printable(text, Colour::strip), "red link gone\t.");
    EXPECT_EQ(printable(text, Colour::keep), "\x1b[31mred\x1b[0m link gone\t.\x1b[0m");
    EXPECT_EQ(printable("\x1b", Colour::strip), "");
    EXPECT_EQ(printable("\x1b[31", Colour::strip), "");
}

TEST(LogParser, takes_pieces_of_any_size_and_drops_what_was_seen) {
    const std::string bytes =
        "{\"line\":0,\"step\":\"clone\",\"text\":\"a\"}\n{\"line\":1,\"text\":\"b\"}\n"
        "not "
        "json\n{\"line\":1,\"text\":\"again\"}\n{\"end\":true,\"next\":2,\"state\":\"ready\"}\n";
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
        const auto place = std::make_shared<LogPlace>();
        std::string seen;
        LogParser parser(place, [&](const LogLine& line) { seen += line.text; });
        for (std::size_t at = 0; at < bytes.size(); at += size)
            parser.feed(std::string_view(bytes).substr(at, size));
        EXPECT_EQ(seen, "ab");
        EXPECT_TRUE(place->over);
        EXPECT_EQ(place->next, 2);
        EXPECT_EQ(place->state, "ready");
    }
}

TEST(QueueWords, say_why_how_many_go_first_and_when_its_turn_comes) {
    Deployment waiting{.state = "queued", .queue_position = 3, .queue_reason = "slot"};
    EXPECT_EQ(queue_words(waiting, 0), "waits for a free slot, 2 before it");
    waiting.queue_begin_ms = 45'000;
    EXPECT_EQ(queue_words(waiting, 5'000),
              "waits for a free slot, 2 before it, begins in about 40 s");
    waiting.queue_begin_ms = 95'000;
    waiting.queue_reason = "project";
    waiting.queue_position = 1;
    EXPECT_EQ(queue_words(waiting, 5'000),
              "waits behind another deployment of this project, begins in about 2 min");
    EXPECT_EQ(queue_words(waiting, 200'000),
              "waits behind another deployment of this project, begins in about 0 s");
    waiting.queue_begin_ms.reset();
    waiting.queue_reason = "what a later server says";
    EXPECT_EQ(queue_words(waiting, 0), "waits");
    waiting.queue_reason.clear();
    EXPECT_EQ(queue_words(waiting, 0), "") << "it is next, or the server does not say";
    EXPECT_EQ(queue_words({.state = "building"}, 0), "");
}

}  // namespace

}  // namespace berth::cli
