#pragma once
/// "Explain this URL": which rule of which file and line decided, what was tried before, and what
/// would be sent. The same decision as the edge's, by the same code.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rules/decide.hpp"

namespace berth::rules {

/// An `Origin`, with every member in its JSON.
struct ExplainedOrigin {
    std::string file{};
    std::uint32_t line = 0;
    std::string text{};
};
BOOST_DESCRIBE_STRUCT(ExplainedOrigin, (), (file, line, text))

struct ExplainedStep {
    std::optional<ExplainedOrigin> rule{};  // null: the files were asked
    bool decided = false;
    std::string why{};
};
BOOST_DESCRIBE_STRUCT(ExplainedStep, (), (rule, decided, why))

struct ExplainedField {
    std::string name{};
    std::string value{};
};
BOOST_DESCRIBE_STRUCT(ExplainedField, (), (name, value))

struct Explanation {
    std::string url{};  // as it was understood: host, path and query normalised
    Dialect dialect = Dialect::berth;
    std::string why{};  // this dialect
    std::vector<ExplainedStep> steps{};
    std::uint32_t status = 404;
    std::string file{};      // what is served, below the top; "": none
    std::string location{};  // of a redirect, or the address that is fetched
    bool fetched = false;    // `location` is fetched by the edge, not shown to the visitor
    std::vector<ExplainedField> headers{};
};
BOOST_DESCRIBE_STRUCT(Explanation, (),
                      (url, dialect, why, steps, status, file, location, fetched, headers))

/// What a visitor asks.
struct Question {
    std::string url{};  // "https://shop.example/a?b=1"; without a host, "/a?b=1"
    std::string method = "GET";
    std::map<std::string, std::string> headers{};  // any case
    std::string country{};
    std::vector<std::string> roles{};  // that the visitor's token would name
};
BOOST_DESCRIBE_STRUCT(Question, (), (url, method, headers, country, roles))

/// The explanation, without headers, and what they follow from.
struct Explained {
    Explanation explanation{};
    std::uint32_t file = no_file;
    std::vector<Field> fields{};  // what header rules say
};

/// `host` stands where the URL has none.
/// Errors: invalid — the URL is not one, or has a path that the edge refuses (at `/url`); a method
///         or header that is malformed.
Result<Explained> explain(const Rules& rules, const FileIndex& index, const Question& question,
                          const std::string& host);

}  // namespace berth::rules
