/// Thousands of hostile paths and hosts, through the one normaliser and a real edge: nothing but
/// the deployment's files is served, and no redirect leaves the host but by a rule that says so.

#include <gtest/gtest.h>

#include <set>

#include "edge/running_edge.hpp"
#include "http/head_parser.hpp"
#include "http/normalise.hpp"
#include "rules/read_rules.hpp"

namespace berth::edge {
namespace {

using namespace testing_support;

const std::vector<std::string> beginnings{"/", "/docs/", "/a.html/", "/x/y/z/", "//", "/%2e/"};

/// Ways to write "up one", and what looks like it.
const std::vector<std::string> ups{"..",
                                   "%2e%2e",
                                   "%2E%2e",
                                   ".%2e",
                                   "%2e.",
                                   "%252e%252e",
                                   "%25252e%25252e",
                                   "..;",
                                   "..;x=y",
                                   "..%3bx",
                                   "..%00",
                                   "%00..",
                                   "..%20",
                                   "%20..",
                                   "..%09",
                                   "..%0a",
                                   "..%0d%0aX-Injected:%201",
                                   "..%7f",
                                   "...",
                                   "....",
                                   "..%2f",
                                   "..%2F..%2F",
                                   "..%5c",
                                   "..%5C..%5C",
                                   "..%252f",
                                   "..%255c",
                                   "%c0%ae%c0%ae",
                                   "%e0%80%ae%e0%80%ae",
                                   "%f0%80%80%ae%f0%80%80%ae",
                                   "%ef%bc%8e%ef%bc%8e",
                                   "%e2%80%a4%e2%80%a4",
                                   "%uff0e%uff0e",
                                   "%u002e%u002e",
                                   "..%c0%af",
                                   "..%e0%80%af",
                                   "..%c1%9c",
                                   "..%ef%bc%8f",
                                   "..%e2%88%95",
                                   "..\\",
                                   "\\..\\",
                                   ".\\..",
                                   "%5c%5c..",
                                   "%2e%2e%2f",
                                   "%2e%2e%5c",
                                   "..%ff",
                                   "..%3f",
                                   "..%23",
                                   "..?",
                                   "..%25",
                                   ".",
                                   "%2e",
                                   "x/..",
                                   "x/%2e%2e",
                                   "./..",
                                   "../.",
                                   "..%",
                                   "..%2",
                                   "..%zz",
                                   "%2%65",
                                   "..,",
                                   "..:",
                                   "..@",
                                   "..*",
                                   "~",
                                   "%7e",
                                   ".git",
                                   "%2egit"};

const std::vector<std::string> separators{"/", "//", "/./", "%2f", "\\", "%5c", "/;/", "///.//"};

const std::vector<std::string> ends{"secret.txt", "public/routes/_head", "etc/passwd",
                                    "docs",       "evil.test",           ""};

/// Every beginning with every way up, once and twice, and every end.
std::vector<std::string> hostile_paths() {
    std::vector<std::string> paths;
    for (const std::string& beginning : beginnings) {
        for (const std::string& up : ups) {
            for (const std::string& separator : separators) {
                for (const std::string& end : ends)
                    paths.push_back(fmt::format("{}{}{}{}", beginning, up, separator, end));
                paths.push_back(fmt::format("{0}{1}{2}{1}{2}secret.txt", beginning, up, separator));
            }
        }
    }
    return paths;
}

/// What browsers may take for another host, and paths with ports, users and addresses in them.
const std::vector<std::string> lures{"//evil.test",
                                     "///evil.test",
                                     "////evil.test//",
                                     "/\\evil.test",
                                     "\\\\evil.test",
                                     "/%5cevil.test",
                                     "/%2f%2fevil.test",
                                     "/%2fevil.test",
                                     "/.//evil.test",
                                     "/./%2f/evil.test",
                                     "/..//evil.test",
                                     "/x/..//evil.test",
                                     "/%09/evil.test",
                                     "/%0a/evil.test",
                                     "/%0d/evil.test",
                                     "/%0d%0aLocation:%20//evil.test",
                                     "/%0d%0a%0d%0a<html>",
                                     "/%E5%98%8A%E5%98%8DX-Injected:%201",
                                     "/%c4%8d%c4%8aX-Injected:%201",
                                     "//evil.test:80",
                                     "//evil.test%2f",
                                     "//evil.test/..",
                                     "//evil.test/%2e%2e",
                                     "//u@evil.test",
                                     "//shop.test@evil.test",
                                     "//shop.test:x@evil.test/",
                                     "//[::1]/",
                                     "//127.0.0.1",
                                     "//2130706433/",
                                     "//0x7f.1/",
                                     "//xn--vil-9oa.test/",
                                     "//%d1%83vil.test",
                                     "//evil%E3%80%82test",
                                     "/http://evil.test",
                                     "/https:/evil.test",
                                     "/https:%2f%2fevil.test",
                                     "/javascript:alert(1)",
                                     "/javascript:%0aalert(1)",
                                     "/data:text/html,x",
                                     "/;//evil.test",
                                     "/;@evil.test",
                                     "/@evil.test",
                                     "/:80",
                                     "/:@evil.test",
                                     "/.evil.test",
                                     "/%2eevil.test",
                                     "/?//evil.test",
                                     "/?%0d%0aX-Injected:%201",
                                     "/?\\evil.test",
                                     "/a?b=//evil.test",
                                     "/docs?//evil.test",
                                     "/docs?%0d%0aX-Injected:%201",
                                     "/docs;x=y",
                                     "/docs%20",
                                     "/docs%3f",
                                     "/docs%23",
                                     "/docs%25",
                                     "/docs%2e",
                                     "/docs.",
                                     "/DOCS",
                                     "/docs//",
                                     "/docs/./",
                                     "/docs/../docs",
                                     "//docs",
                                     "///docs",
                                     "/%64ocs",
                                     "/evil.test",
                                     "//evil.test/index.html",
                                     "/evil.test/..;/docs"};

std::string without_query(const std::string& target) {
    return target.substr(0, target.find('?'));
}

// --- the one normaliser

/// Nothing of a normalised path can be taken for another by who reads it next.
void expect_canonical(const std::string& path) {
    EXPECT_TRUE(path.starts_with('/'));
    EXPECT_EQ(path.find("//"), path.npos);
    EXPECT_EQ(path.find('\\'), path.npos);
    for (std::size_t begin = 1; begin <= path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string segment = path.substr(begin, end - begin);
        EXPECT_TRUE(segment != "." && segment != "..") << path;
        begin = end + 1;
    }
    for (const char c : path)
        EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << path;
}

void expect_one_form(const std::string& received) {
    SCOPED_TRACE(received);
    const std::optional<std::string> once = http::normalise_path(received);
    if (!once) return;
    expect_canonical(*once);
    EXPECT_EQ(http::normalise_path(http::encode_path(*once)), once);
    const std::string encoded = http::encode_path(*once);
    EXPECT_TRUE(std::ranges::all_of(encoded, [](char c) {
        return c > 0x20 && c < 0x7f && c != '\\' && c != '"' && c != '<' && c != '>' && c != '#';
    })) << encoded;
}

TEST(PathSafety, has_thousands_of_cases) {
    std::set<std::string> cases;
    for (const std::string& path : hostile_paths())
        cases.insert(path);
    cases.insert(lures.begin(), lures.end());
    EXPECT_GE(cases.size(), 5'000U);
}

TEST(PathSafety, has_one_form_for_every_path) {
    for (const std::string& path : hostile_paths())
        expect_one_form(without_query(path));
    for (const std::string& path : lures)
        expect_one_form(without_query(path));
}

TEST(PathSafety, decodes_once_alone) {
    for (const std::string& up : ups) {
        const std::optional<std::string> once = http::normalise_path("/" + up);
        if (!once) continue;
        // Escaped a second time it stays a name, however it is spelled.
        std::string twice = "/";
        for (const char c : up)
            twice += c == '%' ? std::string("%25") : std::string(1, c);
        if (up.find('%') != up.npos) EXPECT_EQ(http::normalise_path(twice), "/" + up);
    }
}

// --- the edge

/// What the deployment has, by path.
std::map<std::string, std::string> site_files() {
    std::map<std::string, std::string> files;
    for (const char* path :
         {"index.html", "a.html", "docs/index.html", "docs/page.html", "evil.test/index.html",
          "x/y/z/index.html", "404.html", "...", "%2e%2e/index.html", "~/index.html"})
        files[path] = std::string("the file ") + path;
    return files;
}

/// On this host still, whatever a browser makes of it.
void expect_stays(const std::string& location) {
    EXPECT_TRUE(location.starts_with('/')) << location;
    EXPECT_FALSE(location.size() > 1 && (location[1] == '/' || location[1] == '\\')) << location;
    EXPECT_TRUE(std::ranges::all_of(location, [](char c) { return c > 0x20 && c < 0x7f; }))
        << location;
}

void expect_no_injection(const Answer& answer) {
    EXPECT_EQ(answer.head.find("\r\nX-Injected"), answer.head.npos) << answer.head;
    EXPECT_EQ(answer.head.find("\r\nx-injected"), answer.head.npos) << answer.head;
    std::string_view lines = answer.head;
    lines.remove_prefix(lines.find("\r\n") + 2);
    while (lines != "\r\n") {  // ends at the blank line, which first_answer has seen
        const std::string_view line = lines.substr(0, lines.find("\r\n"));
        const std::size_t colon = std::min(line.find(':'), line.size());
        EXPECT_TRUE(http::is_token(line.substr(0, colon))) << line;
        EXPECT_TRUE(http::is_field_value(line.substr(colon))) << line;
        lines.remove_prefix(line.size() + 2);
    }
    const auto locations = std::string_view(answer.head).find("\r\nlocation: ");
    EXPECT_EQ(answer.head.find("\r\nlocation: ", std::min(locations, answer.head.size() - 1) + 1),
              answer.head.npos)
        << answer.head;
}

const std::map<std::string, std::map<std::string, std::string>> rule_files{
    {"netlify.test",
     {{"_redirects",
       "/old/* /new/:splat 301\n/bare/* /:splat 302\n/id/:id /item/:id 301\n"
       "/q/* /find?x=:splat 302\n/out/* https://ok.test/:splat 301\n/mid/* /a/:splat/b 307\n"
       "/frag/* /page#:splat 302\n"},
      {"netlify.toml", ""}}},
    {"cloudflare.test",
     {{"_redirects",
       "/old/* /new/:splat 301\n/bare/* /:splat 302\n/id/:id /item/:id\n"
       "/out/* https://ok.test/:splat\n"},
      {"wrangler.toml", "name = \"x\"\n"}}},
    {"vercel.test",
     {{"vercel.json",
       R"json({"cleanUrls": true, "trailingSlash": false, "redirects": [
  {"source": "/old/:path*", "destination": "/new/:path*"},
  {"source": "/bare/:path*", "destination": "/:path*"},
  {"source": "/id/:id", "destination": "/item/:id"},
  {"source": "/q/:path*", "destination": "/find?x=:path*"},
  {"source": "/re/(.*)", "destination": "/$1"},
  {"source": "/out/:path*", "destination": "https://ok.test/:path*"}]})json"}}},
    {"slashes.test", {{"vercel.json", R"({"cleanUrls": true, "trailingSlash": true})"}}},
    {"berth-rules.test",
     {{"berth.toml",
       "[files]\nclean_urls = true\ntrailing_slash = \"remove\"\n"
       "[[redirects]]\nfrom = \"/old/*\"\nto = \"/new/:splat\"\n"
       "[[redirects]]\nfrom = \"/bare/*\"\nto = \"/:splat\"\nquery = \"merge\"\n"
       "[[redirects]]\nfrom = \"/id/:id\"\nto = \"/item/:id\"\n"
       "[[redirects]]\nfrom = \"/by-query\"\nto = \"/:u\"\nwhen = { query = { u = \":u\" } }\n"
       "[[redirects]]\nfrom = \"/out/*\"\nto = \"https://ok.test/:splat\"\n"
       "[[headers]]\nfor = \"/*\"\nset = { X-Kept = \"1\" }\n"}}}};

class PathSafetyAtEdge : public testing::Test {
protected:
    PathSafetyAtEdge() {
        const auto files = site_files();
        int number = 0;
        for (const auto& [host, rules_of_host] : rule_files) {
            const std::string deployment = fmt::format("dpl_{}", ++number);
            artifacts::Manifest manifest = store_.deploy(deployment, files);
            manifest.rules = rules::read_rules(rules_of_host);
            EXPECT_TRUE(manifest.rules.problems.empty()) << json::text(manifest.rules);
            store_.put(store_ / artifacts::manifest_key(deployment), json::text(manifest));
            store_.publish(store_.route(host, deployment));
        }
        store_.deploy("dpl_plain", files);
        store_.publish(store_.route("shop.test", "dpl_plain"));
        // What nobody may ever get.
        for (const char* path : {"secret.txt", "public/secret.txt", "public/blobs/secret.txt",
                                 "public/manifests/secret.txt", "state/secret.txt", "etc/passwd"})
            store_.put(store_ / path, "SECRET");
        edge_.emplace(store_);
        client_.emplace(edge_->port());
    }

    Answer get(const std::string& target, const std::string& host) {
        return client_->ask("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    }

    /// A file of the deployment under one of the names that the path may have, its own page for
    /// what is missing, a redirect on this host, or a refusal.
    void expect_safe(const std::string& target, const std::string& host) {
        const Answer answer = get(target, host);
        const std::optional<std::string> path = http::normalise_path(without_query(target));
        const bool may_hide = target.find('\\') != target.npos && target.find('?') == target.npos;
        if (!path || may_hide) {
            EXPECT_EQ(answer.status, 400U) << answer.head;
            return;
        }
        EXPECT_EQ(answer.body.find("SECRET"), answer.body.npos) << answer.body;
        expect_no_injection(answer);
        const auto location = answer.field("location");
        EXPECT_EQ(location.has_value(), answer.status > 300 && answer.status < 400) << answer.head;
        if (location) {
            expect_stays(*location);
        } else if (answer.status == 200) {
            expect_file_of(*path, answer.body);
        } else {
            EXPECT_EQ(answer.status, 404U) << answer.head;
            EXPECT_EQ(answer.body, files_.at("404.html"));
        }
    }

    void expect_file_of(const std::string& path, const std::string& body) {
        std::string key = path.substr(1);
        bool found = false;
        for (const char* suffix : {"", ".html", "index.html", "/index.html"}) {
            const auto file = files_.find(key + suffix);
            found = found || (file != files_.end() && file->second == body);
        }
        EXPECT_TRUE(found) << body << " for " << path;
    }

    const std::map<std::string, std::string> files_ = site_files();
    Store store_;
    std::optional<RunningEdge> edge_;
    std::optional<Client> client_;
};

TEST_F(PathSafetyAtEdge, serves_nothing_but_the_files_of_the_deployment) {
    for (const std::string& path : hostile_paths()) {
        SCOPED_TRACE(path);
        expect_safe(path, "shop.test");
    }
}

TEST_F(PathSafetyAtEdge, leads_nobody_away_without_a_rule) {
    for (const std::string host : {"shop.test", "slashes.test"}) {
        for (const std::string& path : lures) {
            SCOPED_TRACE(fmt::format("{} at {}", path, host));
            expect_safe(path, host);
        }
    }
}

/// Captured behind "/old/" and the like.
std::vector<std::string> hostile_captures() {
    std::vector<std::string> captures;
    for (const std::string& up : ups) {
        for (const char* end :
             {"", "/evil.test", "//evil.test", "\\evil.test", "/%2e%2e/secret.txt"})
            captures.push_back(up + end);
    }
    for (const std::string& lure : lures) {
        captures.push_back(lure.substr(1));
        captures.push_back(lure);
        captures.push_back("x" + lure);
        captures.push_back("%2f" + lure.substr(1));
    }
    return captures;
}

TEST_F(PathSafetyAtEdge, puts_captures_into_redirects_without_leaving_the_host) {
    std::map<std::string, std::size_t> redirects;
    for (const auto& [host, rules_of_host] : rule_files) {
        for (const char* rule : {"/old/", "/bare/", "/id/", "/q/", "/mid/", "/frag/", "/re/"}) {
            for (const std::string& capture : hostile_captures()) {
                SCOPED_TRACE(fmt::format("{}{} at {}", rule, capture, host));
                const Answer answer = get(rule + capture, host);
                EXPECT_TRUE(answer.status >= 200 && answer.status < 500) << answer.head;
                expect_no_injection(answer);
                EXPECT_EQ(answer.body.find("SECRET"), answer.body.npos);
                const auto location = answer.field("location");
                if (!location) continue;
                expect_stays(*location);
                ++redirects[host];
            }
        }
    }
    // The rules were asked, not only the parser.
    for (const auto& [host, rules_of_host] : rule_files)
        EXPECT_GT(redirects[host], 300U) << host;
}

TEST_F(PathSafetyAtEdge, puts_captures_into_other_hosts_paths_alone) {
    for (const auto& [host, rules_of_host] : rule_files) {
        if (host == "slashes.test") continue;
        std::size_t redirects = 0;
        for (const std::string& capture : hostile_captures()) {
            SCOPED_TRACE(fmt::format("{} at {}", capture, host));
            const Answer answer = get("/out/" + capture, host);
            expect_no_injection(answer);
            const auto location = answer.field("location");
            if (!location) continue;
            if (location->starts_with('/')) {
                expect_stays(*location);
                continue;
            }
            EXPECT_TRUE(location->starts_with("https://ok.test/")) << *location;
            EXPECT_EQ(without_query(*location).find("//", 8), location->npos) << *location;
            ++redirects;
        }
        EXPECT_GT(redirects, 50U) << host;
    }
}

TEST_F(PathSafetyAtEdge, puts_a_query_into_a_redirect_escaped) {
    for (const std::string& lure : lures) {
        const Answer answer = get("/by-query?u=" + lure, "berth-rules.test");
        SCOPED_TRACE(lure);
        expect_no_injection(answer);
        if (const auto location = answer.field("location")) expect_stays(*location);
    }
}

// --- hosts

const std::vector<std::string> hosts{"shop.test",
                                     "SHOP.TEST",
                                     "shop.test.",
                                     "shop.test:80",
                                     "shop.test.:80",
                                     "shop.test:65535",
                                     "shop.test:65536",
                                     "shop.test:0",
                                     "shop.test:",
                                     "shop.test:x",
                                     "shop.test:80:80",
                                     "u@shop.test",
                                     "shop.test@evil",
                                     "shop.test/evil",
                                     "shop.test\\evil",
                                     "shop.test?x",
                                     "shop.test#x",
                                     "shop.test evil",
                                     "shop.test\tx",
                                     "shop.test%2eevil",
                                     "shop.test%00",
                                     "shop..test",
                                     ".shop.test",
                                     "shop.test..",
                                     "xn--shp-sna.test",
                                     "sh\xc3\xb6p.test",
                                     "shop\xe3\x80\x82test",
                                     "127.0.0.1",
                                     "127.1",
                                     "2130706433",
                                     "0x7f000001",
                                     "0177.0.0.1",
                                     "[::1]",
                                     "[::1]:80",
                                     "[::ffff:127.0.0.1]",
                                     "[::1%25lo]",
                                     "[shop.test]",
                                     "[]",
                                     "::1",
                                     "../shop.test",
                                     "..",
                                     "_head",
                                     "shop.test/../x",
                                     "a_b.test",
                                     "evil.test",
                                     "shop.test.evil",
                                     "evil.shop.test",
                                     "localhost"};

TEST_F(PathSafetyAtEdge, knows_a_host_by_one_form) {
    std::size_t served = 0;
    for (const std::string& host : hosts) {
        for (std::string path :
             {"/", "/docs", "/docs/", "//evil.test", "/%2e%2e/docs", "/a.html"}) {
            SCOPED_TRACE(fmt::format("{} at {}", path, host));
            const Answer answer = get(path, host);
            const std::optional<std::string> known = http::normalise_host(host);
            if (!known) {
                EXPECT_EQ(answer.status, 400U) << answer.head;
                continue;
            }
            EXPECT_EQ(http::normalise_host(*known), known);
            EXPECT_EQ(answer.status == 404 && answer.body.find("unknown_host") != std::string::npos,
                      *known != "shop.test")
                << answer.body;
            if (const auto location = answer.field("location")) expect_stays(*location);
            served += *known == "shop.test" ? 1U : 0U;
        }
    }
    EXPECT_EQ(served, 36U);
}

}  // namespace
}  // namespace berth::edge
