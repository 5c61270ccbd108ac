#include "edge/blobs.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstring>

namespace berth::edge {

namespace {

constexpr std::size_t overhead_bytes = 256;  // of keeping one answer
/// What an open descriptor counts: 4 MiB of memory keep 256 of them. A blob that is deleted
/// meanwhile lives on until it is dropped here.
constexpr std::size_t descriptor_bytes = 16 << 10;

}  // namespace

std::size_t PreparedKeyHash::operator()(const PreparedKey& key) const {
    std::size_t hash = 0;  // the digest is as good a hash as any
    std::memcpy(&hash, key.sha256.data(), sizeof hash);
    return hash ^ key.type_hash ^ static_cast<std::size_t>(key.coding) ^
           (std::size_t{key.manner.status} << 8) ^ (key.manner.by_its_name ? 0x10U : 0U) ^
           (key.manner.searchable ? 0x20U : 0U);
}

Blobs::Blobs(std::string public_directory, std::size_t memory_bytes_max, Clock now)
    : directory_(std::move(public_directory)), now_(std::move(now)), shelf_(memory_bytes_max) {}

std::shared_ptr<const Prepared> Blobs::find(const PreparedKey& key) {
    const Kept* kept = shelf_.find(key);
    if (kept == nullptr || !kept->prepared) return nullptr;
    if (key.coding == Coding::identity) return kept->prepared;
    return now_() - kept->looked_ms < form_ms_max ? kept->prepared : nullptr;
}

std::shared_ptr<const Prepared> Blobs::find_old(const PreparedKey& key) {
    const Kept* kept = shelf_.find(key);
    return kept == nullptr ? nullptr : kept->prepared;
}

bool Blobs::is_known_missing(const PreparedKey& key) {
    const Kept* kept = shelf_.find(key);
    return kept != nullptr && !kept->prepared && now_() - kept->looked_ms < missing_ms_max;
}

void Blobs::remember(const PreparedKey& key, std::shared_ptr<const Prepared> prepared) {
    const std::size_t bytes = prepared->head.capacity() + prepared->body.capacity() +
                              overhead_bytes + (prepared->file ? descriptor_bytes : 0);
    shelf_.put(key, Kept{std::move(prepared), now_()}, bytes);
}

void Blobs::remember_missing(const PreparedKey& key) {
    shelf_.put(key, Kept{nullptr, now_()}, overhead_bytes);
}

Blobs::Opened Blobs::open_brought(const WantedBlob& blob) const {
    const BroughtBlob* brought = nullptr;
    if (brought_ != nullptr) {
        for (const BroughtBlob& each : *brought_) {
            if (each.wanted.is_same(blob)) brought = &each;
        }
    }
    if (brought == nullptr) return {.wanted = true};
    return {.file = brought->file,
            .reader = brought->reader,
            .missing = brought->kind == BroughtBlob::Kind::missing,
            .bytes = brought->bytes};
}

Blobs::Opened Blobs::open(const WantedBlob& blob) const {
    if (directory_.empty()) return open_brought(blob);
    const std::string name = hex_of(blob.sha256);
    const std::string path = directory_ + "/blobs/" + name.substr(0, 2) + "/" + name +
                             std::string(suffix_of(blob.coding));
    Opened opened;
    Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    opened.missing = !file && errno == ENOENT;
    struct stat info{};
    if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return opened;
    opened.file = std::make_shared<const Fd>(std::move(file));
    opened.bytes = static_cast<std::uint64_t>(info.st_size);
    return opened;
}

}  // namespace berth::edge
