#include "plans/framework_config.hpp"

#include <filesystem>

#include "plans/survey_files.hpp"

namespace berth::plans {
namespace {

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r");
    if (begin == text.npos) return "";
    return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::string_view unquoted(std::string_view text) {
    text = trimmed(text);
    if (text.size() < 2 || (text[0] != '"' && text[0] != '\'')) {
        return trimmed(text.substr(0, text.find('#')));
    }
    const std::size_t end = text.find(text[0], 1);
    return end == text.npos ? "" : text.substr(1, end - 1);
}

}  // namespace

const std::string* config_file(const Survey& survey, std::string_view pattern, std::string& name,
                               std::string_view directory) {
    const std::string prefix = below(survey.root, directory);
    const std::string first = below(prefix, pattern.substr(0, pattern.find('*')));
    for (auto at = survey.files.lower_bound(first); at != survey.files.end(); ++at) {
        if (!at->first.starts_with(first)) break;
        if (parent_of(at->first) != prefix || !fits(pattern, name_of(at->first))) continue;
        name = name_of(at->first);
        return &at->second;
    }
    return nullptr;
}

JavascriptLiterals config_literals(const Survey& survey, std::string_view pattern,
                                   std::string_view directory) {
    std::string name;
    const std::string* source = config_file(survey, pattern, name, directory);
    return source == nullptr ? JavascriptLiterals() : JavascriptLiterals::read(*source);
}

std::string path_below(std::string_view base, std::string_view path, std::string_view root) {
    if (path.starts_with('/')) return "";
    const auto whole = (std::filesystem::path(root) / base / path).lexically_normal();
    const std::string text = whole.generic_string();
    if (text.starts_with("..") || text.starts_with('/')) return "";
    const auto from = root.empty() ? std::filesystem::path(".") : std::filesystem::path(root);
    std::string relative = whole.lexically_relative(from.lexically_normal()).generic_string();
    while (relative.ends_with('/') || (relative.size() > 1 && relative.ends_with("/.")))
        relative.pop_back();
    if (relative.empty()) return ".";
    // All of what lies around the root directory is no output.
    const bool goes_up = relative == ".." || relative.ends_with("/..");
    return goes_up ? "" : relative;
}

std::string line_value(const std::string* text, std::string_view key) {
    if (text == nullptr) return "";
    std::string_view rest = *text;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (!line.starts_with(key)) continue;
        const std::string_view after = trimmed(line.substr(key.size()));
        if (after.starts_with(':') || after.starts_with('='))
            return std::string(unquoted(after.substr(1)));
    }
    return "";
}

std::string option_value(std::string_view command, std::string_view option) {
    const std::string dashed =
        option.starts_with('-') ? std::string(option) : fmt::format("--{}", option);
    for (std::size_t at = command.find(dashed); at != command.npos;
         at = command.find(dashed, at + 1)) {
        if (at > 0 && command[at - 1] != ' ') continue;
        std::string_view rest = command.substr(at + dashed.size());
        if (!rest.starts_with('=') && !rest.starts_with(' ')) continue;
        rest = trimmed(rest.substr(1));
        const bool quoted = !rest.empty() && (rest[0] == '"' || rest[0] == '\'');
        const std::string_view value =
            quoted ? unquoted(rest) : rest.substr(0, rest.find_first_of(" \t&;|"));
        if (value.empty() || value.find('$') != value.npos || value.starts_with('-')) continue;
        return std::string(value);
    }
    return "";
}

}  // namespace berth::plans
