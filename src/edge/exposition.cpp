#include "edge/exposition.hpp"

#include <fmt/format.h>

namespace berth::edge {

namespace {

/// `\`, line feeds and, in a label's value, quotes.
void append_escaped(std::string& into, std::string_view text, bool quoted) {
    for (const char c : text) {
        if (c == '\n') {
            into.append("\\n");
            continue;
        }
        if (c == '\\' || (quoted && c == '"')) into.push_back('\\');
        into.push_back(c);
    }
}

}  // namespace

void Exposition::family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_.append("# HELP ").append(name).append(" ");
    append_escaped(text_, help, false);
    text_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void Exposition::line(std::string_view suffix, std::initializer_list<Label> labels,
                      std::string_view value) {
    text_.append(name_).append(suffix);
    std::string_view between = "{";
    for (const auto& [name, text] : labels) {
        text_.append(between).append(name).append("=\"");
        append_escaped(text_, text, true);
        text_.append("\"");
        between = ",";
    }
    if (labels.size() > 0) text_.append("}");
    text_.append(" ").append(value).append("\n");
}

void Exposition::sample(std::uint64_t value, std::initializer_list<Label> labels) {
    line("", labels, std::to_string(value));
}

void Exposition::sample(double value, std::initializer_list<Label> labels) {
    line("", labels, fmt::format("{}", value));
}

void Exposition::histogram(std::span<const double> bounds, std::span<const std::uint64_t> counts,
                           double sum) {
    std::uint64_t below = 0;
    for (std::size_t at = 0; at < counts.size(); ++at) {
        below += counts[at];
        const std::string bound = at < bounds.size() ? fmt::format("{}", bounds[at]) : "+Inf";
        line("_bucket", {{"le", bound}}, std::to_string(below));
    }
    line("_sum", {}, fmt::format("{}", sum));
    line("_count", {}, std::to_string(below));
}

}  // namespace berth::edge
