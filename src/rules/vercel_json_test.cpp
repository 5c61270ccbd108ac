#include "rules/vercel_json.hpp"

#include <gtest/gtest.h>

#include "rules/pattern.hpp"

namespace berth::rules {
namespace {

RuleSet read(std::string_view text) {
    RuleSet set;
    read_vercel_json(text, set);
    return set;
}

/// "/a/{id}": captures in braces.
std::string shape(const Template& pieces) {
    std::string out;
    for (const Piece& piece : pieces) {
        out += piece.text;
        if (!piece.capture.empty()) out += "{" + piece.capture + "}";
    }
    return out;
}

std::string shape(const Target& target) {
    std::string out = target.scheme.empty() ? "" : target.scheme + "://" + shape(target.host);
    out += shape(target.path);
    if (!target.query.empty()) out += "?" + shape(target.query);
    if (!target.fragment.empty()) out += "#" + shape(target.fragment);
    return out;
}

/// "!header x equals a|b".
std::string shape(const Condition& condition) {
    std::string out = condition.negated ? "!" : "";
    out += boost::describe::enum_to_string(condition.subject, "");
    if (!condition.name.empty()) out += " " + condition.name;
    out += std::string(" ") + boost::describe::enum_to_string(condition.test, "");
    for (std::size_t at = 0; at < condition.values.size(); ++at)
        out += (at == 0 ? " " : "|") + condition.values[at];
    return out;
}

std::vector<std::string> shapes(const std::vector<Condition>& conditions) {
    std::vector<std::string> out;
    out.reserve(conditions.size());
    for (const Condition& condition : conditions)
        out.push_back(shape(condition));
    return out;
}

std::vector<std::string> shapes(const std::vector<HeaderChange>& changes) {
    std::vector<std::string> out;
    out.reserve(changes.size());
    for (const HeaderChange& change : changes)
        out.push_back(shape(change.name) + ": " + shape(change.value));
    return out;
}

std::string messages(const RuleSet& set) {
    std::string out;
    for (const Problem& problem : set.problems) {
        EXPECT_EQ(problem.origin.file, "vercel.json");
        EXPECT_LT(problem.message.size(), 800U);
        out += fmt::format("{}:{}: {}\n", boost::describe::enum_to_string(problem.severity, ""),
                           problem.origin.line, problem.message);
    }
    return out;
}

/// A list of one object; ' stands for ".
std::string list(std::string_view key, std::string_view object) {
    std::string text = fmt::format("{{'{}': [{}]}}", key, object);
    std::ranges::replace(text, '\'', '"');
    return text;
}

std::string quoted(std::string text) {
    std::ranges::replace(text, '\'', '"');
    return text;
}

// --- files

TEST(VercelJson, says_how_paths_become_files) {
    struct {
        std::string_view text;
        bool clean;
        TrailingSlash slash;
    } const cases[] = {
        {"{}", false, TrailingSlash::as_is},
        {"{'cleanUrls': true}", true, TrailingSlash::as_is},
        {"{'cleanUrls': false, 'trailingSlash': true}", false, TrailingSlash::add},
        {"{'trailingSlash': false}", false, TrailingSlash::remove},
        {"\xEF\xBB\xBF{'cleanUrls': true}", true, TrailingSlash::as_is},
    };
    for (const auto& one : cases) {
        const RuleSet set = read(quoted(std::string(one.text)));
        EXPECT_EQ(set.files.lookup, FileLookup::vercel);
        EXPECT_EQ(set.files.redirect_status, 308U);
        EXPECT_EQ(set.files.not_found, NotFound::automatic);
        EXPECT_EQ(set.files.clean_urls, one.clean) << one.text;
        EXPECT_EQ(set.files.trailing_slash, one.slash) << one.text;
        EXPECT_EQ(messages(set), "");
    }
    EXPECT_EQ(messages(read("{\"cleanUrls\": 1,\n\"trailingSlash\": null}")),
              "error:1: 'cleanUrls' must be true or false\n"
              "error:2: 'trailingSlash' must be true or false\n");
}

// --- redirects

TEST(VercelJson, redirects_before_files_with_their_status) {
    struct {
        std::string_view members;
        std::uint32_t status;
    } const cases[] = {
        {"", 308},
        {", 'permanent': true", 308},
        {", 'permanent': false", 307},
        {", 'statusCode': 301", 301},
        {", 'statusCode': 302", 302},
        {", 'statusCode': 303", 303},
    };
    for (const auto& one : cases) {
        const RuleSet set = read(list(
            "redirects", fmt::format("{{'source': '/a', 'destination': '/b'{}}}", one.members)));
        ASSERT_EQ(set.rules.size(), 1U) << messages(set);
        const Rule& rule = set.rules[0];
        EXPECT_EQ(rule.stage, Stage::before);
        EXPECT_TRUE(rule.forced);
        EXPECT_EQ(rule.action, Action::redirect);
        EXPECT_EQ(rule.status, one.status);
        EXPECT_EQ(rule.query, QueryUse::if_none);
        EXPECT_FALSE(rule.goes_on);
        EXPECT_EQ(rule.path, exact_pattern("/a", Slash::strict));
        EXPECT_EQ(shape(rule.to), "/b");
        EXPECT_EQ(messages(set), "");
    }
}

TEST(VercelJson, gives_every_rule_its_line_and_text) {
    const RuleSet set = read(
        "{\n"
        "  \"redirects\": [\n"
        "    {\"source\": \"/a\", \"destination\": \"/b\"},\n"
        "    {\n"
        "      \"source\": \"/*\",\n"
        "      \"destination\": \"/b\"\n"
        "    },\n"
        "    {\"source\": \"/c\",\n"
        "     \"destination\": \"/:d\"}\n"
        "  ]\n"
        "}\n");
    ASSERT_EQ(set.rules.size(), 1U);
    EXPECT_EQ(set.rules[0].origin,
              (Origin{"vercel.json", 3, R"({"source":"/a","destination":"/b"})"}));
    ASSERT_EQ(set.problems.size(), 2U);
    EXPECT_EQ(set.problems[0].origin, (Origin{"vercel.json", 5, "/redirects/1/source"}));
    EXPECT_EQ(set.problems[1].origin.line, 9U);
}

TEST(VercelJson, puts_captures_into_destinations) {
    struct {
        std::string_view source, destination, shape;
    } const cases[] = {
        {"/u/:id", "/user.html", "/user.html"},
        {"/u/:id", "/user/:id", "/user/{id}"},
        {"/a/:p*", "/b/:p*", "/b/{p}"},
        {"/a/:p+", "/b/:p+.html", "/b/{p}.html"},
        {"/a/:p", "/b/:p?x=1", "/b/{p}?x=1"},
        {"/a/:p", "/b/x-:p-y", "/b/x-{p}-y"},
        {"/a/:p(\\\\d+)", "/b/:p(\\\\d+)", "/b/{p}"},
        {"/a/:p", "/b{/:p}?", "/b/{p}"},
        {"/a/:idx/:id", "/:id/:idx", "/{id}/{idx}"},
        {"/(.*)", "/x/$1", "/x/{g0}"},
        {"/(.*)", "/x/:0", "/x/{g0}"},
        {"/:a/(x)/:b", "/$1/$2/$3", "/{a}/{g0}/{b}"},
        {"/:a/(x)", "/$12/$3/$0/$", "/{a}2/$3/$0/$"},
        {"/a/:p*", "https://h.e:8080/:p*", "https://h.e:8080/{p}"},
        {"/a/:p", "https://:p.h.e/", "https://{p}.h.e/"},
        {"/a", "HTTPS://h.e", "https://h.e/"},
        {"/a", "http://h.e?x#y", "http://h.e/?x#y"},
        {"/a/:p", "/b?q=:p#:p", "/b?q={p}#{p}"},
        {"/a/:p", "/b#:q", "/b#:q"},
        {"/a", "/b c/\xC3\xA9?q=\\n", "/b%20c/%C3%A9?q=%0A"},
        {"/a", "/100%25/b", "/100%25/b"},
        {"/a", "/b:/c", "/b:/c"},
        {"/a", "/b\\\\:c", "/b:c"},
        {"/:a/:a", "/:a", "/{a}"},
    };
    for (const auto& one : cases) {
        const RuleSet set =
            read(list("redirects", fmt::format("{{'source':'{}','destination':'{}'}}", one.source,
                                               one.destination)));
        ASSERT_EQ(set.rules.size(), 1U) << one.destination << messages(set);
        EXPECT_EQ(shape(set.rules[0].to), one.shape) << one.destination;
    }
}

TEST(VercelJson, refuses_single_rules_and_says_why) {
    struct {
        std::string_view object, word;
    } const cases[] = {
        {"{'source': '/a'}", "no 'destination'"},
        {"{'destination': '/a'}", "no 'source'"},
        {"{'source': 1, 'destination': '/b'}", "'source' must be text"},
        {"{'source': '/a', 'destination': null}", "'destination' must be text"},
        {"{'source': '/a', 'destination': {'service': 'x'}}", "names a service"},
        {"{'source': '/*', 'destination': '/b'}", "stands alone"},
        {"{'source': '/(a(?=b))', 'destination': '/b'}", "look-ahead"},
        {"{'source': '/a', 'destination': 'b'}", "neither a path"},
        {"{'source': '/a', 'destination': ''}", "neither a path"},
        {"{'source': '/a', 'destination': '//x'}", "neither a path"},
        {"{'source': '/a', 'destination': '/\\\\x'}", "neither a path"},
        {"{'source': '/a', 'destination': 'mailto:x'}", "neither a path"},
        {"{'source': '/a', 'destination': 'javascript:x'}", "neither a path"},
        {"{'source': '/a', 'destination': 'https://'}", "no host"},
        {"{'source': '/a', 'destination': 'https://a b/'}", "no host"},
        {"{'source': '/a', 'destination': 'https://u:p@h/'}", "password"},
        {"{'source': '/a/:p', 'destination': '/:q'}", "':q' is captured neither"},
        {"{'source': '/a/:p', 'destination': '/b?x=:q'}", "':q' is captured neither"},
        {"{'source': '/a/:p', 'destination': 'https://:q.e/'}", "':q' is captured neither"},
        {"{'source': '/a/:idx', 'destination': '/:id'}", "':id' is captured neither"},
        {"{'source': '/a', 'destination': '/b', 'permanent': true, 'statusCode': 301}", "both"},
        {"{'source': '/a', 'destination': '/b', 'permanent': 'x'}", "true or false"},
        {"{'source': '/a', 'destination': '/b', 'statusCode': 200}", "no redirect"},
        {"{'source': '/a', 'destination': '/b', 'statusCode': 3e2}", "status"},
        {"{'source': '/a', 'destination': '/b', 'statusCode': -1}", "status"},
        {"{'source': '/a', 'destination': '/b', 'has': 1}", "'has' must be a list"},
        {"1", "must be an object"},
        {"null", "must be an object"},
        {"[]", "must be an object"},
    };
    for (const auto& one : cases) {
        const RuleSet set = read(list(
            "redirects", fmt::format("{}, {{'source': '/ok', 'destination': '/b'}}", one.object)));
        EXPECT_EQ(set.rules.size(), 1U) << one.object;
        ASSERT_EQ(set.problems.size(), 1U) << one.object << messages(set);
        EXPECT_EQ(set.problems[0].severity, Problem::Severity::error);
        EXPECT_NE(set.problems[0].message.find(one.word), std::string::npos)
            << one.object << ": " << set.problems[0].message;
    }
}

// --- rewrites

TEST(VercelJson, rewrites_after_files) {
    const RuleSet set = read(list("rewrites",
                                  "{'source': '/a', 'destination': '/b'},"
                                  "{'source': '/c', 'destination': 'https://h.e/d'},"
                                  "{'source': '/e', 'destination': '/f', 'statusCode': 404},"
                                  "{'source': '/.well-known/x', 'destination': '/f'}"));
    ASSERT_EQ(set.rules.size(), 3U);
    for (const Rule& rule : set.rules) {
        EXPECT_EQ(rule.stage, Stage::after);
        EXPECT_FALSE(rule.forced);
        EXPECT_EQ(rule.action, Action::rewrite);
        EXPECT_EQ(rule.query, QueryUse::merge);
    }
    EXPECT_EQ(set.rules[0].status, 200U);
    EXPECT_TRUE(set.rules[0].goes_on);
    EXPECT_FALSE(set.rules[1].goes_on);
    EXPECT_EQ(shape(set.rules[1].to), "https://h.e/d");
    EXPECT_EQ(set.rules[2].status, 404U);
    EXPECT_EQ(messages(set),
              "error:1: '/.well-known' is reserved and cannot be rewritten: put a file there\n");
}

TEST(VercelJson, appends_captures_that_a_rewrite_does_not_use) {
    struct {
        std::string_view members, shape;
    } const cases[] = {
        {"'source': '/u/:id', 'destination': '/user.html'", "/user.html?id={id}"},
        {"'source': '/u/:id', 'destination': '/user/:id'", "/user/{id}"},
        {"'source': '/u/:id/:n', 'destination': '/user/:id'", "/user/{id}"},
        {"'source': '/u/:id/:n', 'destination': '/x'", "/x?id={id}&n={n}"},
        {"'source': '/u/:id/:n', 'destination': '/x?id=1'", "/x?id=1&n={n}"},
        {"'source': '/a/:p', 'destination': '/b?q=:p'", "/b?q={p}&p={p}"},
        {"'source': '/a/:p', 'destination': '/b#:p'", "/b#{p}"},
        {"'source': '/a/:p', 'destination': 'https://:p.e/'", "https://{p}.e/"},
        {"'source': '/a/:p', 'destination': 'https://h.e/x'", "https://h.e/x?p={p}"},
        {"'source': '/a/:p', 'destination': '/x/$1'", "/x/{p}?p={p}"},
        {"'source': '/(.*)', 'destination': '/x/'", "/x/"},
        {"'source': '/(.*)/:q', 'destination': '/x/$1'", "/x/{g0}?q={q}"},
        {"'source': '/a', 'destination': '/b', 'has': [{'type': 'host', 'value': 'e'}]",
         "/b?host={host}"},
    };
    for (const auto& one : cases) {
        const RuleSet set = read(list("rewrites", fmt::format("{{{}}}", one.members)));
        ASSERT_EQ(set.rules.size(), 1U) << one.members << messages(set);
        EXPECT_EQ(shape(set.rules[0].to), one.shape) << one.members;
    }
}

// --- has and missing

TEST(VercelJson, reads_conditions) {
    struct {
        std::string_view list;
        std::vector<std::string> shapes;
    } const cases[] = {
        {"'has': []", {}},
        {"'has': [{'type': 'query', 'key': 'q'}]", {"query q filled"}},
        {"'has': [{'type': 'header', 'key': 'X-A', 'value': 'a.*'}]", {"header x-a matches a.*"}},
        {"'has': [{'type': 'cookie', 'key': 'C', 'value': '(?<x>a|b)(c)'}]",
         {"cookie C matches (?P<x>a|b)(?:c)"}},
        {"'has': [{'type': 'host', 'value': 'a.example'}]", {"host matches a.example"}},
        {"'has': [{'type': 'host', 'value': 'A.example'}]", {"host matches (?i)A.example"}},
        {"'missing': [{'type': 'cookie', 'key': 'c'}]", {"!cookie c filled"}},
        {"'missing': [{'type': 'query', 'key': 'q', 'value': 'x'}]", {"!query q matches x"}},
        {"'has': [{'type': 'query', 'key': 'q', 'value': 1}]", {"query q matches 1"}},
        {"'has': [{'type': 'query', 'key': 'q', 'value': {'eq': 'a'}}]", {"query q equals a"}},
        {"'has': [{'type': 'query', 'key': 'q', 'value': {'eq': 1.5}}]", {"query q equals 1.5"}},
        {"'has': [{'type': 'query', 'key': 'q', 'value': {'neq': 'a'}}]", {"!query q equals a"}},
        {"'missing': [{'type': 'query', 'key': 'q', 'value': {'neq': 'a'}}]", {"query q equals a"}},
        {"'has': [{'type': 'query', 'key': 'q', 'value': {'inc': ['a', 'b']}}]",
         {"query q equals a|b"}},
        {"'has': [{'type': 'query', 'key': 'q', 'value': {'ninc': ['a', 'b']}}]",
         {"!query q equals a|b"}},
        {"'has': [{'type': 'query', 'key': 'q', 'value': {'pre': 'a', 'suf': 'b'}}]",
         {"query q prefix a", "query q suffix b"}},
        {"'has': [{'type': 'query', 'key': 'q', 'value': {'re': '^(a)$'}}]",
         {"query q matches ^(?:a)$"}},
        {"'has': [{'type': 'query', 'key': 'q', 'value': {'gt': 1, 'lte': 5}}]",
         {"query q greater 1", "query q less_or_equal 5"}},
        {"'has': [{'type': 'query', 'key': 'q', 'value': {'gte': 1, 'lt': 5}}]",
         {"query q greater_or_equal 1", "query q less 5"}},
        {"'has': [{'type': 'query', 'key': 'a'}], 'missing': [{'type': 'query', 'key': 'b'}]",
         {"query a filled", "!query b filled"}},
    };
    for (const auto& one : cases) {
        const RuleSet set = read(list(
            "redirects", fmt::format("{{'source': '/a', 'destination': '/b', {}}}", one.list)));
        ASSERT_EQ(set.rules.size(), 1U) << one.list << messages(set);
        EXPECT_EQ(shapes(set.rules[0].conditions), one.shapes) << one.list;
        EXPECT_EQ(messages(set), "");
    }
}

TEST(VercelJson, captures_from_conditions_where_a_template_asks) {
    struct {
        std::string_view has, destination, shape;
        std::vector<std::string> shapes;
    } const cases[] = {
        {"{'type': 'query', 'key': 'id'}",
         "/b/:id",
         "/b/{id}",
         {"query id filled", "query id captures id"}},
        {"{'type': 'host', 'value': '(?<s>.*)\\\\.e'}",
         "/b/:s",
         "/b/{s}",
         {"host matches (?P<s>.*)\\.e"}},
        {"{'type': 'host', 'value': '.*'}",
         "https://:host/x",
         "https://{host}/x",
         {"host matches .*", "host captures host"}},
        {"{'type': 'query', 'key': 'q', 'value': {'re': '(?<x>a)'}}",
         "/b/:x",
         "/b/{x}",
         {"query q matches (?P<x>a)"}},
    };
    for (const auto& one : cases) {
        const RuleSet set =
            read(list("redirects", fmt::format("{{'source':'/a','destination':'{}','has':[{}]}}",
                                               one.destination, one.has)));
        ASSERT_EQ(set.rules.size(), 1U) << one.has << messages(set);
        EXPECT_EQ(shape(set.rules[0].to), one.shape);
        EXPECT_EQ(shapes(set.rules[0].conditions), one.shapes);
    }
}

TEST(VercelJson, refuses_conditions_it_does_not_understand) {
    struct {
        std::string_view list, word;
    } const cases[] = {
        {"'has': {}", "must be a list"},
        {"'has': [1]", "must be an object"},
        {"'has': [{}]", "no 'type'"},
        {"'has': [{'type': 'x', 'key': 'a'}]", "cannot be asked for"},
        {"'has': [{'type': 'method', 'value': 'GET'}]", "cannot be asked for"},
        {"'has': [{'type': 'query'}]", "no 'key'"},
        {"'has': [{'type': 'query', 'key': ''}]", "no query's name"},
        {"'has': [{'type': 'header', 'key': 'a b'}]", "no header's name"},
        {"'has': [{'type': 'host'}]", "needs a 'value'"},
        {"'has': [{'type': 'query', 'key': 'q', 'value': null}]", "must be a pattern"},
        {"'has': [{'type': 'query', 'key': 'q', 'value': '('}]", "not understood"},
        {"'has': [{'type': 'query', 'key': 'q', 'value': '(?!a).*'}]", "use 'missing'"},
        {"'has': [{'type': 'query', 'key': 'q', 'value': 'x(?=a)'}]", "look-ahead"},
        {"'has': [{'type': 'query', 'key': 'q', 'value': {}}]", "with nothing"},
        {"'has': [{'type': 'query', 'key': 'q', 'value': {'a': 1}}]", "no comparison"},
        {"'has': [{'type': 'query', 'key': 'q', 'value': {'gt': 'a'}}]", "a number"},
        {"'has': [{'type': 'query', 'key': 'q', 'value': {'eq': []}}]", "text"},
        {"'has': [{'type': 'query', 'key': 'q', 'value': {'inc': 'a'}}]", "a list"},
        {"'has': [{'type': 'query', 'key': 'q', 'value': {'inc': []}}]", "a list"},
        {"'has': [{'type': 'query', 'key': 'q', 'value': {'inc': [null]}}]", "a list"},
        {"'missing': [{'type': 'query', 'key': 'q', 'value': {'pre': 'a', 'suf': 'b'}}]",
         "several comparisons"},
    };
    for (const auto& one : cases) {
        const RuleSet set = read(
            list("rewrites", fmt::format("{{'source': '/a', 'destination': '/b', {}}}", one.list)));
        EXPECT_TRUE(set.rules.empty()) << one.list;
        ASSERT_EQ(set.problems.size(), 1U) << one.list << messages(set);
        EXPECT_NE(set.problems[0].message.find(one.word), std::string::npos)
            << one.list << ": " << set.problems[0].message;
    }
}

// --- headers

TEST(VercelJson, reads_headers_with_captures_in_name_and_value) {
    const RuleSet set = read(
        list("headers",
             "{'source': '/:a/(.*)', 'headers': [{'key': 'X-:a', 'value': ':a* $2 :b https://x'},"
             " {'key': 'Cache-Control', 'value': ''}]},"
             "{'source': '/b', 'has': [{'type': 'query', 'key': 'q'}],"
             " 'headers': [{'key': 'x', 'value': ':q'}]}"));
    ASSERT_EQ(set.headers.size(), 2U) << messages(set);
    EXPECT_EQ(shapes(set.headers[0].changes),
              (std::vector<std::string>{"x-{a}: {a} {g0} :b https://x", "cache-control: "}));
    EXPECT_EQ(set.headers[0].changes[0].kind, HeaderChange::Kind::set);
    EXPECT_EQ(shapes(set.headers[1].changes), std::vector<std::string>{"x: {q}"});
    EXPECT_EQ(shapes(set.headers[1].conditions),
              (std::vector<std::string>{"query q filled", "query q captures q"}));
    EXPECT_EQ(messages(set), "");
}

TEST(VercelJson, refuses_single_headers) {
    struct {
        std::string_view entry, word;
    } const cases[] = {
        {"{'key': 'a'}", "no 'value'"},
        {"{'value': 'a'}", "no 'key'"},
        {"{'key': '', 'value': 'a'}", "no name"},
        {"{'key': 'a b', 'value': 'a'}", "no header's name"},
        {"{'key': 'a:', 'value': 'a'}", "no header's name"},
        {"{'key': 'a', 'value': 'x\\r\\nSet-Cookie: y'}", "control character"},
        {"{'key': 'a', 'value': 'x\\u0000'}", "control character"},
        {"{'key': 'a', 'value': 1}", "must be text"},
        {"7", "must be an object"},
    };
    for (const auto& one : cases) {
        const RuleSet set = read(
            list("headers",
                 fmt::format("{{'source': '/', 'headers': [{}, {{'key': 'x', 'value': 'y'}}]}}",
                             one.entry)));
        ASSERT_EQ(set.headers.size(), 1U) << one.entry << messages(set);
        EXPECT_EQ(shapes(set.headers[0].changes), std::vector<std::string>{"x: y"}) << one.entry;
        ASSERT_EQ(set.problems.size(), 1U) << one.entry;
        EXPECT_NE(set.problems[0].message.find(one.word), std::string::npos)
            << one.entry << ": " << set.problems[0].message;
    }
    EXPECT_NE(messages(read(list("headers", "{'source': '/'}"))).find("needs a list"),
              std::string::npos);
}

// --- routes

TEST(VercelJson, reads_routes) {
    const RuleSet set = read(
        list("routes",
             "{'src': '/old', 'status': 301, 'headers': {'Location': 'https://h.e/$1', 'X': 'y'}},"
             "{'src': '^/b/(?<id>\\\\d+)/(.*)$', 'dest': '/x?id=$id&r=$2&s=${id}',"
             " 'methods': ['GET', 'HEAD'], 'caseSensitive': true},"
             "{'src': '/c', 'headers': {'X-C': 'd'}, 'continue': true},"
             "{'src': '/d', 'status': 410},"
             "{'src': '/e'},"
             "{'handle': 'filesystem'},"
             "{'src': '/(?!api/)(.*)', 'dest': 'index.html', 'check': true},"
             "{'handle': 'error'},"
             "{'src': '/.*', 'dest': '/404.html'}"));
    EXPECT_EQ(messages(set), "");
    ASSERT_EQ(set.rules.size(), 7U);

    const Rule& old = set.rules[0];
    EXPECT_EQ(old.action, Action::redirect);
    EXPECT_EQ(old.status, 301U);
    EXPECT_EQ(shape(old.to), "https://h.e/$1") << "there is no group 1";
    EXPECT_EQ(shapes(old.headers), std::vector<std::string>{"x: y"});
    EXPECT_EQ(old.stage, Stage::before);
    EXPECT_TRUE(old.forced);
    EXPECT_TRUE(old.path.ignore_case);

    const Rule& rewrite = set.rules[1];
    EXPECT_EQ(rewrite.path.regex, "/b/(?P<id>\\d+)/(?P<g0>.*)");
    EXPECT_EQ(shape(rewrite.to), "/x?id={id}&r={g0}&s={id}");
    EXPECT_EQ(shapes(rewrite.conditions), std::vector<std::string>{"method equals GET|HEAD"});
    EXPECT_FALSE(rewrite.goes_on);
    EXPECT_FALSE(rewrite.path.ignore_case);

    EXPECT_EQ(set.rules[2].action, Action::pass);
    EXPECT_EQ(shapes(set.rules[2].headers), std::vector<std::string>{"x-c: d"});
    EXPECT_EQ(set.rules[3].action, Action::answer);
    EXPECT_EQ(set.rules[3].status, 410U);
    EXPECT_EQ(set.rules[4].action, Action::rewrite);
    EXPECT_EQ(set.rules[4].path.regex, "(?P<path>/e)");
    EXPECT_EQ(shape(set.rules[4].to), "{path}") << "ends the search at the path itself";

    const Rule& page = set.rules[5];
    EXPECT_EQ(page.stage, Stage::after);
    EXPECT_TRUE(page.goes_on);
    EXPECT_EQ(page.path.regex, "/(?P<g0>.*)");
    EXPECT_EQ(page.path.unless, std::vector<std::string>{"/(?:api/)"});
    EXPECT_EQ(shape(page.to), "/index.html");
    EXPECT_EQ(set.rules[6].status, 404U);
    EXPECT_EQ(set.rules[6].stage, Stage::after);
}

TEST(VercelJson, knows_the_phases_of_routes) {
    for (const std::string_view phase : {"filesystem", "miss", "rewrite", "resource"}) {
        const RuleSet set = read(
            list("routes",
                 fmt::format("{{'handle': '{}'}}, {{'src': '/a', 'dest': '/b', 'check': true}}",
                             phase)));
        ASSERT_EQ(set.rules.size(), 1U) << phase << messages(set);
        EXPECT_EQ(set.rules[0].stage, Stage::after);
        EXPECT_FALSE(set.rules[0].forced);
    }
    const RuleSet hit = read(list(
        "routes", "{'handle': 'hit'}, {'src': '/a', 'headers': {'x': 'y'}, 'continue': true}"));
    EXPECT_TRUE(hit.rules.empty());
    ASSERT_EQ(hit.headers.size(), 1U);
    EXPECT_EQ(messages(hit), "warning:1: headers behind 'handle: hit' are added to every answer\n");
}

TEST(VercelJson, refuses_single_routes) {
    struct {
        std::string_view object, word;
    } const cases[] = {
        {"{'dest': '/a'}", "neither 'src' nor 'handle'"},
        {"{'handle': 'x'}", "'handle' must be"},
        {"{'handle': 'start'}", "'handle' must be"},
        {"{'handle': 1}", "'handle' must be"},
        {"{'handle': 'filesystem', 'src': '/a'}", "stand alone"},
        {"{'src': '/a('}", "not understood"},
        {"{'src': '/a(?=b)'}", "look-ahead"},
        {"{'src': '/(a)\\\\1'}", "back-reference"},
        {"{'src': '/a', 'status': 301}", "Location"},
        {"{'src': '/a', 'headers': {'location': '/b'}}", "'Location' needs"},
        {"{'src': '/a', 'status': 99}", "status"},
        {"{'src': '/a', 'methods': []}", "methods"},
        {"{'src': '/a', 'methods': [1]}", "methods"},
        {"{'src': '/a', 'headers': []}", "'headers' must be an object"},
        {"{'src': '/a', 'headers': {'a': 1}}", "must be text"},
        {"{'src': '/a', 'headers': {'a b': 'c'}}", "no header's name"},
        {"{'src': '/a', 'dest': {'service': 'x'}}", "names a service"},
        {"{'src': '/a', 'dest': 'ftp://x'}", "neither a path"},
        {"{'src': '/a', 'check': 1}", "true or false"},
    };
    for (const auto& one : cases) {
        const RuleSet set =
            read(list("routes", fmt::format("{}, {{'src': '/ok', 'dest': '/b'}}", one.object)));
        EXPECT_EQ(set.rules.size(), 1U) << one.object;
        ASSERT_EQ(set.problems.size(), 1U) << one.object << messages(set);
        EXPECT_EQ(set.problems[0].severity, Problem::Severity::error);
        EXPECT_NE(set.problems[0].message.find(one.word), std::string::npos)
            << one.object << ": " << set.problems[0].message;
    }
}

TEST(VercelJson, warns_of_routes_beside_the_newer_lists_and_asks_them_first) {
    const RuleSet set =
        read(quoted("{'rewrites': [{'source': '/r', 'destination': '/'}],\n"
                    "'headers': [{'source': '/h', 'headers': [{'key': 'a', 'value': 'b'}]}],\n"
                    "'redirects': [{'source': '/d', 'destination': '/'}],\n"
                    "'routes': [{'src': '/o', 'dest': '/'}]}"));
    ASSERT_EQ(set.rules.size(), 3U);
    EXPECT_EQ(set.rules[0].origin.line, 4U);
    EXPECT_EQ(set.rules[1].origin.line, 3U);
    EXPECT_EQ(set.rules[2].origin.line, 1U);
    EXPECT_EQ(set.headers.size(), 1U);
    ASSERT_EQ(set.problems.size(), 1U);
    EXPECT_EQ(set.problems[0].origin.line, 4U);
    EXPECT_EQ(set.problems[0].severity, Problem::Severity::warning);
}

// --- the file

TEST(VercelJson, warns_of_what_does_nothing) {
    const RuleSet set = read(quoted(
        "{'$schema': 'x', 'framework': null, 'buildCommand': 'x', 'git': {}, 'public': true,\n"
        "'crons': [], 'functions': {}, 'images': {},\n'builds': [], 'regions': [], 'env': {},\n"
        "'redirect': [],\n"
        "'redirects': [{'source': '/a', 'destination': '/b', 'x/y': 1}]}"));
    const std::string said = messages(set);
    for (const std::string_view word :
         {"'crons' do not run", "'functions' do not run", "'images'", "'builds'", "'regions'",
          "'env'", "warning:4: 'redirect' is not known", "warning:5: 'x/y' is not understood"}) {
        EXPECT_NE(said.find(word), std::string::npos) << word << "\n" << said;
    }
    EXPECT_EQ(set.problems.size(), 8U) << said;
    EXPECT_EQ(set.rules.size(), 1U);
}

TEST(VercelJson, says_on_which_line_a_text_stops_being_json) {
    struct {
        std::string text;
        std::uint32_t line;
        std::string_view word;
    } const cases[] = {
        {"", 1, "no JSON"},
        {"{", 1, "no JSON"},
        {"{\n\"a\": 1,\n}", 3, "comma too many"},
        {"{\n\"a\": [1,\n\n]}", 4, "comma too many"},
        {"{\n\n// x\n}", 3, "comments are not allowed"},
        {"{\n/* x */}", 2, "comments are not allowed"},
        {"{\n'a': 1}", 2, "double quotes"},
        {"{}\n{}", 2, "no JSON"},
        {"redirects", 1, "no JSON"},
        {"{\"a\": \"\xff\"}", 1, "no JSON"},
        {std::string("{\"a\":\n \0}", 9), 2, "no JSON"},
        {std::string(100'000, '['), 1, "no JSON"},
        {"[]", 1, "must be an object"},
        {"null", 1, "must be an object"},
        {"\"x\"", 1, "must be an object"},
    };
    for (const auto& one : cases) {
        const RuleSet set = read(one.text);
        EXPECT_TRUE(set.empty()) << one.text;
        ASSERT_EQ(set.problems.size(), 1U) << one.text;
        EXPECT_EQ(set.problems[0].severity, Problem::Severity::error);
        EXPECT_EQ(set.problems[0].origin.line, one.line) << one.text << messages(set);
        EXPECT_NE(set.problems[0].message.find(one.word), std::string::npos)
            << one.text.substr(0, 99) << ": " << set.problems[0].message;
    }
}

TEST(VercelJson, survives_wrong_types_everywhere) {
    const std::string_view values[] = {"null",      "true",
                                       "1",         "-1e400",
                                       "''",        "[]",
                                       "{}",        "[[]]",
                                       "[{}]",      "[null]",
                                       "'\\u0000'", "'\\ud83d\\ude00'",
                                       "{'': ''}",  "[{'source': []}]"};
    const std::string_view frames[] = {
        "{'redirects': @}",
        "{'rewrites': @, 'headers': @, 'routes': @}",
        "{'cleanUrls': @, 'trailingSlash': @, '$schema': @}",
        "{'redirects': [{'source': @, 'destination': @, 'permanent': @, 'has': @}]}",
        "{'redirects': [{'source': '/a', 'destination': '/b', 'missing': [{'type': @}]}]}",
        "{'redirects': [{'source': '/a', 'destination': '/b', 'statusCode': @}]}",
        "{'rewrites': [{'source': '/:a', 'destination': @, 'has': [{'type': 'query', 'key': @}]}]}",
        "{'headers': [{'source': '/a', 'has': [{'type': 'query', 'key': 'k', 'value': @}]}]}",
        "{'headers': [{'source': '/a', 'has': [{'type': 'host', 'value': {'eq': @, 're': @}}]}]}",
        "{'headers': [{'source': '/a', 'has': [{'type': 'host', 'value': {'inc': @}}]}]}",
        "{'headers': [{'source': '/a', 'has': [{'type': 'host', 'value': {'gt': @}}]}]}",
        "{'headers': [{'source': '/a', 'headers': @}]}",
        "{'headers': [{'source': '/a', 'headers': [{'key': @, 'value': @}]}]}",
        "{'routes': [{'src': @, 'dest': @, 'headers': @, 'methods': @, 'status': @}]}",
        "{'routes': [{'src': '/a', 'dest': @, 'check': @, 'continue': @, 'has': @}]}",
        "{'routes': [{'handle': @}, {'src': '/a', 'headers': {'location': @}, 'status': 301}]}",
    };
    for (const std::string_view frame : frames) {
        for (const std::string_view value : values) {
            std::string text;
            for (const char c : frame)
                c == '@' ? text += value : text += c;
            const RuleSet set = read(quoted(text));
            messages(set);
            for (const Rule& rule : set.rules)
                EXPECT_EQ(regex_problem(rule.path.regex), "");
        }
    }
}

TEST(VercelJson, keeps_to_its_limits) {
    std::string many = "{\"redirects\": [";
    for (int at = 0; at < 3'000; ++at)
        many += std::string(at == 0 ? "" : ",") + "\n{\"source\":\"/a\",\"destination\":\"/b\"}";
    const RuleSet cut = read(many + "]}");
    EXPECT_EQ(cut.rules.size(), 2'048U);
    EXPECT_EQ(cut.rules[2'047].origin.line, 2'049U);
    EXPECT_EQ(cut.problems.size(), 1U);

    std::string wrong = "{\"redirects\": [1";
    for (int at = 0; at < 2'000; ++at)
        wrong += ",1";
    EXPECT_EQ(read(wrong + "]}").problems.size(), 1'001U) << "the last says that there are more";

    const std::string path = "/" + std::string(4'096, 'a');
    struct {
        std::string text;
        std::string_view word;
    } const cases[] = {
        {list("redirects", "{'source':'" + path + "','destination':'/b'}"), "longer than 4096"},
        {list("redirects", "{'source':'/a','destination':'" + path + "'}"), "longer than 4096"},
        {list("headers", "{'source':'/a','headers':[{'key':'" + path + "','value':'b'}]}"),
         "longer than 4096"},
        {list("headers",
              "{'source':'/a','headers':[{'key':'a','value':'" + std::string(32'769, 'b') + "'}]}"),
         "longer than 32768"},
        {list("routes", "{'src':'" + path + "'}"), "longer than 4096"},
        {list("redirects", "{'source':'/" + std::string(1 << 20, ':') + "','destination':'/b'}"),
         "longer than 4096"},
    };
    for (const auto& one : cases) {
        const RuleSet set = read(one.text);
        EXPECT_TRUE(set.rules.empty());
        EXPECT_TRUE(set.headers.empty());
        EXPECT_NE(messages(set).find(one.word), std::string::npos) << messages(set);
    }

    std::string has;
    for (int at = 0; at < 17; ++at)
        has += std::string(at == 0 ? "" : ",") + "{'type':'query','key':'a'}";
    EXPECT_NE(
        messages(read(list("rewrites", "{'source':'/a','destination':'/b','has':[" + has + "]}")))
            .find("at most 16"),
        std::string::npos);

    std::string headers;
    for (int at = 0; at < 1'025; ++at)
        headers += std::string(at == 0 ? "" : ",") + "{'key':'a','value':'b'}";
    EXPECT_NE(messages(read(list("headers", "{'source':'/a','headers':[" + headers + "]}")))
                  .find("at most 1024"),
              std::string::npos);
}

TEST(VercelJson, reads_what_is_written_twice_as_the_parser_does) {
    const RuleSet set =
        read(quoted("{'redirects': [{'source': '/a', 'destination': '/b'}],\n"
                    "'redirects': [{'source': '/c', 'source': '/d', 'destination': '/e'}]}"));
    ASSERT_EQ(set.rules.size(), 1U);
    EXPECT_EQ(set.rules[0].path, exact_pattern("/d", Slash::strict));
    EXPECT_EQ(set.rules[0].origin.line, 2U);
}

TEST(VercelJson, survives_the_json_that_it_made) {
    const RuleSet set = read(list("rewrites",
                                  "{'source': '/((?!api/).*)', 'destination': '/x/$1',"
                                  " 'has': [{'type': 'host', 'value': '(?<s>.*)'}]}"));
    const Result<RuleSet> back = json::parse_as<RuleSet>(json::text(set));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, set);
}

}  // namespace
}  // namespace berth::rules
