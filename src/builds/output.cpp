#include "builds/output.hpp"

#include <unistd.h>

#include "base/crypto.hpp"
#include "builds/archive.hpp"
#include "builds/compress.hpp"
#include "builds/line_framer.hpp"
#include "builds/link_map.hpp"
#include "builds/side_by_side.hpp"
#include "rules/read_rules.hpp"

namespace berth::builds {
namespace {

constexpr std::size_t path_bytes_max = 1024;
constexpr std::size_t segment_bytes_max = 255;
constexpr std::uint64_t in_memory_bytes_max = 16 << 20;  // larger files get no variants here
constexpr std::size_t variant_bytes_min = 512;
// Below it brotli and zstd save a few hundred bytes over gzip, which every browser takes, and cost
// two more objects to store.
constexpr std::size_t every_variant_bytes_min = 8 << 10;
// What is hashed and compressed at a time, on all processors.
constexpr std::uint64_t portion_bytes_max = 8 << 20;
constexpr std::size_t portion_files_max = 512;
constexpr int nested_links_max = 8;

Error unsafe(const std::string& path, std::string_view why) {
    return fail_as(Failure::invalid, "output_unsafe", "", "{} {}", repair_utf8(path), why);
}

Error too_large(std::string_view what) {
    return fail_as(Failure::too_large, "output_too_large", "", "{}", what);
}

/// Whether a site may have a file of that name; "" when it may.
std::string_view bad_path(std::string_view path) {
    if (path.size() > path_bytes_max) return "has a path of more than 1,024 bytes";
    if (path.starts_with('/')) return "has an absolute path";
    if (repair_utf8(path) != path) return "has a name that is not UTF-8";
    for (std::string_view rest = path; !rest.empty();) {
        const std::string_view segment = rest.substr(0, rest.find('/'));
        if (segment.empty() || segment == "." || segment == "..") return "has a '..' in its path";
        if (segment.size() > segment_bytes_max) return "has a name of more than 255 bytes";
        rest.remove_prefix(std::min(segment.size() + 1, rest.size()));
    }
    for (const char c : path) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            return "has a control character in its name";
        }
        if (c == '\\') return "has a backslash in its name";
    }
    return "";
}

bool stays_out_of_site(std::string_view path) {
    while (!path.empty()) {
        const std::string_view segment = path.substr(0, path.find('/'));
        if (segment == "node_modules") return true;
        if (segment.starts_with('.') && segment != ".well-known") return true;
        path.remove_prefix(std::min(segment.size() + 1, path.size()));
    }
    return false;
}

/// What says rules in a repository's own tree, and is not meant for visitors.
bool is_configuration(std::string_view path) {
    return std::ranges::find(rules::source_rule_files(), path) != rules::source_rule_files().end();
}

class Collector {
public:
    Collector(const OutputRules& rules, BlobSpool& spool)
        : rules_(rules), spool_(spool), scan_(rules.secrets), tolerated_(rules.tolerated) {}

    Result<> visit(const ArchiveEntry& entry, const ReadContent& read) {
        if (entry.path.empty() || entry.kind == ArchiveKind::directory) return {};
        if (rules_.is_source_tree && stays_out_of_site(entry.path)) return {};
        if (rules_.is_source_tree && is_configuration(entry.path)) return {};
        if (++seen_ > rules_.files_max) return too_many();
        const std::string_view why = bad_path(entry.path);
        if (entry.path.size() > path_bytes_max)
            return too_large(entry.path.substr(0, 80) + "… has a path of more than 1,024 bytes");
        if (!why.empty()) return unsafe(entry.path, why);
        switch (entry.kind) {
            case ArchiveKind::file:
                return add_file(entry, read);
            case ArchiveKind::symlink:
                links_.add(entry.path, entry.target);
                return {};
            case ArchiveKind::hardlink:
                return add_hardlink(entry);
            case ArchiveKind::special:
                return unsafe(entry.path, "is neither a file nor a directory");
            case ArchiveKind::directory:
                break;
        }
        return {};
    }

    /// Turns links into what they point at.
    Result<SiteOutput> finish() {
        if (const Result<> stored = store_portion(); !stored) return stored.error();
        const SiteFiles real = files_;
        for (const auto& [path, target] : links_.links()) {
            if (const Result<> ok = add_link(path, path, target, real, 0); !ok) return ok.error();
        }
        if (files_.empty() && rule_files_.empty()) {
            return fail_as(Failure::not_found, "output_missing", "", "the output has no file");
        }
        SiteOutput output{.files = std::move(files_), .rule_files = std::move(rule_files_)};
        for (const auto& [path, name] : tolerated_in_) {
            if (output.warnings.size() == warnings_max) break;
            output.warnings.push_back(
                fmt::format("{} contains the value of the secret variable {}", path, name));
        }
        output.warnings_left_out = tolerated_in_.size() - output.warnings.size();
        return output;
    }

private:
    Error too_many() const {
        return too_large(fmt::format("the output has more than {} files", rules_.files_max));
    }

    Result<> count(std::uint64_t bytes) {
        bytes_ += bytes;
        if (bytes_ > rules_.bytes_max) {
            return too_large(
                fmt::format("the output is larger than {} MiB", rules_.bytes_max >> 20));
        }
        if (files_.size() > rules_.files_max) return too_many();
        return {};
    }

    Result<> add_file(const ArchiveEntry& entry, const ReadContent& read) {
        if (const Result<> ok = count(entry.bytes); !ok) return ok.error();
        if (rules::is_rule_file(entry.path)) return add_rule_file(entry, read);
        artifacts::ManifestEntry file{.bytes = entry.bytes,
                                      .type = artifacts::content_type(entry.path),
                                      .executable = entry.executable};
        if (entry.bytes <= in_memory_bytes_max) return take_small(entry, read, std::move(file));
        if (const Result<> stored = store_large(entry, read, file); !stored) return stored.error();
        files_[entry.path] = std::move(file);
        return {};
    }

    Result<> add_rule_file(const ArchiveEntry& entry, const ReadContent& read) {
        // One byte more than rules may have is enough to say that it is too large.
        if (entry.bytes > rules::rule_file_bytes_max) {
            rule_files_[entry.path] = std::string(rules::rule_file_bytes_max + 1, '#');
            return {};
        }
        Result<std::string> content = read_content(entry, read, rules::rule_file_bytes_max);
        if (!content) return content.error();
        if (const Result<> ok = check_secrets(entry.path, *content); !ok) return ok.error();
        rule_files_[entry.path] = std::move(*content);
        return {};
    }

    /// Waits for others, so that all processors have some to do.
    Result<> take_small(const ArchiveEntry& entry, const ReadContent& read,
                        artifacts::ManifestEntry file) {
        Result<std::string> content = read_content(entry, read, in_memory_bytes_max);
        if (!content) return content.error();
        portion_bytes_ += content->size();
        portion_.push_back(
            {.path = entry.path, .content = std::move(*content), .entry = std::move(file)});
        const bool full =
            portion_bytes_ >= portion_bytes_max || portion_.size() >= portion_files_max;
        return full ? store_portion() : Result<>{};
    }

    /// Errors: of the first file in the archive's order that has one.
    Result<> store_portion() {
        side_by_side_.each(portion_.size(), [this](std::size_t i) { prepare(portion_[i]); });
        for (SmallFile& file : portion_) {
            if (file.error) return *file.error;
            for (const std::string& name : file.tolerated)
                tolerated_in_.emplace(file.path, name);
            spool_.append(file.content);
            spool_.name_last(file.entry.sha256);
            for (const Variant& variant : file.variants) {
                file.entry.variants[variant.coding] = variant.bytes.size();
                spool_.append(variant.bytes);
                spool_.name_last(file.entry.sha256 + variant.suffix);
            }
            files_[file.path] = std::move(file.entry);
        }
        portion_.clear();
        portion_bytes_ = 0;
        return {};
    }

    struct Variant {
        const char* coding;
        const char* suffix;
        std::string bytes;
    };

    struct SmallFile {
        std::string path{};
        std::string content{};
        artifacts::ManifestEntry entry{};
        std::vector<Variant> variants{};
        std::set<std::string> tolerated{};  // variables whose values are in it
        std::optional<Error> error{};
    };

    /// On any thread: touches nothing but `file`.
    void prepare(SmallFile& file) const {
        const std::string& content = file.content;
        file.tolerated = tolerated_.find_all(content);
        if (std::string name = tolerated_.find_packed(content); !name.empty())
            file.tolerated.insert(std::move(name));
        if (const Result<> ok = refuse_secrets(file.path, content); !ok) {
            file.error = ok.error();
            return;
        }
        if (const std::string name = scan_.find_packed(content); !name.empty()) {
            file.error = fail_as(Failure::invalid, "secret_in_output", "",
                                 "{} contains, packed, the value of the secret variable {}",
                                 file.path, name);
            return;
        }
        file.entry.sha256 = sha256_hex(content);
        if (content.size() < variant_bytes_min) return;
        if (!artifacts::compressible(file.entry.type)) return;
        const auto add = [&file](const char* coding, const char* suffix,
                                 std::optional<std::string> bytes) {
            if (bytes) file.variants.push_back({coding, suffix, std::move(*bytes)});
        };
        add("gzip", ".gz", gzip(content));
        if (content.size() < every_variant_bytes_min) return;
        add("br", ".br", brotli(content));
        add("zstd", ".zst", zstd(content));
    }

    Result<> store_large(const ArchiveEntry& entry, const ReadContent& read,
                         artifacts::ManifestEntry& file) {
        std::string block(1 << 20, '\0');
        std::string window;  // the end of the block before, and this one: a secret may straddle
        Sha256 hash;
        while (const std::size_t bytes = read(block)) {
            const std::string_view piece(block.data(), bytes);
            hash.add(piece);
            spool_.append(piece);
            window += piece;
            if (const Result<> ok = check_secrets(entry.path, window); !ok) return ok.error();
            const std::size_t kept = std::max(scan_.longest(), tolerated_.longest());
            window.erase(0, window.size() - std::min(window.size(), kept));
        }
        file.sha256 = hash.hex();
        spool_.name_last(file.sha256);
        return {};
    }

    Result<> check_secrets(const std::string& path, std::string_view content) {
        for (const std::string& tolerated : tolerated_.find_all(content))
            tolerated_in_.emplace(path, tolerated);
        return refuse_secrets(path, content);
    }

    /// On any thread.
    Result<> refuse_secrets(const std::string& path, std::string_view content) const {
        const std::string name = scan_.find(content);
        if (name.empty()) return {};
        return fail_as(Failure::invalid, "secret_in_output", "",
                       "{} contains the value of the secret variable {}", path, name);
    }

    Result<> add_hardlink(const ArchiveEntry& entry) {
        if (const Result<> stored = store_portion(); !stored) return stored.error();
        const auto known = files_.find(entry.target);
        if (known == files_.end()) return unsafe(entry.path, "is a link to nothing in the output");
        const artifacts::ManifestEntry copy = known->second;
        if (const Result<> ok = count(copy.bytes); !ok) return ok.error();
        files_[entry.path] = copy;
        return {};
    }

    /// Makes `as` what the link `path` points at; a directory brings everything below it.
    Result<> add_link(const std::string& as, const std::string& path, const std::string& target,
                      const SiteFiles& real, int depth) {
        const std::optional<std::string> found = links_.resolve(path);
        if (!found) {
            return unsafe(path,
                          "is a link that leaves the output (to " + repair_utf8(target) + ")");
        }
        if (const auto file = real.find(*found); file != real.end()) return copy(as, file->second);
        const bool is_around = found->empty() || path.starts_with(*found + "/");
        if (is_around || depth > nested_links_max)
            return unsafe(path, "is a link that goes in circles");
        return add_directory(as, *found + "/", path, real, depth);
    }

    Result<> add_directory(const std::string& as, const std::string& prefix,
                           const std::string& path, const SiteFiles& real, int depth) {
        bool exists = false;
        for (auto at = real.lower_bound(prefix); at != real.end() && at->first.starts_with(prefix);
             ++at) {
            exists = true;
            const Result<> ok = copy(as + "/" + at->first.substr(prefix.size()), at->second);
            if (!ok) return ok.error();
        }
        const auto& links = links_.links();
        for (auto at = links.lower_bound(prefix);
             at != links.end() && at->first.starts_with(prefix); ++at) {
            exists = true;
            const Result<> ok = add_link(as + "/" + at->first.substr(prefix.size()), at->first,
                                         at->second, real, depth + 1);
            if (!ok) return ok.error();
        }
        if (!exists) return unsafe(path, "is a link to nothing in the output");
        return {};
    }

    Result<> copy(const std::string& as, const artifacts::ManifestEntry& entry) {
        if (!bad_path(as).empty()) return unsafe(as, "has a path that is too long");
        artifacts::ManifestEntry file = entry;
        file.type = artifacts::content_type(as);
        files_[as] = std::move(file);
        return count(entry.bytes);
    }

    const OutputRules& rules_;
    BlobSpool& spool_;
    const SecretScan scan_;
    const SecretScan tolerated_;
    std::set<std::pair<std::string, std::string>> tolerated_in_;  // file, name
    SiteFiles files_;
    std::map<std::string, std::string> rule_files_;
    LinkMap links_;
    SideBySide side_by_side_;
    std::vector<SmallFile> portion_;  // read, and not yet in files_
    std::uint64_t portion_bytes_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t seen_ = 0;
};

}  // namespace

Result<SiteOutput> collect_output(const ReadContent& read, const OutputRules& rules,
                                  BlobSpool& spool) {
    Collector collector(rules, spool);
    const VisitEntry visit = [&](const ArchiveEntry& entry, const ReadContent& content) {
        return collector.visit(entry, content);
    };
    if (const Result<> walked = walk_archive(read, visit); !walked) return walked.error();
    return collector.finish();
}

Result<SiteOutput> collect_output(int file, const OutputRules& rules, BlobSpool& spool) {
    const ReadContent read = [file](std::span<char> into) -> std::size_t {
        const ssize_t count = ::read(file, into.data(), into.size());
        if (count < 0) throw_errno("read an output");
        return static_cast<std::size_t>(count);
    };
    return collect_output(read, rules, spool);
}

}  // namespace berth::builds
