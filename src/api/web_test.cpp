#include "api/web.hpp"

#include <gtest/gtest.h>

#include "rules/berth_toml_schema.hpp"

namespace berth::api {
namespace {

constexpr WebAsset assets[] = {
    {"/assets/app-1a2b.js", "text/javascript; charset=utf-8", "\"js\"", "plain js", "br js"},
    {"/favicon.svg", "image/svg+xml", "\"svg\"", "<svg/>", ""},
    {"/index.html", "text/html; charset=utf-8", "\"html\"", "<html>", "br html"},
};

http::Response fetch(const std::string& path, const std::string& encoding = "",
                     const std::string& etag = "", http::Verb verb = http::Verb::get) {
    http::Request request;
    request.verb = verb;
    request.path = path;
    request.headers.set("host", "localhost:8080");
    if (!encoding.empty()) request.headers.set("accept-encoding", encoding);
    if (!etag.empty()) request.headers.set("if-none-match", etag);
    return web_answer(request, assets);
}

std::string text(const http::Response& response) {
    return std::get<std::string>(response.body);
}

TEST(WebTest, serves_hashed_files_for_ever_and_the_page_for_every_other_path) {
    const http::Response js = fetch("/assets/app-1a2b.js");
    EXPECT_EQ(text(js), "plain js");
    EXPECT_EQ(js.headers.get("cache-control"), "public, max-age=31536000, immutable");
    for (const char* path : {"/", "/projects/shop", "/projects/shop/deployments/dpl_x", "/setup"}) {
        const http::Response page = fetch(path);
        EXPECT_EQ(text(page), "<html>") << path;
        EXPECT_EQ(page.headers.get("cache-control"), "no-cache");
    }
}

TEST(WebTest, does_not_answer_a_missing_file_with_the_page) {
    EXPECT_EQ(fetch("/assets/gone.js").status, 404u);
    EXPECT_EQ(fetch("/assets/gone").status, 404u);
    EXPECT_EQ(fetch("/robots.txt").status, 404u);
    EXPECT_EQ(fetch("/", "", "", http::Verb::post).status, 405u);
}

TEST(WebTest, serves_the_schema_of_berth_toml_where_editors_look_for_it) {
    const http::Response schema = fetch("/schema/berth.toml.json");
    EXPECT_EQ(schema.status, 200u);
    EXPECT_EQ(schema.headers.get("content-type"), "application/schema+json");
    EXPECT_EQ(text(schema), rules::berth_toml_schema());
    EXPECT_EQ(fetch("/schema/other.json").status, 404u);
}

TEST(WebTest, sends_brotli_to_who_takes_it) {
    EXPECT_EQ(text(fetch("/", "gzip, deflate, br")), "br html");
    EXPECT_EQ(fetch("/", "br").headers.get("content-encoding"), "br");
    EXPECT_EQ(text(fetch("/", "gzip, br;q=0")), "<html>");
    EXPECT_EQ(text(fetch("/", "br;q=0.5")), "br html");
    EXPECT_EQ(text(fetch("/favicon.svg", "br")), "<svg/>");
    EXPECT_EQ(fetch("/").headers.get("vary"), "accept-encoding");
}

TEST(WebTest, says_that_nothing_changed) {
    const http::Response same = fetch("/", "", "\"html\"");
    EXPECT_EQ(same.status, 304u);
    EXPECT_EQ(text(same), "");
    EXPECT_EQ(fetch("/", "", "\"old\"").status, 200u);
}

TEST(WebTest, lets_the_page_load_and_call_only_what_is_ours) {
    const http::Response page = fetch("/");
    const std::string policy(page.headers.get("content-security-policy"));
    for (const char* part : {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'",
                             "base-uri 'none'", "connect-src 'self' ws://localhost:8080;"})
        EXPECT_NE(policy.find(part), std::string::npos) << part;
    EXPECT_EQ(policy.find("unsafe"), std::string::npos);
    EXPECT_EQ(page.headers.get("x-content-type-options"), "nosniff");
    EXPECT_EQ(page.headers.get("cross-origin-opener-policy"), "same-origin");
}

TEST(WebTest, does_not_take_a_strange_host_into_the_policy) {
    http::Request request;
    request.path = "/";
    request.headers.set("host", "x; script-src *");
    const http::Response page = web_answer(request, assets);
    EXPECT_EQ(page.headers.get("content-security-policy").find("script-src *"),
              std::string_view::npos);
}

TEST(WebTest, says_how_to_build_it_when_it_is_not_there) {
    http::Request request;
    request.path = "/";
    const http::Response page = web_answer(request, {});
    EXPECT_EQ(page.status, 200u);
    EXPECT_NE(text(page).find("BERTH_WEB"), std::string::npos);
}

}  // namespace
}  // namespace berth::api
