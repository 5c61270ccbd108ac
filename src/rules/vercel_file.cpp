#include "rules/vercel_file.hpp"

#include <algorithm>

#include "rules/json_lines.hpp"
#include "rules/pattern.hpp"

namespace berth::rules {

namespace {

constexpr std::string_view file_name = "vercel.json";
constexpr std::size_t problems_max = 1'000;
constexpr std::size_t message_bytes_max = 500;
constexpr std::uint32_t status_min = 200;
constexpr std::uint32_t status_max = 599;

/// Messages quote what was written, which can be long and anything.
std::string readable(const std::string& message) {
    if (message.size() <= message_bytes_max && shown(message) == message) return message;
    std::string out;
    for (std::size_t at = 0; at < std::min(message.size(), message_bytes_max);) {
        const std::string piece = shown(std::string_view(message).substr(at));
        if (piece.empty()) break;
        out += piece;
        at += piece.size();
    }
    return out;
}

}  // namespace

VercelFile::VercelFile(std::string_view text, RuleSet& into)
    : into_(into), lines_(json_lines_of(text)) {}

Origin VercelFile::origin(const std::string& pointer, const json::value& written) const {
    return {std::string(file_name), line_at(lines_, pointer), shown(json::bj::serialize(written))};
}

void VercelFile::error(const std::string& pointer, const std::string& message) {
    add(Problem::Severity::error, pointer, message);
}

void VercelFile::warning(const std::string& pointer, const std::string& message) {
    add(Problem::Severity::warning, pointer, message);
}

void VercelFile::add(Problem::Severity severity, const std::string& pointer,
                     const std::string& message) {
    if (problems_++ > problems_max) return;
    Problem problem{.severity = severity};
    problem.origin = {std::string(file_name), line_at(lines_, pointer), shown(pointer)};
    problem.message =
        problems_ > problems_max ? "there are more problems than these" : readable(message);
    into_.problems.push_back(std::move(problem));
}

void read_list(const json::bj::object& root, std::string_view key, VercelFile& file,
               const std::function<Result<>(const VercelItem&)>& read) {
    const json::value* list = root.if_contains(key);
    if (list == nullptr) return;
    const std::string pointer = "/" + std::string(key);
    if (!list->is_array()) {
        file.error(pointer, fmt::format("'{}' must be a list", key));
        return;
    }
    const json::bj::array& items = list->get_array();
    if (items.size() > vercel_items_max) {
        file.error(pointer, fmt::format("'{}' has {} entries: those after the first {} do nothing",
                                        key, items.size(), vercel_items_max));
    }
    for (std::size_t at = 0; at < std::min(items.size(), vercel_items_max); ++at) {
        const std::string here = fmt::format("{}/{}", pointer, at);
        if (!items[at].is_object()) {
            file.error(here, fmt::format("an entry of '{}' must be an object", key));
            continue;
        }
        const VercelItem item{items[at].get_object(), here, file};
        if (const Result<> ok = read(item); !ok) file.error(ok.error().pointer, ok.error().message);
    }
}

Result<std::optional<std::string>> text_member(const VercelItem& item, std::string_view key,
                                               std::size_t bytes_max) {
    const json::value* found = item.object.if_contains(key);
    if (found == nullptr) return std::optional<std::string>();
    const std::string pointer = item.pointer + "/" + std::string(key);
    if (!found->is_string()) return wrong_at(pointer, "'{}' must be text", key);
    const json::bj::string& text = found->get_string();
    if (text.size() > bytes_max)
        return wrong_at(pointer, "'{}' is longer than {} characters", key, bytes_max);
    return std::optional<std::string>(std::string(text));
}

Result<std::string> needed_text(const VercelItem& item, std::string_view key) {
    const Result<std::optional<std::string>> text = text_member(item, key);
    if (!text) return text.error();
    if (!*text) return wrong_at(item.pointer, "it has no '{}'", key);
    return **text;
}

Result<std::optional<bool>> truth_member(const VercelItem& item, std::string_view key) {
    const json::value* found = item.object.if_contains(key);
    if (found == nullptr) return std::optional<bool>();
    if (found->is_bool()) return std::optional<bool>(found->get_bool());
    return wrong_at(item.pointer + "/" + std::string(key), "'{}' must be true or false", key);
}

Result<std::optional<std::uint32_t>> status_member(const VercelItem& item, std::string_view key) {
    const json::value* found = item.object.if_contains(key);
    if (found == nullptr) return std::optional<std::uint32_t>();
    boost::system::error_code bad;
    const auto status = found->to_number<std::uint32_t>(bad);
    if (bad || found->is_double() || status < status_min || status > status_max) {
        return wrong_at(item.pointer + "/" + std::string(key),
                        "'{}' must be a status from {} to {}", key, status_min, status_max);
    }
    return std::optional<std::uint32_t>(status);
}

void warn_of_unknown(const VercelItem& item, std::initializer_list<std::string_view> known) {
    for (const auto& member : item.object) {
        const std::string_view key = member.key();
        if (std::ranges::find(known, key) != known.end()) continue;
        item.file.warning(item.pointer + "/" + json::detail::escape_pointer(key),
                          fmt::format("'{}' is not understood and does nothing", shown(key)));
    }
}

bool is_redirect_status(std::uint32_t status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace berth::rules
