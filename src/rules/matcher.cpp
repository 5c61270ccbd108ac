#include "rules/matcher.hpp"

#include <algorithm>

namespace berth::rules {

namespace {

constexpr std::int64_t regex_memory_bytes_max = 1 << 20;

re2::StringPiece piece(std::string_view text) {
    return {text.data(), text.size()};
}

re2::RE2::Options options() {
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_max_mem(regex_memory_bytes_max);
    options.set_dot_nl(true);
    return options;
}

char folded(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool same(std::string_view text, std::string_view segment, bool ignore_case) {
    if (!ignore_case) return text == segment;
    return std::ranges::equal(text, segment, {}, {}, folded);
}

/// Whether the parts before `rest` fit the path's first segments.
bool parts_fit(const Pattern& pattern, const PathView& path, std::size_t count) {
    if (path.segments.size() < count) return false;
    for (std::size_t i = 0; i < count; ++i) {
        const Part& part = pattern.parts[i];
        if (part.kind == PartKind::text &&
            !same(part.text, path.segments[i], pattern.ignore_case)) {
            return false;
        }
    }
    return true;
}

/// Whether a path that goes on after `count` segments may be taken by `rest`.
bool rest_fits(const Pattern& pattern, const PathView& path, std::size_t count) {
    const std::size_t more = path.segments.size() - count;
    if (more < pattern.rest_segments) return false;
    switch (pattern.slash) {
        case Slash::ignored:
            return true;
        case Slash::kept:
            return more > 0 || path.ends_in_slash;
        case Slash::strict:
            return path.ends_in_slash == pattern.ends_in_slash;
    }
    return false;
}

bool end_fits(const Pattern& pattern, const PathView& path) {
    if (path.segments.size() != pattern.parts.size()) return false;
    if (pattern.slash == Slash::ignored || path.path == "/") return true;
    return path.ends_in_slash == pattern.ends_in_slash;
}

/// "/b/c/" without the slash before it and, where a slash is not its own, the one behind.
std::string_view rest_of(const Pattern& pattern, const PathView& path, std::size_t count) {
    std::string_view rest = path.after(count);
    if (rest.starts_with('/')) rest.remove_prefix(1);
    if (pattern.slash == Slash::strict && rest.ends_with('/')) rest.remove_suffix(1);
    return rest;
}

}  // namespace

Regex::Regex(const std::string& pattern) : regex_(pattern, options()) {}

bool Regex::matches(std::string_view text, Captures* into, Capture::From from) const {
    if (!regex_.ok()) return false;
    const int groups = into == nullptr ? 0 : regex_.NumberOfCapturingGroups();
    std::vector<re2::StringPiece> taken(static_cast<std::size_t>(groups) + 1);
    if (!regex_.Match(piece(text), 0, text.size(), re2::RE2::ANCHOR_BOTH, taken.data(), groups + 1))
        return false;
    if (into == nullptr) return true;
    for (const auto& [number, name] : regex_.CapturingGroupNames()) {
        const re2::StringPiece& value = taken[static_cast<std::size_t>(number)];
        into->push_back({name, std::string(value.data(), value.size()), from});
    }
    return true;
}

bool Regex::matches_beginning(std::string_view text) const {
    return regex_.ok() &&
           regex_.Match(piece(text), 0, text.size(), re2::RE2::ANCHOR_START, nullptr, 0);
}

std::size_t Regex::memory_bytes() const {
    // An instruction of RE2's program is 16 bytes; the automaton grows up to its bound in use.
    return sizeof(Regex) + static_cast<std::size_t>(std::max(regex_.ProgramSize(), 0)) * 64;
}

std::size_t Matcher::EdgeHash::operator()(const Edge& edge) const {
    return std::hash<std::string_view>{}(edge.text) ^ (edge.node * 0x9E3779B97F4A7C15ull);
}

Matcher::Matcher(std::vector<const Pattern*> patterns) : patterns_(std::move(patterns)) {
    for (std::uint32_t number = 0; number < patterns_.size(); ++number) {
        const Pattern& pattern = *patterns_[number];
        folds_ = folds_ || pattern.ignore_case;
        if (pattern.regex.empty() && pattern.unless.empty()) continue;
        Compiled& compiled = regexes_[number];
        // Case does not matter to the whole pattern, so neither to its expression.
        const std::string flags = pattern.ignore_case ? "(?i)" : "";
        if (!pattern.regex.empty()) compiled.regex = std::make_unique<Regex>(flags + pattern.regex);
        for (const std::string& unless : pattern.unless)
            compiled.unless.push_back(std::make_unique<Regex>(flags + unless));
    }
    build(exact_, false);
    if (folds_) build(folded_, true);
}

/// The place in the tree where a pattern ends: after its parts, or before its `rest`.
std::uint32_t Matcher::node_of(Tree& tree, const Pattern& pattern) {
    std::uint32_t at = 0;
    for (const Part& part : pattern.parts) {
        if (part.kind == PartKind::rest) break;
        std::uint32_t& child =
            part.kind == PartKind::one ? tree.nodes[at].one : tree.edges[Edge{at, part.text}];
        if (child == 0) {
            child = static_cast<std::uint32_t>(tree.nodes.size());
            tree.nodes.emplace_back();
            at = static_cast<std::uint32_t>(tree.nodes.size() - 1);
        } else {
            at = child;
        }
    }
    return at;
}

void Matcher::build(Tree& tree, bool ignore_case) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> ends;  // node, number
    for (std::uint32_t number = 0; number < patterns_.size(); ++number) {
        if (patterns_[number]->ignore_case != ignore_case) continue;
        ends.emplace_back(node_of(tree, *patterns_[number]), number);
    }
    std::ranges::sort(ends);
    tree.ends.reserve(ends.size());
    for (const auto& [node, number] : ends) {
        Node& at = tree.nodes[node];
        if (at.begin == at.end) at.begin = static_cast<std::uint32_t>(tree.ends.size());
        tree.ends.push_back(number);
        at.end = static_cast<std::uint32_t>(tree.ends.size());
    }
}

void Matcher::Tree::walk(const PathView& path, std::vector<std::uint32_t>& into) const {
    struct Place {
        std::uint32_t node;
        std::uint32_t depth;
    };
    thread_local std::vector<Place> open;
    open.assign(1, {0, 0});
    while (!open.empty()) {
        const auto [at, depth] = open.back();
        open.pop_back();
        const Node& node = nodes[at];
        // Some of these want the path to end here; that is checked with the candidate.
        into.insert(into.end(), ends.begin() + node.begin, ends.begin() + node.end);
        if (depth == path.segments.size()) continue;
        if (node.one != 0) open.push_back({node.one, depth + 1});
        const auto next = edges.find(Edge{at, path.segments[depth]});
        if (next != edges.end()) open.push_back({next->second, depth + 1});
    }
}

void Matcher::candidates(const PathView& path, std::vector<std::uint32_t>& into) const {
    into.clear();
    exact_.walk(path, into);
    if (folds_) {
        std::string lower(path.path);
        std::ranges::transform(lower, lower.begin(), folded);
        folded_.walk(PathView(lower), into);
    }
    std::ranges::sort(into);
}

bool Matcher::matches(std::uint32_t number, const PathView& path, Captures* into) const {
    const Pattern& pattern = *patterns_[number];
    const bool has_rest = !pattern.parts.empty() && pattern.parts.back().kind == PartKind::rest;
    const std::size_t count = pattern.parts.size() - (has_rest ? 1 : 0);
    if (!parts_fit(pattern, path, count)) return false;
    const auto regexes = regexes_.find(number);
    const Compiled* compiled = regexes == regexes_.end() ? nullptr : &regexes->second;
    if (pattern.regex.empty()) {
        if (has_rest ? !rest_fits(pattern, path, count) : !end_fits(pattern, path)) return false;
    }
    if (compiled != nullptr) {
        const std::string_view more = path.after(count);
        for (const auto& unless : compiled->unless) {
            // One that is no expression excludes everything: what it protects stays protected.
            if (!unless->ok() || unless->matches_beginning(more)) return false;
        }
        if (compiled->regex && !compiled->regex->matches(more, into, Capture::From::path))
            return false;
    }
    if (into == nullptr) return true;
    for (std::size_t i = 0; i < count; ++i) {
        const Part& part = pattern.parts[i];
        if (part.kind == PartKind::one && !part.text.empty())
            into->push_back({part.text, std::string(path.segments[i]), Capture::From::path});
    }
    if (has_rest && !pattern.parts.back().text.empty()) {
        into->push_back({pattern.parts.back().text, std::string(rest_of(pattern, path, count)),
                         Capture::From::path});
    }
    return true;
}

std::size_t Matcher::memory_bytes() const {
    std::size_t bytes = sizeof(Matcher) + patterns_.capacity() * sizeof(const Pattern*);
    for (const Tree* tree : {&exact_, &folded_}) {
        bytes += tree->nodes.capacity() * sizeof(Node) +
                 tree->edges.bucket_count() * (sizeof(Edge) + sizeof(std::uint32_t)) +
                 tree->ends.capacity() * sizeof(std::uint32_t);
    }
    for (const auto& [number, compiled] : regexes_) {
        if (compiled.regex) bytes += compiled.regex->memory_bytes();
        for (const auto& unless : compiled.unless)
            bytes += unless->memory_bytes();
    }
    return bytes;
}

}  // namespace berth::rules
