#pragma once
/// Finds the patterns that a path matches among tens of thousands: one tree over the segments of
/// all patterns, walked once per request, then each candidate is checked exactly. What a request
/// costs depends on its own segments and candidates, not on the number of patterns.

#include <re2/re2.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/path_view.hpp"
#include "rules/rule_set.hpp"

namespace berth::rules {

/// What a placeholder took. Where it came from decides how it is encoded into a target.
struct Capture {
    enum class From { path, value };
    std::string_view name{};
    std::string value{};
    From from = From::path;
};
using Captures = std::vector<Capture>;

/// One regular expression, compiled with a bound of memory. It never backtracks.
class Regex {
public:
    explicit Regex(const std::string& pattern);
    /// Whether it is one. What is not matches nothing.
    bool ok() const { return regex_.ok(); }
    /// Whether `text` matches whole; what its groups took is added to `into` if that is not null.
    /// Group 1 of 3 without a name is not captured: the reader of the rule file names them.
    bool matches(std::string_view text, Captures* into, Capture::From from) const;
    bool matches_beginning(std::string_view text) const;
    std::size_t memory_bytes() const;

private:
    re2::RE2 regex_;
};

class Matcher {
public:
    /// `patterns` must outlive the matcher; their places are the numbers that `candidates` gives.
    explicit Matcher(std::vector<const Pattern*> patterns);

    /// Numbers of the patterns that may match, ascending; all that do match are among them.
    void candidates(const PathView& path, std::vector<std::uint32_t>& into) const;

    /// Whether that pattern matches; what it captured is added to `into` if that is not null.
    bool matches(std::uint32_t number, const PathView& path, Captures* into) const;

    std::size_t memory_bytes() const;

private:
    struct Node {
        std::uint32_t one = 0;    // the child for any segment; 0: none
        std::uint32_t begin = 0;  // its patterns, in `ends_`
        std::uint32_t end = 0;
    };
    struct Edge {
        std::uint32_t node = 0;
        std::string_view text{};
        bool operator==(const Edge&) const = default;
    };
    struct EdgeHash {
        std::size_t operator()(const Edge& edge) const;
    };
    /// A tree for patterns that tell case apart, and one of lower-case texts for the others.
    struct Tree {
        std::vector<Node> nodes{Node{}};
        boost::unordered_flat_map<Edge, std::uint32_t, EdgeHash> edges{};
        std::vector<std::uint32_t> ends{};  // numbers of patterns, node by node

        void walk(const PathView& path, std::vector<std::uint32_t>& into) const;
    };
    struct Compiled {
        std::unique_ptr<Regex> regex{};
        std::vector<std::unique_ptr<Regex>> unless{};
    };

    void build(Tree& tree, bool ignore_case);
    std::uint32_t node_of(Tree& tree, const Pattern& pattern);

    std::vector<const Pattern*> patterns_;
    Tree exact_{};
    Tree folded_{};
    bool folds_ = false;
    boost::unordered_flat_map<std::uint32_t, Compiled> regexes_{};
};

}  // namespace berth::rules
