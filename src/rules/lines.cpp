#include "rules/lines.hpp"

#include <algorithm>

#include "rules/pattern.hpp"

namespace berth::rules {

namespace {

constexpr std::string_view white = " \t\r\f\v";
constexpr std::size_t problems_max = 100;

}  // namespace

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(white);
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(white) - begin + 1);
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    });
    return lower;
}

std::vector<Line> lines_of(std::string_view text) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    std::vector<Line> lines;
    std::uint32_t number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        if (!line.empty() && line.front() != '#') lines.push_back({number, line});
    }
    return lines;
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (true) {  // ends with the line
        const std::size_t begin = line.find_first_not_of(white);
        if (begin == line.npos || line[begin] == '#') return words;
        line.remove_prefix(begin);
        const std::size_t end = std::min(line.find_first_of(white), line.size());
        words.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
}

std::vector<std::string> list_of(std::string_view text) {
    std::vector<std::string> items;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        const std::string_view item = trimmed(text.substr(0, end));
        if (!item.empty()) items.emplace_back(item);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return items;
}

Problems::~Problems() {
    if (count_ <= problems_max) return;
    into_.push_back({Problem::Severity::warning, Origin{file_, 0, {}},
                     fmt::format("{} more problems are not shown", count_ - problems_max)});
}

Origin Problems::origin(const Line& line) const {
    return {file_, line.number, shown(line.text)};
}

void Problems::error(const Line& line, std::string message) {
    add(Problem::Severity::error, line, std::move(message));
}

void Problems::warning(const Line& line, std::string message) {
    add(Problem::Severity::warning, line, std::move(message));
}

void Problems::ask(std::string_view table, std::string_view key) {
    if (asked_ != nullptr) asked_->insert(fmt::format("{}{}", table, key));
}

void Problems::add(Problem::Severity severity, const Line& line, std::string message) {
    if (++count_ > problems_max) return;
    into_.push_back({severity, origin(line), shown(message)});
}

}  // namespace berth::rules
