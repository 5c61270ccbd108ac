// Budgets for bytes.
#include <algorithm>

#include "builds/checks.hpp"
#include "builds/compress.hpp"
#include "rules/glob.hpp"

namespace berth::builds {
namespace {

using rules::SizeGate;

struct Sized {
    std::string_view path{};
    std::uint64_t bytes = 0;
};

/// As a visitor gets it whose browser takes gzip; what is compressed already counts as it is.
std::uint64_t gzip_bytes(const artifacts::ManifestEntry& entry, const BuiltSite& site) {
    if (!artifacts::compressible(entry.type) || entry.bytes > gzip_bytes_max) return entry.bytes;
    const std::optional<std::string> packed = gzip(site.bytes_of(entry));
    return packed ? packed->size() : entry.bytes;
}

std::vector<Sized> sizes_of(const SizeGate& gate, const BuiltSite& site) {
    const rules::Glob pattern(gate.files);
    std::map<std::string_view, std::uint64_t> packed;  // by SHA-256: many files may be one blob
    std::vector<Sized> sizes;
    for (const auto& [path, entry] : site.manifest().files) {
        if (!pattern.fits(path)) continue;
        std::uint64_t bytes = entry.bytes;
        if (gate.coding == SizeGate::Coding::gzip) {
            const auto [known, fresh] = packed.emplace(entry.sha256, 0);
            if (fresh) known->second = gzip_bytes(entry, site);
            bytes = known->second;
        }
        sizes.push_back({path, bytes});
    }
    std::ranges::sort(sizes, [](const Sized& one, const Sized& other) {
        return one.bytes != other.bytes ? one.bytes > other.bytes : one.path < other.path;
    });
    return sizes;
}

std::string files_words(std::size_t count) {
    return fmt::format("{} file{}", count, count == 1 ? "" : "s");
}

}  // namespace

jobs::Check check_size(const SizeGate& gate, const BuiltSite& site) {
    jobs::Check check = begin_check(jobs::CheckKind::size, gate.line, gate.files);
    const bool each = gate.of == SizeGate::Of::each;
    check.limit = fmt::format("at most {}{}{}", size_words(gate.bytes_max), each ? " each" : "",
                              gate.coding == SizeGate::Coding::gzip ? ", gzip" : "");
    const std::vector<Sized> sizes = sizes_of(gate, site);
    std::uint64_t all = 0;
    for (const Sized& one : sizes)
        all += one.bytes;
    if (each) {
        const std::uint64_t largest = sizes.empty() ? 0 : sizes.front().bytes;
        check.found =
            fmt::format("the largest of {} has {}", files_words(sizes.size()), size_words(largest));
    } else {
        check.found = fmt::format("{} in {}", size_words(all), files_words(sizes.size()));
    }
    if (!each && all <= gate.bytes_max) return check;
    for (const Sized& one : sizes) {
        if (each && one.bytes <= gate.bytes_max) break;
        add_finding(check, one.path, size_words(one.bytes));
    }
    return check;
}

}  // namespace berth::builds
