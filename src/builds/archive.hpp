#pragma once
/// Reading tar streams of sandboxes and registries (libarchive, in this unprivileged process), and
/// writing the small ones that sandboxes get. Everything read is hostile: limits come first.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace berth::builds {

enum class ArchiveKind { file, directory, symlink, hardlink, special };

struct ArchiveEntry {
    std::string path{};  // as stored, without leading "./" and trailing "/"
    ArchiveKind kind = ArchiveKind::file;
    std::string target{};  // of links
    std::uint64_t bytes = 0;
    bool executable = false;
};

/// Fills a part of the span with what comes next, and returns how much; 0 at the end. Of an entry:
/// its content, at most once.
using ReadContent = std::function<std::size_t(std::span<char>)>;

/// Called per entry, in order. An error stops the walk and becomes its result.
using VisitEntry = std::function<Result<>(const ArchiveEntry&, const ReadContent&)>;

/// Walks an archive (tar, plain or compressed) from the current position of `file`.
/// Errors: invalid — damaged or cut short; those of `visit`.
Result<> walk_archive(int file, const VisitEntry& visit);

/// The same of what `read` gives until it gives nothing. Throws what it throws.
Result<> walk_archive(const ReadContent& read, const VisitEntry& visit);

/// The same from memory.
Result<> walk_archive(std::string_view bytes, const VisitEntry& visit);

/// All of the entry, if it is at most `bytes_max`. Errors: too_large.
Result<std::string> read_content(const ArchiveEntry& entry, const ReadContent& read,
                                 std::size_t bytes_max);

/// Writes a tar into a file descriptor.
class TarWriter {
public:
    enum class Packing { none, zstd };
    explicit TarWriter(int file, Packing packing = Packing::none);
    ~TarWriter();
    TarWriter(const TarWriter&) = delete;
    TarWriter& operator=(const TarWriter&) = delete;

    /// Throws: the disk refused.
    void file(const std::string& path, std::string_view bytes, unsigned mode);
    void link(const std::string& path, const std::string& target);
    /// The same as `file`, with content that is read piece by piece.
    void file(const std::string& path, std::uint64_t bytes, unsigned mode, const ReadContent& read);
    void close();

private:
    struct State;
    void header(const std::string& path, std::uint64_t bytes, unsigned mode, const char* target);
    std::unique_ptr<State> state_;
};

}  // namespace berth::builds
