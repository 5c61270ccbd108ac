#include "edge/remote_blobs.hpp"

#include <filesystem>

#include "artifacts/manifest.hpp"
#include "base/log.hpp"

namespace berth::edge {

namespace {

/// Nothing: not 64 hex digits.
std::optional<Digest> digest_of(std::string_view hex) {
    Digest digest;
    if (hex.size() != 2 * digest.size()) return std::nullopt;
    const auto number = [](char c) {
        if (c >= '0' && c <= '9') return c - '0';
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    for (std::size_t i = 0; i < digest.size(); ++i) {
        const int high = number(hex[2 * i]);
        const int low = number(hex[2 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        digest[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return digest;
}

class Waiting {
public:
    explicit Waiting(std::atomic<std::size_t>& count) : count_(count) { ++count_; }
    Waiting(const Waiting&) = delete;
    ~Waiting() { --count_; }

private:
    std::atomic<std::size_t>& count_;
};

std::string made(const std::string& directory) {
    std::filesystem::create_directories(directory);
    return directory;
}

}  // namespace

RemoteBlobs::RemoteBlobs(objects::ObjectStore& store, objects::DiskCacheConfig config)
    : forms_(made(config.directory) + "/forms"),
      cache_(objects::make_disk_cache(store, std::move(config))) {}

Task<BroughtBlob> RemoteBlobs::bring(WantedBlob wanted) {
    BroughtBlob brought = co_await try_bring(wanted);
    // It may have been compressed anew since we asked for its hash.
    if (brought.kind == BroughtBlob::Kind::unavailable && wanted.coding != Coding::identity) {
        distrust(wanted);
        brought = co_await try_bring(wanted);
    }
    brought.wanted = wanted;
    co_return brought;
}

Task<StoredForms::Answer> RemoteBlobs::look_for(const WantedBlob& wanted, bool& away) {
    StoredForms::Answer known = forms_.find(wanted.sha256, wanted.coding);
    if (known.known != StoredForms::Known::nothing && !known.old) co_return known;
    const std::string key = artifacts::variant_key(hex_of(wanted.sha256), word_of(wanted.coding));
    const Result<objects::Entry> entry = co_await cache_->stat(key);
    if (!entry && entry.error().failure != Failure::not_found) {
        if (known.old) co_return known;
        away = true;
        co_return StoredForms::Answer{};
    }
    const auto sha256 = entry ? digest_of(entry->sha256) : std::nullopt;
    if (!sha256 || entry->bytes >= wanted.bytes) {
        forms_.remember_missing(wanted.sha256, wanted.coding);
        co_return StoredForms::Answer{StoredForms::Known::missing};
    }
    const StoredForm form{*sha256, entry->bytes};
    forms_.remember(wanted.sha256, wanted.coding, form);
    co_return StoredForms::Answer{StoredForms::Known::form, form};
}

Task<Result<objects::OpenBlob>> RemoteBlobs::open(objects::BlobName name) {
    constexpr std::chrono::milliseconds pause{50};
    Result<objects::OpenBlob> opened = co_await cache_->open(name);
    if (opened || opened.error().failure != Failure::limited) co_return opened;
    if (waiting_ >= waiting_max) co_return opened;
    const Waiting counted(waiting_);
    for (auto waited = pause; waited < wait_max; waited += pause) {
        co_await sleep_for(pause);
        opened = co_await cache_->open(name);
        if (opened || opened.error().failure != Failure::limited) break;
    }
    co_return opened;
}

Task<BroughtBlob> RemoteBlobs::try_bring(const WantedBlob& wanted) {
    using Kind = BroughtBlob::Kind;
    const std::string sha256 = hex_of(wanted.sha256);
    objects::BlobName name{artifacts::blob_key(sha256), sha256, wanted.bytes};
    if (wanted.coding != Coding::identity) {
        bool away = false;
        const StoredForms::Answer found = co_await look_for(wanted, away);
        if (away) co_return BroughtBlob{};
        if (found.known == StoredForms::Known::missing)
            co_return BroughtBlob{.kind = Kind::missing};
        name = {artifacts::variant_key(sha256, word_of(wanted.coding)), hex_of(found.form.sha256),
                found.form.bytes};
    }
    const std::uint64_t bytes = name.bytes;
    Result<objects::OpenBlob> opened = co_await open(std::move(name));
    if (opened) {
        co_return BroughtBlob{.kind = Kind::here,
                              .file = std::move(opened->file),
                              .reader = std::move(opened->reader),
                              .bytes = bytes};
    }
    if (opened.error().failure == Failure::not_found) {
        if (wanted.coding != Coding::identity)
            forms_.remember_missing(wanted.sha256, wanted.coding);
        co_return BroughtBlob{.kind = Kind::missing};
    }
    log::warning("a blob cannot be fetched", {{"sha256", sha256}, {"why", opened.error().message}});
    co_return BroughtBlob{};
}

}  // namespace berth::edge
