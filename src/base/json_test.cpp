#include "base/json.hpp"

#include <gtest/gtest.h>

namespace berth::json {
namespace {

enum class Colour { red, dark_blue };
BOOST_DESCRIBE_ENUM(Colour, red, dark_blue)

struct Part {
    std::string name{};
    std::optional<int> size{};
};
BOOST_DESCRIBE_STRUCT(Part, (), (name, size))

struct Whole {
    Colour colour = Colour::red;
    std::vector<Part> parts{};
    std::map<std::string, std::int64_t> counts{};
    bool ready = false;
};
BOOST_DESCRIBE_STRUCT(Whole, (), (colour, parts, counts, ready))

TEST(Json, goes_there_and_back) {
    const std::string text =
        R"({"colour":"dark_blue","parts":[{"name":"a","size":null},{"name":"b","size":3}],)"
        R"("counts":{"x":9007199254740993},"ready":true})";
    const Whole whole = parse_as<Whole>(text).value();
    EXPECT_EQ(whole.colour, Colour::dark_blue);
    EXPECT_EQ(whole.parts[0].size, std::nullopt);
    EXPECT_EQ(whole.counts.at("x"), 9007199254740993);
    EXPECT_EQ(json::text(whole), text);
}

TEST(Json, names_what_is_wrong) {
    struct Case {
        const char* text;
        const char* code;
        const char* pointer;
    };
    const Case cases[] = {
        {R"({"colour":"green"})", "wrong_type", "/colour"},
        {R"({"parts":[{"name":1}]})", "wrong_type", "/parts/0/name"},
        {R"({"parts":[{"size":1.5}]})", "wrong_type", "/parts/0/size"},
        {R"({"parts":[{"size":99999999999}]})", "wrong_type", "/parts/0/size"},
        {R"({"a/b":1})", "unknown_field", "/a~1b"},
        {R"([])", "wrong_type", ""},
        {R"({"ready":true)", "malformed_json", ""},
        {R"({} {})", "malformed_json", ""},
    };
    for (const Case& bad : cases) {
        const Result<Whole> parsed = parse_as<Whole>(bad.text);
        ASSERT_TRUE(parsed.has_error()) << bad.text;
        EXPECT_EQ(parsed.error().code, bad.code) << bad.text;
        EXPECT_EQ(parsed.error().pointer, bad.pointer) << bad.text;
    }
}

}  // namespace
}  // namespace berth::json
