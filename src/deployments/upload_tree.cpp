#include "deployments/upload_tree.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include "base/crypto.hpp"

namespace berth::deployments {
namespace {

constexpr std::size_t link_bytes_max = 4096;
constexpr std::size_t fact_bytes_max = 500;

bool is_sha256(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

bool is_git(std::string_view part) {
    if (part.size() != 4 || part[0] != '.') return false;
    const auto lower = [](char c) { return static_cast<char>(c | 0x20); };
    return lower(part[1]) == 'g' && lower(part[2]) == 'i' && lower(part[3]) == 't';
}

/// "" when the path may be part of a tree, else what is wrong with it.
std::string_view complaint_about(std::string_view path, std::size_t bytes_max) {
    if (path.empty()) return "is empty";
    if (path.size() > bytes_max) return "is too long";
    if (path.front() == '/') return "is absolute";
    const auto is_odd = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (std::ranges::any_of(path, is_odd)) return "has control characters";
    while (true) {  // ends with the last part
        const std::string_view part = path.substr(0, path.find('/'));
        if (part.empty() || part == ".") return "is not in its plain form";
        if (part == "..") return "leads outside";
        if (part.size() > 255) return "has a part of more than 255 bytes";
        if (is_git(part)) return "has a .git in it";
        if (part.size() == path.size()) return "";
        path.remove_prefix(part.size() + 1);
    }
}

std::string at(std::size_t index) {
    return fmt::format("/files/{}", index);
}

Result<> check_file(const UploadFile& file, std::size_t index, const UploadLimits& limits) {
    if (const auto wrong = complaint_about(file.path, limits.path_bytes_max); !wrong.empty()) {
        return fail_as(Failure::invalid, "unsafe_path", at(index), "the path '{}' {}",
                       file.path.substr(0, 200), wrong);
    }
    if (!is_sha256(file.sha256)) {
        return fail_as(Failure::invalid, "bad_blob_name", at(index),
                       "{}: sha256 is 64 lower-case hex digits", file.path);
    }
    if (file.mode == UploadMode::link && (file.bytes == 0 || file.bytes > link_bytes_max)) {
        return fail_as(Failure::invalid, "bad_link", at(index),
                       "{}: a link leads somewhere, in at most {} bytes", file.path,
                       link_bytes_max);
    }
    if (file.bytes > limits.file_bytes_max) {
        return fail_as(Failure::too_large, "file_too_large", at(index),
                       "{} is larger than {} MiB, the most of one file", file.path,
                       limits.file_bytes_max >> 20);
    }
    return {};
}

/// Of a sorted tree: no path twice, and none below a file or a link.
Result<> check_shape(const std::vector<UploadFile>& files) {
    std::set<std::string_view> paths;
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (!paths.insert(files[i].path).second) {
            return fail_as(Failure::invalid, "duplicate_path", at(i), "{} is there twice",
                           files[i].path);
        }
    }
    for (std::size_t i = 0; i < files.size(); ++i) {
        const std::string_view path = files[i].path;
        for (std::size_t end = path.find('/'); end != path.npos; end = path.find('/', end + 1)) {
            if (!paths.contains(path.substr(0, end))) continue;
            return fail_as(Failure::invalid, "unsafe_path", at(i),
                           "{} lies below {}, which is no directory", path, path.substr(0, end));
        }
    }
    return {};
}

void make_line(std::string& text) {
    text.resize(std::min({text.size(), text.find('\n'), text.find('\r'), fact_bytes_max}));
    std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

}  // namespace

Result<> check(UploadTree& tree, const UploadLimits& limits) {
    if (tree.files.empty()) {
        return fail_as(Failure::invalid, "no_files", "/files", "there is no file to deploy");
    }
    if (tree.files.size() > limits.files_max) {
        return fail_as(Failure::too_large, "too_many_files", "/files",
                       "{} files are more than {}, the most of one upload", tree.files.size(),
                       limits.files_max);
    }
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < tree.files.size(); ++i) {
        if (const Result<> fits = check_file(tree.files[i], i, limits); !fits) return fits.error();
        bytes += tree.files[i].bytes;
    }
    if (bytes > limits.bytes_max) {
        return fail_as(Failure::too_large, "upload_too_large", "/files",
                       "{} MiB are more than {} MiB, the most of one upload", bytes >> 20,
                       limits.bytes_max >> 20);
    }
    std::ranges::sort(tree.files, {}, &UploadFile::path);
    for (std::string* fact : {&tree.commit, &tree.branch, &tree.message, &tree.author})
        make_line(*fact);
    return check_shape(tree.files);
}

std::uint64_t bytes_of(const UploadTree& tree) {
    std::uint64_t bytes = 0;
    for (const UploadFile& file : tree.files)
        bytes += file.bytes;
    return bytes;
}

std::string hash_of(const UploadTree& tree) {
    Sha256 hash;
    for (const UploadFile& file : tree.files) {
        hash.add(fmt::format("{} {} {}:{}\n", boost::describe::enum_to_string(file.mode, ""),
                             file.sha256, file.path.size(), file.path));
    }
    return hash.hex();
}

std::string facts_of(const UploadTree& tree) {
    std::string facts;
    const auto line = [&](std::string_view key, const std::string& value) {
        if (!value.empty()) facts += fmt::format("{} {}\n", key, value);
    };
    line("commit", tree.commit);
    line("branch", tree.branch);
    line("tree", hash_of(tree));
    line("author", tree.author);
    line("message", tree.message);
    if (tree.ignore_files) line("ignore_files", "yes");
    return facts;
}

}  // namespace berth::deployments
