#include "edge/preconditions.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "edge/file_head.hpp"

namespace berth::edge {
namespace {

/// In the fields: $ is the tag of the plain file, $br that of its br form.
struct Case {
    const char* name;
    std::vector<http::FieldView> fields;
    Verdict::Kind expected;
};

using enum Verdict::Kind;

constexpr const char* past = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr const char* future = "Sat, 06 Nov 2094 08:49:37 GMT";

/// RFC 9110 §13.2.2, step by step.
std::vector<Case> cases() {
    return {
        {"nothing asked", {}, go_on},
        // 1. If-Match, compared strongly.
        {"match", {{"if-match", "$"}}, go_on},
        {"match of another", {{"if-match", "\"x\""}}, failed},
        {"match in a list", {{"if-match", "\"x\", $ ,\"y\""}}, go_on},
        {"match in a second field", {{"if-match", "\"x\""}, {"if-match", "$"}}, go_on},
        {"match of anything", {{"if-match", "*"}}, go_on},
        {"match of a weak tag", {{"if-match", "W/$"}}, failed},
        {"match of weak and strong", {{"if-match", "W/$, $"}}, go_on},
        {"match of a form that is taken", {{"if-match", "$br"}}, go_on},
        {"match of a form that is not taken", {{"if-match", "$gzip"}}, failed},
        {"match without quotes", {{"if-match", "x"}}, failed},
        {"empty match", {{"if-match", ""}}, failed},
        {"a star among tags is none", {{"if-match", "\"x\", *"}}, failed},
        // 2. If-Unmodified-Since: no date is known, so it says nothing.
        {"unmodified since", {{"if-unmodified-since", past}}, go_on},
        {"failed match, and unmodified since",
         {{"if-match", "\"x\""}, {"if-unmodified-since", future}},
         failed},
        // 3. If-None-Match, compared weakly.
        {"none match", {{"if-none-match", "\"x\""}}, go_on},
        {"none match, and it is", {{"if-none-match", "$"}}, known},
        {"none match, weakly", {{"if-none-match", "W/$"}}, known},
        {"none match in a list", {{"if-none-match", "\"x\", W/\"y\",$"}}, known},
        {"none match in a second field",
         {{"if-none-match", "\"x\""}, {"if-none-match", "$"}},
         known},
        {"none match of anything", {{"if-none-match", "*"}}, known_anyhow},
        {"none match of a form that is taken", {{"if-none-match", "$br"}}, known},
        {"none match of a form that is not taken", {{"if-none-match", "$gzip"}}, go_on},
        {"none match of a tag with a comma", {{"if-none-match", "\"a,b\", $"}}, known},
        {"weak in lower case is no tag", {{"if-none-match", "w/$"}}, go_on},
        {"empty none match", {{"if-none-match", ""}}, go_on},
        // 1 before 3.
        {"both hold", {{"if-match", "$"}, {"if-none-match", "\"x\""}}, go_on},
        {"match holds, none match does not", {{"if-match", "$"}, {"if-none-match", "$"}}, known},
        {"match does not, none match would",
         {{"if-match", "\"x\""}, {"if-none-match", "$"}},
         failed},
        // 4. If-Modified-Since: no date is known, and beside a tag it counts for nothing anyway.
        {"modified since", {{"if-modified-since", future}}, go_on},
        {"modified since, malformed", {{"if-modified-since", "yesterday"}}, go_on},
        {"another tag, and modified since",
         {{"if-none-match", "\"x\""}, {"if-modified-since", future}},
         go_on},
        {"the tag, and modified since",
         {{"if-none-match", "$"}, {"if-modified-since", past}},
         known},
    };
}

SiteFile file_of(std::string_view content) {
    SiteFile file;
    const std::string digest = from_hex(sha256_hex(content)).value();
    std::copy_n(digest.begin(), file.sha256.size(), file.sha256.begin());
    return file;
}

std::string with_tags(std::string text, const SiteFile& file) {
    for (const auto& [word, coding] :
         {std::pair("$br", Coding::br), {"$gzip", Coding::gzip}, {"$", Coding::identity}}) {
        for (std::size_t at = text.find(word); at != text.npos; at = text.find(word))
            text.replace(at, std::string_view(word).size(), etag_of(file, coding));
    }
    return text;
}

TEST(Preconditions, are_judged_in_their_order) {
    const SiteFile file = file_of("page");
    constexpr Codings takes{{Coding::br, Coding::identity}, 2};
    for (const Case& c : cases()) {
        std::vector<std::string> values;
        values.reserve(c.fields.size());
        for (const http::FieldView& field : c.fields)
            values.push_back(with_tags(std::string(field.value), file));
        http::HeadView head;
        for (std::size_t i = 0; i < values.size(); ++i)
            head.fields[head.field_count++] = {c.fields[i].name, values[i]};
        EXPECT_EQ(judge(file, takes, head).kind, c.expected) << c.name;
    }
}

TEST(Preconditions, name_the_form_that_the_visitor_has) {
    const SiteFile file = file_of("page");
    constexpr Codings takes{{Coding::br, Coding::identity}, 2};
    for (const Coding coding : takes.list()) {
        const std::string etag = etag_of(file, coding);
        http::HeadView head;
        head.fields[head.field_count++] = {"if-none-match", etag};
        const Verdict verdict = judge(file, takes, head);
        EXPECT_EQ(verdict.kind, Verdict::Kind::known);
        EXPECT_EQ(verdict.coding, coding);
    }
}

TEST(LoneValue, is_that_of_the_only_field) {
    http::HeadView head;
    EXPECT_EQ(lone_value(head, "range"), std::nullopt);
    head.fields[head.field_count++] = {"range", "bytes=0-1"};
    EXPECT_EQ(lone_value(head, "range"), "bytes=0-1");
    head.fields[head.field_count++] = {"range", "bytes=0-1"};
    EXPECT_EQ(lone_value(head, "range"), std::nullopt);
}

}  // namespace
}  // namespace berth::edge
