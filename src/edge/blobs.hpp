#pragma once
/// The blobs of public/ as one loop reads them: small answers whole in memory, larger ones as open
/// descriptors for sendfile, all within one bound of bytes.

#include <cstdint>
#include <memory>
#include <string>

#include "base/file.hpp"
#include "edge/file_head.hpp"
#include "edge/negotiation.hpp"
#include "edge/shelf.hpp"
#include "edge/site.hpp"

namespace berth::edge {

/// A whole answer: the status line and fields (without date, connection and the blank line), and
/// the body, or where it is.
struct Prepared {
    std::string head{};
    std::string body{};
    std::shared_ptr<const Fd> file{};  // null: `body` it is
    std::uint64_t bytes = 0;           // of the file
};

/// What makes two answers the same.
struct PreparedKey {
    Digest sha256{};
    std::uint64_t type_hash = 0;
    Coding coding = Coding::identity;
    Manner manner{};

    bool operator==(const PreparedKey&) const = default;
};

struct PreparedKeyHash {
    std::size_t operator()(const PreparedKey& key) const;
};

class Blobs {
public:
    /// `public_directory` has blobs/<ab>/<sha256>.
    Blobs(std::string public_directory, std::size_t memory_bytes_max);

    /// In memory, or null.
    std::shared_ptr<const Prepared> find(const PreparedKey& key);
    /// Whether that coding was looked for lately and is not there.
    bool is_known_missing(const PreparedKey& key);
    void remember(const PreparedKey& key, std::shared_ptr<const Prepared> prepared);
    void remember_missing(const PreparedKey& key);

    struct Opened {
        Fd file{};             // none: there is no such blob,
        bool missing = false;  // or, when false, it could not be opened this time
        std::uint64_t bytes = 0;
    };
    Opened open(const Digest& sha256, Coding coding) const;

    static constexpr std::uint64_t kept_bytes_max = 64 << 10;  // of one body

private:
    struct Kept {
        std::shared_ptr<const Prepared> prepared{};  // null: missing
        std::int64_t looked_ms = 0;
    };

    std::string directory_;
    Shelf<PreparedKey, Kept, PreparedKeyHash> shelf_;
};

}  // namespace berth::edge
