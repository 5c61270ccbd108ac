#include "edge/site.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "edge/shelf.hpp"
#include "edge/visitor_address.hpp"

namespace berth::edge {
namespace {

std::shared_ptr<const Site> site_of(std::initializer_list<const char*> paths, bool spa = false) {
    artifacts::Manifest manifest;
    manifest.deployment = "dpl_1";
    manifest.spa = spa;
    for (const char* path : paths) {
        manifest.files[path] = {
            artifacts::EntryKind::file, sha256_hex(path), 1, "text/html", false, {}};
    }
    return Site::make(manifest).value();
}

/// The file's path, "308 /…", or "404".
std::string lead(const Site& site, std::string_view path, bool navigation = true) {
    const rules::Ask ask{.host = "shop.localhost", .path = path, .navigation = navigation};
    const rules::Decision found = site.rules().decide(ask, site, nullptr);
    using enum rules::Decision::Kind;
    if (found.kind == redirect) return "308 " + found.location;
    const SiteFile* of = site.file(found.file);
    if (found.kind == file) return std::string(site.path_of(*of));
    return of == nullptr ? "404" : "404 " + std::string(site.path_of(*of));
}

TEST(Resolve, finds_files_indexes_and_pages) {
    const auto site = site_of({"index.html", "about.html", "docs/index.html", "a.js", "docs/x.html",
                               "both.html", "both/index.html", ".well-known/acme", "no-type"});
    EXPECT_EQ(lead(*site, "/"), "index.html");
    EXPECT_EQ(lead(*site, "/a.js"), "a.js");
    EXPECT_EQ(lead(*site, "/about"), "about.html");
    EXPECT_EQ(lead(*site, "/about.html"), "about.html");
    EXPECT_EQ(lead(*site, "/about/"), "308 /about");
    EXPECT_EQ(lead(*site, "/docs"), "308 /docs/");
    EXPECT_EQ(lead(*site, "/docs/"), "docs/index.html");
    EXPECT_EQ(lead(*site, "/docs/x"), "docs/x.html");
    EXPECT_EQ(lead(*site, "/both"), "both.html");
    EXPECT_EQ(lead(*site, "/both/"), "both/index.html");
    EXPECT_EQ(lead(*site, "/.well-known/acme"), ".well-known/acme");
    EXPECT_EQ(lead(*site, "/no-type"), "no-type");
    EXPECT_EQ(lead(*site, "/missing"), "404");
    EXPECT_EQ(lead(*site, "/a.js/"), "404");
    EXPECT_EQ(lead(*site, "/DOCS/"), "404");
}

TEST(Resolve, falls_back_to_the_app_only_for_navigations) {
    const auto site = site_of({"index.html", "a.js"}, true);
    EXPECT_EQ(lead(*site, "/deep/link"), "index.html");
    EXPECT_EQ(lead(*site, "/deep/"), "index.html");
    EXPECT_EQ(lead(*site, "/missing.js"), "404");
    EXPECT_EQ(lead(*site, "/v1.2/link"), "index.html");
    EXPECT_EQ(lead(*site, "/deep/link", false), "404");
    const auto with_page = site_of({"index.html", "404.html"}, true);
    EXPECT_EQ(lead(*with_page, "/deep/link"), "404 404.html");
    const auto plain = site_of({"index.html", "404.html"});
    EXPECT_EQ(lead(*plain, "/deep/link"), "404 404.html");
}

TEST(SiteMake, refuses_what_it_would_not_serve) {
    const auto refused = [](const std::string& path, const std::string& sha256,
                            const std::string& type) {
        artifacts::Manifest manifest;
        manifest.files[path] = {artifacts::EntryKind::file, sha256, 1, type, false, {}};
        return Site::make(manifest).has_error();
    };
    const std::string good = sha256_hex("x");
    EXPECT_FALSE(refused("a", good, "text/html"));
    EXPECT_TRUE(refused("", good, "text/html"));
    EXPECT_TRUE(refused("/a", good, "text/html"));
    EXPECT_TRUE(refused("a", "../x", "text/html"));
    EXPECT_TRUE(refused("a", good.substr(1), "text/html"));
    EXPECT_TRUE(refused("a", std::string(64, 'g'), "text/html"));
    EXPECT_TRUE(refused("a", good, "text/html\r\nx: y"));
}

TEST(SiteMake, finds_each_of_many_files) {
    artifacts::Manifest manifest;
    for (int i = 0; i < 5000; ++i) {
        const std::string path = "d/" + std::to_string(i);
        manifest.files[path] = {
            artifacts::EntryKind::file, sha256_hex(path), 1, "text/plain", false, {}};
    }
    const auto site = Site::make(manifest).value();
    for (int i = 0; i < 5000; ++i) {
        const std::string path = "d/" + std::to_string(i);
        ASSERT_NE(site->find(path), nullptr);
        ASSERT_EQ(hex_of(site->find(path)->sha256), sha256_hex(path));
    }
    EXPECT_EQ(site->find("d/5000"), nullptr);
    EXPECT_LT(site->memory_bytes(), 5000U * 110);
}

TEST(Shelf, keeps_the_last_used_within_its_bound) {
    Shelf<int, std::string> shelf(100);
    shelf.put(1, "one", 40);
    shelf.put(2, "two", 40);
    EXPECT_NE(shelf.find(1), nullptr);
    shelf.put(3, "three", 40);
    EXPECT_EQ(shelf.find(2), nullptr);
    EXPECT_EQ(*shelf.find(1), "one");
    shelf.put(4, "too large", 101);
    EXPECT_EQ(shelf.find(4), nullptr);
    shelf.put(1, "new", 60);
    EXPECT_EQ(*shelf.find(1), "new");
    EXPECT_LE(shelf.bytes(), 100U);
}

http::HeadView head_with(std::initializer_list<http::FieldView> fields) {
    http::HeadView head;
    for (const http::FieldView& field : fields)
        head.fields[head.field_count++] = field;
    return head;
}

TEST(TrustedProxies, are_believed_and_nobody_else) {
    const TrustedProxies proxies =
        TrustedProxies::parse({"10.0.0.0/8", "2001:db8::/32", "::1"}).value();
    const auto head = head_with(
        {{"x-forwarded-for", "6.6.6.6, 192.0.2.7, 10.1.1.1"}, {"x-forwarded-proto", "https"}});
    EXPECT_EQ(proxies.visitor_of("10.2.3.4", head).address, "192.0.2.7");
    EXPECT_TRUE(proxies.visitor_of("10.2.3.4", head).secure);
    EXPECT_EQ(proxies.visitor_of("198.51.100.1", head).address, "198.51.100.1");
    EXPECT_FALSE(proxies.visitor_of("198.51.100.1", head).secure);
    EXPECT_EQ(proxies.visitor_of("2001:db8::9", head).address, "192.0.2.7");
    EXPECT_EQ(proxies.visitor_of("10.0.0.1", head_with({})).address, "10.0.0.1");
    EXPECT_EQ(proxies.visitor_of("10.0.0.1", head_with({{"x-forwarded-for", "rubbish"}})).address,
              "10.0.0.1");
    EXPECT_EQ(
        proxies.visitor_of("::1", head_with({{"x-forwarded-for", "[2001:db9::1]:80"}})).address,
        "2001:db9::1");
    EXPECT_EQ(proxies.visitor_of("::1", head_with({{"x-forwarded-for", "192.0.2.9:81"}})).address,
              "192.0.2.9");
}

TEST(TrustedProxies, are_believed_for_their_own_word_alone) {
    const TrustedProxies proxies = TrustedProxies::parse({"10.0.0.0/8"}).value();
    const auto is_secure = [&](std::initializer_list<http::FieldView> fields) {
        return proxies.visitor_of("10.2.3.4", head_with(fields)).secure;
    };
    EXPECT_TRUE(is_secure({{"x-forwarded-proto", "HTTPS"}}));
    EXPECT_TRUE(is_secure({{"x-forwarded-proto", "http, https"}}));
    EXPECT_FALSE(is_secure({{"x-forwarded-proto", "https, http"}}));  // the visitor's, ours
    EXPECT_FALSE(is_secure({{"x-forwarded-proto", "https"}, {"x-forwarded-proto", "http"}}));
    EXPECT_FALSE(is_secure({{"x-forwarded-proto", ""}}));
}

TEST(TrustedProxies, refuse_malformed_networks) {
    for (const char* bad :
         {"", "x", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "::1/129", "10.0.0/8"}) {
        EXPECT_TRUE(TrustedProxies::parse({bad}).has_error()) << bad;
    }
}

}  // namespace
}  // namespace berth::edge
