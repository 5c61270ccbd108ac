#pragma once
/// The blobs of public/ as one loop reads them: small answers whole in memory, larger ones as open
/// descriptors for sendfile, all within one bound of bytes.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "edge/file_head.hpp"
#include "edge/negotiation.hpp"
#include "edge/remote_blobs.hpp"
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
    /// `public_directory` has blobs/<ab>/<sha256>; "": all blobs have to be brought.
    Blobs(std::string public_directory, std::size_t memory_bytes_max, Clock now = steady_now_ms);

    /// In memory, or null: also for a form that was opened a while ago. There may be a smaller one.
    std::shared_ptr<const Prepared> find(const PreparedKey& key);
    /// The same, however long ago: for when it cannot be had anew.
    std::shared_ptr<const Prepared> find_old(const PreparedKey& key);
    /// Whether that coding was looked for lately and is not there.
    bool is_known_missing(const PreparedKey& key);
    void remember(const PreparedKey& key, std::shared_ptr<const Prepared> prepared);
    void remember_missing(const PreparedKey& key);

    struct Opened {
        std::shared_ptr<const Fd> file{};
        std::shared_ptr<objects::BlobReader> reader{};  // where the file is not whole yet
        bool missing = false;                           // there is no such blob
        bool wanted = false;                            // it has to be brought first
        std::uint64_t bytes = 0;
    };
    /// Neither file nor reader, and neither missing nor wanted: it cannot be had now.
    Opened open(const WantedBlob& blob) const;

    /// What was brought for the request at hand; it must outlive that.
    void use(const std::vector<BroughtBlob>* brought) { brought_ = brought; }

    static constexpr std::uint64_t kept_bytes_max = 64 << 10;  // of one body
    static constexpr std::int64_t missing_ms_max = 60'000;     // until it is looked for again
    static constexpr std::int64_t form_ms_max = 600'000;       // until it is opened again

private:
    struct Kept {
        std::shared_ptr<const Prepared> prepared{};  // null: missing
        std::int64_t looked_ms = 0;
    };

    Opened open_brought(const WantedBlob& blob) const;

    std::string directory_;
    const std::vector<BroughtBlob>* brought_ = nullptr;
    Clock now_;
    Shelf<PreparedKey, Kept, PreparedKeyHash> shelf_;
};

}  // namespace berth::edge
