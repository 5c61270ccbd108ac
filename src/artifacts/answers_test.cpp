#include "artifacts/answers.hpp"

#include <gtest/gtest.h>

#include "rules/read_rules.hpp"

namespace berth::artifacts {
namespace {

Manifest manifest_of(const std::map<std::string, std::string>& rule_files) {
    Manifest manifest;
    for (const char* path : {"index.html", "docs/index.html", "404.html"})
        manifest.files[path] = {.sha256 = "ab", .bytes = 2, .type = content_type(path)};
    manifest.rules = rules::read_rules(rule_files);
    return manifest;
}

rules::Explanation ask(const Manifest& manifest, const std::string& url) {
    const ManifestFiles files(manifest);
    const rules::Rules rules(manifest.rules);
    return answer_of(rules, files, {.url = url}, "shop.example").value();
}

std::string field(const rules::Explanation& told, const std::string& name) {
    const auto found = std::ranges::find(told.headers, name, &rules::ExplainedField::name);
    return found == told.headers.end() ? "(none)" : found->value;
}

TEST(Answers, are_those_of_the_edge) {
    const Manifest manifest = manifest_of({{"_headers", "/*\n  X-Frame-Options: DENY\n"}});
    const rules::Explanation page = ask(manifest, "/");
    EXPECT_EQ(page.status, 200u);
    EXPECT_EQ(page.file, "index.html");
    EXPECT_EQ(field(page, "x-frame-options"), "DENY");
    EXPECT_EQ(field(page, "content-type"), "text/html; charset=utf-8");
    EXPECT_EQ(field(page, "x-robots-tag"), "(none)");
    const rules::Explanation missing = ask(manifest, "/nowhere");
    EXPECT_EQ(missing.status, 404u);
    EXPECT_EQ(missing.file, "404.html");
    EXPECT_EQ(field(missing, "etag"), "(none)");
}

TEST(Answers, say_where_a_redirect_leads) {
    const Manifest manifest = manifest_of({{"berth.toml", ""}});
    const rules::Explanation told = ask(manifest, "/docs");
    EXPECT_EQ(told.status, 308u);
    EXPECT_EQ(field(told, "location"), "/docs/");
    EXPECT_EQ(told.file, "");
}

TEST(Answers, refuse_what_the_edge_refuses) {
    const Manifest manifest = manifest_of({});
    const ManifestFiles files(manifest);
    const rules::Rules rules(manifest.rules);
    EXPECT_EQ(answer_of(rules, files, {.url = "/%zz"}, "shop.example").error().code, "invalid_url");
}

TEST(Answers, of_previews_keep_search_engines_away) {
    const Manifest manifest = manifest_of({});
    const ManifestFiles files(manifest);
    const rules::Rules rules(manifest.rules);
    const auto explained = rules::explain(rules, files, {.url = "/"}, "shop.example").value();
    const auto fields = fields_of(files, explained, Audience::previewers);
    EXPECT_TRUE(std::ranges::any_of(fields, [](const rules::ExplainedField& one) {
        return one.name == "x-robots-tag" && one.value == "noindex";
    }));
}

}  // namespace
}  // namespace berth::artifacts
