#pragma once
/// The one compiled form of every rule file: what `_redirects`, `_headers`, `netlify.toml`,
/// `vercel.json`, `wrangler.*` and `berth.toml` say, in the order in which it counts. Made when a
/// deployment is published, stored in its manifest, read by the edge and by `explain`.
///
/// Members that have their default are left out of the JSON (`sparse`): 45,000 redirects are
/// mostly defaults.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace berth::rules {

/// Whose meaning a file's words have.
enum class Dialect { berth, netlify, cloudflare, vercel };
BOOST_DESCRIBE_ENUM(Dialect, berth, netlify, cloudflare, vercel)

/// Where a rule was written.
struct Origin {
    using sparse = void;
    std::string file{};      // "_redirects", "netlify.toml"
    std::uint32_t line = 0;  // from 1; 0: not known
    std::string text{};      // what was written there, at most 200 bytes
    bool operator==(const Origin&) const = default;
};
BOOST_DESCRIBE_STRUCT(Origin, (), (file, line, text))

/// A line that was not understood, or not as it may have been meant. The others count all the same.
struct Problem {
    using sparse = void;
    enum class Severity { warning, error };  // error: the line does nothing
    BOOST_DESCRIBE_NESTED_ENUM(Severity, warning, error)
    Severity severity = Severity::error;
    Origin origin{};
    std::string message{};  // what is wrong, and what was meant or can be done
    bool operator==(const Problem&) const = default;
};
BOOST_DESCRIBE_STRUCT(Problem, (), (severity, origin, message))

// --- where a rule applies

/// One segment of a path.
enum class PartKind {
    text,  // this segment
    one,   // any segment that is not empty, captured as `text`
    rest,  // everything that follows, captured as `text`; last only
};
BOOST_DESCRIBE_ENUM(PartKind, text, one, rest)
struct Part {
    using sparse = void;
    PartKind kind = PartKind::text;
    std::string text{};  // normalised like a request's path; or the capture's name, "" for none
    bool operator==(const Part&) const = default;
};
BOOST_DESCRIBE_STRUCT(Part, (), (kind, text))

/// What a slash at the end of a path means.
enum class Slash {
    ignored,  // one more or less is the same; `rest` may be nothing, and takes the slash along
    kept,     // as written; `rest` begins behind a slash, which must be there
    strict,   // as written; `rest` is whole segments and has no slash at its end
};
BOOST_DESCRIBE_ENUM(Slash, ignored, kept, strict)

/// Matches a normalised path ("/a/b c/"), whole.
struct Pattern {
    using sparse = void;
    std::vector<Part> parts{};
    Slash slash = Slash::ignored;
    bool ends_in_slash = false;         // written so; not asked where it is ignored
    std::uint32_t rest_segments = 0;    // `rest` has at least so many
    std::string regex{};                // RE2; then `parts` are texts, and it must match all that
                                        // follows them, with its slash: "/x/y". Groups capture.
    std::vector<std::string> unless{};  // RE2: no match where what follows `parts` begins so
    bool ignore_case = false;           // ASCII; then the texts are lower case
    bool operator==(const Pattern&) const = default;
};
BOOST_DESCRIBE_STRUCT(Pattern, (),
                      (parts, slash, ends_in_slash, rest_segments, regex, unless, ignore_case))

/// What a condition looks at.
enum class Subject { query, header, cookie, host, scheme, method, country, language, role };
BOOST_DESCRIBE_ENUM(Subject, query, header, cookie, host, scheme, method, country, language, role)

enum class Test {
    present,           // also when empty
    filled,            // present and not empty
    equals,            // one of `values`; country, host, scheme and method: whatever the case;
                       // language: also a more special one
    captures,          // present; the value is captured as `values[0]`
    matches,           // RE2 `values[0]`, whole; its named groups capture
    prefix,            // `values[0]`
    suffix,            // `values[0]`
    less,              // than the number `values[0]`
    less_or_equal,     //
    greater,           //
    greater_or_equal,  //
};
BOOST_DESCRIBE_ENUM(Test, present, filled, equals, captures, matches, prefix, suffix, less,
                    less_or_equal, greater, greater_or_equal)

struct Condition {
    using sparse = void;
    Subject subject = Subject::query;
    std::string name{};  // of the parameter, header (lower case) or cookie
    Test test = Test::present;
    std::vector<std::string> values{};
    bool negated = false;
    bool operator==(const Condition&) const = default;
};
BOOST_DESCRIBE_STRUCT(Condition, (), (subject, name, test, values, negated))

// --- what a rule does

/// A piece of a target or value: `text` as it stands, then what `capture` took.
struct Piece {
    using sparse = void;
    std::string text{};
    std::string capture{};
    bool operator==(const Piece&) const = default;
};
BOOST_DESCRIBE_STRUCT(Piece, (), (text, capture))
using Template = std::vector<Piece>;

/// Where a redirect or rewrite leads. Texts are encoded as in a URL; captures are encoded when they
/// are put in.
struct Target {
    using sparse = void;
    std::string scheme{};  // "https"; "": this site
    Template host{};       // with port
    Template path{};
    Template query{};     // without "?"
    Template fragment{};  // without "#"
    bool operator==(const Target&) const = default;
};
BOOST_DESCRIBE_STRUCT(Target, (), (scheme, host, path, query, fragment))

/// What becomes of the request's own query.
enum class QueryUse {
    if_none,  // kept when the target has none
    drop,     //
    merge,    // behind the target's own; a parameter that the target has wins
};
BOOST_DESCRIBE_ENUM(QueryUse, if_none, drop, merge)

struct HeaderChange {
    using sparse = void;
    enum class Kind { set, append, unset };
    BOOST_DESCRIBE_NESTED_ENUM(Kind, set, append, unset)
    Kind kind = Kind::set;
    Template name{};  // lower case
    Template value{};
    bool operator==(const HeaderChange&) const = default;
};
BOOST_DESCRIBE_STRUCT(HeaderChange, (), (kind, name, value))

/// When a rule is asked.
enum class Stage {
    before,  // before files
    after,   // when there is no file
};
BOOST_DESCRIBE_ENUM(Stage, before, after)

enum class Action {
    redirect,  // to `to`, with `status`
    rewrite,   // what is at `to`, on this site or elsewhere, with `status` where it is not 200
    answer,    // `status` alone
    pass,      // nothing but `headers`: later rules are asked
};
BOOST_DESCRIBE_ENUM(Action, redirect, rewrite, answer, pass)

struct Rule {
    using sparse = void;
    Origin origin{};
    Stage stage = Stage::before;
    bool forced = false;  // stage before: also where there is a file
    Pattern path{};
    std::vector<Condition> conditions{};
    Action action = Action::redirect;
    std::uint32_t status = 301;
    Target to{};
    QueryUse query = QueryUse::if_none;
    bool goes_on = false;                 // a rewrite to what is not there: later rules are asked
    std::vector<HeaderChange> headers{};  // of the answer
    std::vector<HeaderChange> upstream_headers{};  // of the request to an external target
    bool operator==(const Rule&) const = default;
};
BOOST_DESCRIBE_STRUCT(Rule, (),
                      (origin, stage, forced, path, conditions, action, status, to, query, goes_on,
                       headers, upstream_headers))

struct HeaderRule {
    using sparse = void;
    Origin origin{};
    Pattern path{};
    std::vector<Condition> conditions{};
    std::vector<HeaderChange> changes{};
    bool operator==(const HeaderRule&) const = default;
};
BOOST_DESCRIBE_STRUCT(HeaderRule, (), (origin, path, conditions, changes))

// --- how paths without a rule become files

enum class FileLookup {
    berth,       // /a: a, a.html; a/index.html by 308 to /a/
    netlify,     // /a and /a/: a, a.html, a.htm, a/index.html, a/index.htm, without a redirect
    cloudflare,  // one address per file: 308 to it
    vercel,      // /a: a, a/index.html; a.html only with `clean_urls`
    exact,       // the very name; /a/ is a/index.html
};
BOOST_DESCRIBE_ENUM(FileLookup, berth, netlify, cloudflare, vercel, exact)

enum class TrailingSlash { as_is, add, remove };
BOOST_DESCRIBE_ENUM(TrailingSlash, as_is, add, remove)

enum class NotFound {
    automatic,  // 404.html; else, of a single-page application, index.html for navigations
    spa,        // index.html for navigations, also beside a 404.html
    page,       // the nearest 404.html upwards
    bare,       // no page of the site's
};
BOOST_DESCRIBE_ENUM(NotFound, automatic, spa, page, bare)

struct Files {
    using sparse = void;
    FileLookup lookup = FileLookup::berth;
    bool clean_urls = false;  // vercel: a.html is /a, and /a.html is 308 to it
    TrailingSlash trailing_slash = TrailingSlash::as_is;
    std::uint32_t redirect_status = 308;  // of a path that is another's alias
    NotFound not_found = NotFound::automatic;
    bool operator==(const Files&) const = default;
};
BOOST_DESCRIBE_STRUCT(Files, (), (lookup, clean_urls, trailing_slash, redirect_status, not_found))

struct RuleSet {
    using sparse = void;
    Dialect dialect = Dialect::berth;
    std::string why{};  // this dialect: for the log
    Files files{};
    std::vector<Rule> rules{};          // the first that applies counts
    std::vector<HeaderRule> headers{};  // all that apply, in this order
    std::vector<Problem> problems{};
    bool operator==(const RuleSet&) const = default;

    bool empty() const { return rules.empty() && headers.empty() && files == Files{}; }
};
BOOST_DESCRIBE_STRUCT(RuleSet, (), (dialect, why, files, rules, headers, problems))

}  // namespace berth::rules

namespace berth::json {
// Instantiated in rule_set.cpp, for all who read or write a manifest.
extern template value from(const rules::RuleSet&);
namespace detail {
extern template bool read(const value&, rules::RuleSet&, const Place&, Fault&);
}
}  // namespace berth::json
