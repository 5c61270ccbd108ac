#include "edge/site.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <limits>

#include "artifacts/hashed_name.hpp"
#include "base/crypto.hpp"
#include "http/head_parser.hpp"

namespace berth::edge {

namespace {

constexpr std::size_t files_max = 1'000'000;
constexpr std::size_t paths_bytes_max = 256 << 20;

Result<Digest> parse_digest(const std::string& text) {
    if (text.size() != 64) return fail(Failure::invalid, "'{}' is not a SHA-256", text);
    const Result<std::string> bytes = from_hex(text);
    if (!bytes) return bytes.error();
    Digest digest{};
    std::copy_n(bytes->begin(), digest.size(), digest.begin());
    return digest;
}

/// The smallest first; those of which nothing is said may have been added later: last.
std::array<Coding, 3> order_by_size(const std::map<std::string, std::uint64_t>& variants) {
    const auto bytes_of = [&](Coding coding) {
        const auto found = variants.find(std::string(word_of(coding)));
        return std::pair(found == variants.end() ? UINT64_MAX : found->second, coding);
    };
    std::array<Coding, 3> order = stored_codings;
    std::ranges::sort(order, {}, bytes_of);
    return order;
}

bool is_path(std::string_view path) {
    return !path.empty() && path.front() != '/' && path.find('\0') == path.npos;
}

}  // namespace

std::string hex_of(const Digest& digest) {
    return hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

Result<std::shared_ptr<const Site>> Site::make(const artifacts::Manifest& manifest) {
    if (manifest.version != 1) {
        return fail(Failure::invalid, "manifest version {} is not known", manifest.version);
    }
    if (manifest.files.size() > files_max)
        return fail(Failure::invalid, "over {} files", files_max);
    const auto site = std::make_shared<Site>();
    site->deployment_ = manifest.deployment;
    site->spa_ = manifest.spa;
    site->files_.reserve(manifest.files.size());
    for (const auto& [path, entry] : manifest.files) {
        if (const Result<> added = site->add(path, entry); !added) return added.error();
    }
    site->paths_.shrink_to_fit();
    site->build_index();
    site->rules_ = std::make_unique<const rules::Rules>(manifest.rules);
    return std::shared_ptr<const Site>(site);
}

Result<> Site::add(const std::string& path, const artifacts::ManifestEntry& entry) {
    if (!is_path(path)) return fail(Failure::invalid, "the path '{}' is malformed", path);
    if (!http::is_field_value(entry.type))
        return fail(Failure::invalid, "the type of '{}' is malformed", path);
    const Result<Digest> digest = parse_digest(entry.sha256);
    if (!digest) return digest.error();
    if (paths_.size() + path.size() > paths_bytes_max)
        return fail(Failure::invalid, "too many long paths");
    SiteFile file;
    file.sha256 = *digest;
    file.bytes = entry.bytes;
    file.path_begin = static_cast<std::uint32_t>(paths_.size());
    file.path_size = static_cast<std::uint32_t>(path.size());
    const std::string& type = entry.type.empty() ? "application/octet-stream" : entry.type;
    file.type = type_number(type);
    file.compressible = artifacts::compressible(type) || !entry.variants.empty();
    file.codings = order_by_size(entry.variants);
    file.immutable = artifacts::is_hashed_name(path);
    paths_ += path;
    files_.push_back(file);
    return boost::system::in_place_value;
}

/// Few types name many files.
std::uint16_t Site::type_number(const std::string& type) {
    const auto found = std::ranges::find(types_, type);
    if (found != types_.end()) return static_cast<std::uint16_t>(found - types_.begin());
    if (types_.size() == std::numeric_limits<std::uint16_t>::max()) return 0;
    types_.push_back(type);
    return static_cast<std::uint16_t>(types_.size() - 1);
}

void Site::build_index() {
    index_.assign(std::bit_ceil(files_.size() * 2 + 1), 0);
    const std::size_t mask = index_.size() - 1;
    for (std::uint32_t number = 0; number < files_.size(); ++number) {
        std::size_t at = std::hash<std::string_view>{}(path_of(files_[number]))&mask;
        while (index_[at] != 0)
            at = (at + 1) & mask;
        index_[at] = number + 1;
    }
}

const SiteFile* Site::find(std::string_view path) const {
    return file(number_of(path));
}

const SiteFile* Site::file(std::uint32_t number) const {
    return number == rules::no_file ? nullptr : &files_[number];
}

std::uint32_t Site::number_of(std::string_view path) const {
    const std::size_t mask = index_.size() - 1;
    // Ends at a free place: half of the index is free.
    for (std::size_t at = std::hash<std::string_view>{}(path)&mask; index_[at] != 0;
         at = (at + 1) & mask) {
        if (path_of(files_[index_[at] - 1]) == path) return index_[at] - 1;
    }
    return rules::no_file;
}

std::string_view Site::path_of(const SiteFile& file) const {
    return std::string_view(paths_).substr(file.path_begin, file.path_size);
}

std::size_t Site::memory_bytes() const {
    return sizeof(Site) + paths_.capacity() + files_.capacity() * sizeof(SiteFile) +
           index_.capacity() * sizeof(index_[0]) + types_.size() * 64 + rules_->memory_bytes();
}

}  // namespace berth::edge
