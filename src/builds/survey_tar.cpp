#include "builds/survey_tar.hpp"

#include <algorithm>

#include "builds/archive.hpp"
#include "builds/line_framer.hpp"

namespace berth::builds {
namespace {

constexpr std::size_t file_bytes_max = 3 << 20;
constexpr std::size_t branches_max = 1000;

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
    if (key == "tree_of") {  // "<hash>\tapps/web"
        const std::size_t tab = value.find('\t');
        if (tab != value.npos) survey.trees.emplace(value.substr(tab + 1), value.substr(0, tab));
    }
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

}  // namespace berth::builds
