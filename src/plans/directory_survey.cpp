#include "plans/directory_survey.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "plans/survey_files.hpp"

namespace berth::plans {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t names_max = 50'000;

template <class Patterns>
bool any_fits(const Patterns& patterns, std::string_view name) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](std::string_view pattern) { return fits(pattern, name); });
}

char letter_of(const fs::directory_entry& entry) {
    std::error_code broken;
    if (entry.is_symlink(broken)) return 'l';
    if (entry.is_directory(broken)) return 'd';
    return entry.is_regular_file(broken) ? 'f' : '?';
}

class Reader {
public:
    Reader(fs::path top, Survey& survey) : top_(std::move(top)), survey_(survey) {}

    void read_names(const std::string& directory, int depth) {
        std::error_code broken;
        for (const auto& entry : fs::directory_iterator(top_ / directory, broken)) {
            const std::string name = entry.path().filename().string();
            if (name == ".git" || name == "node_modules" || survey_.names.size() >= names_max) {
                continue;
            }
            const std::string path = below(directory, name);
            const char letter = letter_of(entry);
            survey_.names[path] = letter;
            if (letter == 'd' && depth < names_depth) read_names(path, depth + 1);
        }
    }

    void read_members() {
        int count = 0;
        for (const auto& [path, letter] : survey_.names) {
            const bool member = letter == 'f' && any_fits(member_files, name_of(path));
            if (member && count++ < members_max) read(path, member_bytes_max);
        }
    }

    /// What is read of the root directory and of each above it.
    void read_described(const std::string& directory) {
        std::error_code broken;
        for (const auto& entry : fs::directory_iterator(top_ / directory, broken)) {
            if (letter_of(entry) != 'f') continue;
            const std::string name = entry.path().filename().string();
            const std::string path = below(directory, name);
            if (any_fits(described_files, name)) read(path, described_bytes_max);
            if (any_fits(rule_files, name)) read(path, rule_bytes_max);
            if (any_fits(lock_heads, name)) read_head(path);
        }
        for (const std::string_view sub : config_directories) {
            for (const auto& entry : fs::directory_iterator(top_ / directory / sub, broken)) {
                const std::string name = entry.path().filename().string();
                const bool config = fits("config.*", name) || fits("settings.*", name);
                if (letter_of(entry) == 'f' && config)
                    read(below(below(directory, sub), name), described_bytes_max);
            }
        }
    }

private:
    void read(const std::string& path, std::uint64_t bytes_max) {
        std::error_code broken;
        const std::uint64_t bytes = fs::file_size(top_ / path, broken);
        if (!broken && bytes <= bytes_max) read_head(path, bytes_max);
    }
    void read_head(const std::string& path, std::uint64_t bytes_max = lock_head_bytes) {
        std::ifstream file(top_ / path, std::ios::binary);
        if (!file) return;
        std::string text(bytes_max, '\0');
        file.read(text.data(), static_cast<std::streamsize>(text.size()));
        text.resize(static_cast<std::size_t>(file.gcount()));
        survey_.files[path] = std::move(text);
    }

    fs::path top_;
    Survey& survey_;
};

}  // namespace

Result<Survey> survey_directory(const std::string& directory, std::string root) {
    std::error_code broken;
    const fs::path top = fs::canonical(directory, broken);
    if (broken || !fs::is_directory(top, broken)) {
        return fail(Failure::not_found, "there is no directory {}", directory);
    }
    Survey survey{.root = std::move(root)};
    survey.root_exists = fs::is_directory(top / survey.root, broken);
    Reader reader(top, survey);
    reader.read_names("", 1);
    reader.read_members();
    for (std::string_view at = survey.root;; at = parent_of(at)) {
        reader.read_described(std::string(at));
        if (at.empty()) break;
    }
    return survey;
}

}  // namespace berth::plans
