#include "local/blob_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace berth::local {
namespace {

constexpr std::size_t block_bytes = 256 << 10;

/// Bytes of a source, by count.
class Reader {
public:
    explicit Reader(const builds::ByteSource& source) : source_(source) {}

    /// False: the source has ended before.
    bool fill(std::span<char> into) {
        while (!into.empty()) {
            if (at_ == have_) {
                have_ = source_(block_);
                at_ = 0;
                if (have_ == 0) return false;
            }
            const std::size_t count = std::min(into.size(), have_ - at_);
            std::copy_n(block_.data() + at_, count, into.data());
            into = into.subspan(count);
            at_ += count;
        }
        return true;
    }

    bool ended() {
        if (at_ < have_) return false;
        have_ = source_(block_);
        at_ = 0;
        return have_ == 0;
    }

private:
    const builds::ByteSource& source_;
    std::string block_ = std::string(block_bytes, '\0');
    std::size_t at_ = 0;
    std::size_t have_ = 0;
};

/// Little endian.
std::uint64_t number_of(std::string_view bytes) {
    std::uint64_t number = 0;
    for (std::size_t i = bytes.size(); i-- > 0;)
        number = number << 8 | static_cast<unsigned char>(bytes[i]);
    return number;
}

void write_at(int file, std::uint64_t at, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_errno("write the site's files");
        bytes.remove_prefix(static_cast<std::size_t>(count));
        at += static_cast<std::uint64_t>(count);
    }
}

}  // namespace

Result<> BlobFile::take(const builds::ByteSource& stream) {
    const auto cut = [] { return fail(Failure::invalid, "the stream of blobs is cut short"); };
    Reader reader(stream);
    std::string block(block_bytes, '\0');
    while (!reader.ended()) {
        std::array<char, 8> head{};
        if (!reader.fill(std::span(head).first(2))) return cut();
        std::string name(number_of({head.data(), 2}), '\0');
        if (!reader.fill(name) || !reader.fill(head)) return cut();
        std::uint64_t left = number_of({head.data(), 8});
        const bool wanted = name.find('.') == name.npos && !places_.contains(name);
        std::uint64_t at = end_;
        while (left > 0) {
            const std::size_t count = std::min<std::uint64_t>(left, block.size());
            if (!reader.fill(std::span(block).first(count))) return cut();
            if (wanted) write_at(file_, at, std::string_view(block).substr(0, count));
            at += count;
            left -= count;
        }
        if (!wanted) continue;
        places_.emplace(std::move(name), end_);
        end_ = at;
    }
    return {};
}

Result<> copy_part(int from, std::uint64_t begin, std::uint64_t bytes, int into) {
    std::string block(static_cast<std::size_t>(std::min<std::uint64_t>(bytes, block_bytes)), '\0');
    while (bytes > 0) {
        const ssize_t count =
            ::pread(from, block.data(), std::min<std::uint64_t>(bytes, block.size()),
                    static_cast<off_t>(begin));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_errno("read the site's files");
        if (count == 0) return fail(Failure::invalid, "the site's files are cut short");
        write_all(into, std::string_view(block).substr(0, static_cast<std::size_t>(count)));
        begin += static_cast<std::uint64_t>(count);
        bytes -= static_cast<std::uint64_t>(count);
    }
    return {};
}

}  // namespace berth::local
