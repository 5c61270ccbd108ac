#pragma once
/// One deployment's files and rules as the request path looks them up: a manifest, checked and
/// packed (about 70 bytes per file beside its path), immutable, shared by all loops.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "artifacts/manifest.hpp"
#include "base/result.hpp"
#include "edge/negotiation.hpp"
#include "rules/decide.hpp"

namespace berth::edge {

using Digest = std::array<std::uint8_t, 32>;

std::string hex_of(const Digest& digest);

struct SiteFile {
    Digest sha256{};
    std::uint64_t bytes = 0;
    std::uint32_t path_begin = 0;
    std::uint32_t path_size = 0;
    std::uint16_t type = 0;
    bool compressible = false;  // or variants are listed: answers vary by Accept-Encoding
    bool immutable = false;     // the name carries a hash
    std::array<Coding, 3> codings = stored_codings;  // stored forms, in the order to try them
};

class Site final : public rules::FileIndex {
public:
    /// Errors: invalid — a version, path, digest or size that we would not serve.
    static Result<std::shared_ptr<const Site>> make(const artifacts::Manifest& manifest);

    /// `path` without a leading slash. Null: no such file.
    const SiteFile* find(std::string_view path) const;

    std::uint32_t number_of(std::string_view path) const override;
    bool is_spa() const override { return spa_; }
    /// `number` is one that `number_of` gave. Null: `rules::no_file`.
    const SiteFile* file(std::uint32_t number) const;

    const rules::Rules& rules() const { return *rules_; }

    std::string_view path_of(const SiteFile& file) const;
    std::string_view type_of(const SiteFile& file) const { return types_[file.type]; }
    const std::string& deployment() const { return deployment_; }
    const std::vector<SiteFile>& files() const { return files_; }
    std::size_t memory_bytes() const;

private:
    Result<> add(const std::string& path, const artifacts::ManifestEntry& entry);
    std::uint16_t type_number(const std::string& type);
    void build_index();

    std::string deployment_{};
    bool spa_ = false;
    std::unique_ptr<const rules::Rules> rules_{};
    std::string paths_{};
    std::vector<std::string> types_{};
    std::vector<SiteFile> files_{};
    std::vector<std::uint32_t> index_{};  // open addressing; file number + 1, 0 is free
};

}  // namespace berth::edge
