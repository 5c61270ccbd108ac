#include "builds/survey.hpp"

#include <algorithm>

#include "builds/archive.hpp"
#include "builds/line_framer.hpp"

namespace berth::builds {
namespace {

constexpr std::size_t file_bytes_max = 3 << 20;
constexpr std::size_t branches_max = 1000;
constexpr std::size_t candidates_max = 50;

std::string below(std::string_view directory, std::string_view name) {
    return directory.empty() ? std::string(name) : fmt::format("{}/{}", directory, name);
}

std::string_view parent(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == path.npos ? "" : path.substr(0, slash);
}

template <class Visit>
void each_line(std::string_view text, char end, Visit visit) {
    while (!text.empty()) {
        const std::size_t at = std::min(text.find(end), text.size());
        visit(text.substr(0, at));
        text.remove_prefix(std::min(at + 1, text.size()));
    }
}

void read_fact(std::string_view line, Survey& survey) {
    const std::size_t space = line.find(' ');
    if (space == line.npos) return;
    const std::string_view key = line.substr(0, space);
    const std::string value = repair_utf8(line.substr(space + 1, 1000));
    if (key == "root_exists") survey.root_exists = true;
    if (key == "commit") survey.commit.commit = value;
    if (key == "branch") survey.commit.branch = value;
    if (key == "author") survey.commit.author = value;
    if (key == "message") survey.commit.message = value;
    if (key == "tree") survey.tree = value;
    if (key == "install_hash") survey.install_hash = value;
}

/// Lines of `git ls-remote --symref`: "ref: refs/heads/main\tHEAD", "<sha>\trefs/heads/x".
void read_branch(std::string_view line, Survey& survey) {
    constexpr std::string_view symref = "ref: refs/heads/";
    constexpr std::string_view heads = "refs/heads/";
    const std::size_t tab = line.find('\t');
    if (tab == line.npos) return;
    const std::string_view name = line.substr(tab + 1);
    if (line.starts_with(symref)) {
        survey.default_branch = repair_utf8(line.substr(symref.size(), tab - symref.size()));
    } else if (name.starts_with(heads) && survey.branches.size() < branches_max) {
        survey.branches.push_back(repair_utf8(name.substr(heads.size())));
    }
}

void take(const std::string& path, std::string content, Survey& survey) {
    constexpr std::string_view tree = "src/tree/";
    constexpr std::string_view heads = "out/heads/tree/";
    if (path == "out/facts") {
        each_line(content, '\n', [&](std::string_view line) { read_fact(line, survey); });
    } else if (path == "out/branches") {
        each_line(content, '\n', [&](std::string_view line) { read_branch(line, survey); });
    } else if (path == "out/known_hosts") {
        survey.known_hosts = std::move(content);
    } else if (path == "out/names") {
        each_line(content, '\0', [&](std::string_view line) {
            if (line.size() > 2) survey.names.emplace(line.substr(2), line[0]);
        });
    } else if (path.starts_with(tree)) {
        survey.files[path.substr(tree.size())] = std::move(content);
    } else if (path.starts_with(heads)) {
        survey.files[path.substr(heads.size())] = std::move(content);
    }
}

}  // namespace

const std::string* Survey::file(std::string_view name) const {
    const auto found = files.find(below(root, name));
    return found == files.end() ? nullptr : &found->second;
}

const std::string* Survey::file_upwards(std::string_view name) const {
    for (std::string_view directory = root;; directory = parent(directory)) {
        const auto found = files.find(below(directory, name));
        if (found != files.end()) return &found->second;
        if (directory.empty()) return nullptr;
    }
}

bool Survey::has(std::string_view name) const {
    const std::string path = below(root, name);
    return names.contains(path) || files.contains(path);
}

bool Survey::has_upwards(std::string_view name) const {
    for (std::string_view directory = root;; directory = parent(directory)) {
        const std::string path = below(directory, name);
        if (names.contains(path) || files.contains(path)) return true;
        if (directory.empty()) return false;
    }
}

Result<Survey> read_survey(std::string_view tar, std::string root) {
    Survey survey{.root_exists = false, .root = std::move(root)};
    const VisitEntry visit = [&](const ArchiveEntry& entry, const ReadContent& read) -> Result<> {
        if (entry.kind != ArchiveKind::file) return {};
        Result<std::string> content = read_content(entry, read, file_bytes_max);
        if (!content) return content.error();
        take(entry.path, std::move(*content), survey);
        return {};
    };
    if (const Result<> walked = walk_archive(tar, visit); !walked) return walked.error();
    std::sort(survey.branches.begin(), survey.branches.end());
    return survey;
}

std::vector<std::string> root_candidates(const Survey& survey) {
    std::vector<std::string> found;
    for (const auto& [path, kind] : survey.names) {
        const std::string_view directory = parent(path);
        const std::string_view name =
            std::string_view(path).substr(directory.empty() ? 0 : directory.size() + 1);
        if (kind != 'f' || (name != "package.json" && name != "index.html")) continue;
        if (std::find(found.begin(), found.end(), directory) == found.end()) {
            found.emplace_back(directory);
        }
    }
    const auto depth = [](const std::string& path) {
        return path.empty() ? 0 : 1 + std::count(path.begin(), path.end(), '/');
    };
    std::sort(found.begin(), found.end(), [&](const std::string& a, const std::string& b) {
        return depth(a) != depth(b) ? depth(a) < depth(b) : a < b;
    });
    if (found.size() > candidates_max) found.resize(candidates_max);
    return found;
}

Result<std::string> normal_root(std::string_view root) {
    const auto bad = [](std::string_view why) {
        return fail_as(Failure::invalid, "invalid_root", "/root", "root: {}", why);
    };
    if (root.size() > 500) return bad("is longer than 500 bytes");
    if (root.starts_with('/')) return bad("starts at '/'; name a directory of the repository");
    std::string result;
    std::string_view rest = root;
    while (!rest.empty()) {
        const std::string_view segment = rest.substr(0, rest.find('/'));
        rest.remove_prefix(std::min(segment.size() + 1, rest.size()));
        if (segment.empty() || segment == ".") continue;
        if (segment == "..") return bad("has '..' in it");
        for (const char c : segment) {
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
                return bad("has a control character");
            }
        }
        result = below(result, segment);
    }
    return result;
}

}  // namespace berth::builds
