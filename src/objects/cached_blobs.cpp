#include "objects/cached_blobs.hpp"

namespace berth::objects {

CachedBlobs::Blob* CachedBlobs::find(const std::string& sha256) {
    const auto place = places_.find(sha256);
    if (place == places_.end()) return nullptr;
    blobs_.splice(blobs_.begin(), blobs_, place->second);
    return &*place->second;
}

std::optional<std::vector<std::string>> CachedBlobs::reserve(std::uint64_t bytes) {
    if (bytes > bytes_max_ || reserved_ > bytes_max_ - bytes) return std::nullopt;
    std::vector<std::string> gone;
    while (kept_ > bytes_max_ - bytes - reserved_) {  // ends at the latest when nothing is kept
        gone.push_back(blobs_.back().sha256);
        forget(gone.back());
    }
    reserved_ += bytes;
    return gone;
}

void CachedBlobs::release(std::uint64_t bytes) {
    reserved_ -= bytes;
}

void CachedBlobs::keep(Blob blob) {
    release(blob.bytes);
    forget(blob.sha256);
    kept_ += blob.bytes;
    blobs_.push_front(std::move(blob));
    places_[blobs_.front().sha256] = blobs_.begin();
}

void CachedBlobs::forget(const std::string& sha256) {
    const auto place = places_.find(sha256);
    if (place == places_.end()) return;
    kept_ -= place->second->bytes;
    blobs_.erase(place->second);
    places_.erase(place);
}

}  // namespace berth::objects
