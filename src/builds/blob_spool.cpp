#include "builds/blob_spool.hpp"

#include <unistd.h>

#include "builds/step_run.hpp"

namespace berth::builds {
namespace {

std::string head(const std::string& name, std::uint64_t bytes) {
    std::string result;
    for (unsigned shift = 0; shift < 16; shift += 8) {
        result += static_cast<char>(name.size() >> shift & 0xff);
    }
    result += name;
    for (unsigned shift = 0; shift < 64; shift += 8) {
        result += static_cast<char>(bytes >> shift & 0xff);
    }
    return result;
}

}  // namespace

BlobSpool::BlobSpool(const std::string& directory) : file_(scratch_file(directory)) {}

void BlobSpool::append(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto at = static_cast<off_t>(end_ + open_bytes_);
        const ssize_t count = ::pwrite(file_.get(), bytes.data(), bytes.size(), at);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) throw_errno("write a scratch file");
        open_bytes_ += static_cast<std::uint64_t>(count);
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

void BlobSpool::name_last(const std::string& name) {
    if (blobs_.emplace(name, Place{end_, open_bytes_}).second) end_ += open_bytes_;
    open_bytes_ = 0;
}

std::vector<std::string> BlobSpool::names() const {
    std::vector<std::string> result;
    result.reserve(blobs_.size());
    for (const auto& blob : blobs_)
        result.push_back(blob.first);
    return result;
}

std::uint64_t BlobSpool::bytes_of(const std::vector<std::string>& names) const {
    std::uint64_t sum = 0;
    for (const std::string& name : names) {
        if (const auto found = blobs_.find(name); found != blobs_.end()) sum += found->second.bytes;
    }
    return sum;
}

std::string BlobSpool::read(const std::string& name) const {
    const Place place = blobs_.at(name);
    std::string bytes(place.bytes, '\0');
    std::size_t have = 0;
    while (have < bytes.size()) {  // ends when all is read, or throws
        const ssize_t count = ::pread(file_.get(), bytes.data() + have, bytes.size() - have,
                                      static_cast<off_t>(place.begin + have));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) throw_errno("read a scratch file");
        have += static_cast<std::size_t>(count);
    }
    return bytes;
}

ByteSource BlobSpool::stream(std::vector<std::string> names) const {
    struct Position {
        std::vector<std::string> names;
        std::size_t next = 0;  // the blob whose head comes when `head` and `left` are used up
        std::string head{};
        std::uint64_t at = 0;
        std::uint64_t left = 0;
    };
    const auto position = std::make_shared<Position>(Position{.names = std::move(names)});
    const auto piece = [this, position](std::span<char> into) -> std::size_t {
        Position& now = *position;
        while (now.head.empty() && now.left == 0) {
            if (now.next == now.names.size()) return 0;
            const std::string& name = now.names[now.next++];
            const auto found = blobs_.find(name);
            if (found == blobs_.end()) continue;
            now.head = head(name, found->second.bytes);
            now.at = found->second.begin;
            now.left = found->second.bytes;
        }
        if (!now.head.empty()) {
            const std::size_t count = std::min(into.size(), now.head.size());
            std::copy_n(now.head.begin(), count, into.begin());
            now.head.erase(0, count);
            return count;
        }
        const std::size_t wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), now.left));
        const ssize_t count = ::pread(file_.get(), into.data(), wanted, static_cast<off_t>(now.at));
        if (count <= 0) {  // the stream is cut: the api refuses it
            now = Position{};
            return 0;
        }
        now.at += static_cast<std::uint64_t>(count);
        now.left -= static_cast<std::uint64_t>(count);
        return static_cast<std::size_t>(count);
    };
    // Small blobs travel many at a time.
    return [piece](std::span<char> into) -> std::size_t {
        std::size_t filled = 0;
        while (filled < into.size()) {  // ends when full, or with the stream
            const std::size_t count = piece(into.subspan(filled));
            if (count == 0) break;
            filled += count;
        }
        return filled;
    };
}

}  // namespace berth::builds
