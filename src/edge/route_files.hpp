#pragma once
/// The edge's own memory of routes, in state/routes/: `base-N`, an immutable file of all routes
/// with an index of their places, and journals of the changes since. Files are numbered in one
/// sequence; a base holds all that files of smaller numbers do. Nothing is read but by the
/// publication.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "edge/host_table.hpp"
#include "edge/route_record.hpp"

namespace berth::edge {

class RouteFiles {
public:
    /// `directory` is made if it is missing.
    explicit RouteFiles(std::string directory);

    struct Kept {
        HostTable table{};
        bool damaged = false;  // something of it was lost: all is to be compared with the store
    };
    /// What is there, once, before all else. Damage is said in the log. Never throws.
    Kept restore();

    /// Adds to the journal; it is durable after `sync`.
    /// Errors: unavailable — the disk refused; then the journal is as before.
    Result<Place> append(const RouteRecord& record);
    /// Throws: the disk refused.
    void sync();

    /// `place` is of kind kept. Errors: invalid — damaged; unavailable — the disk does not give it.
    Result<RouteRecord> read(Place place) const;

    /// Records in the journals, and how many files there are.
    std::size_t journal_records() const { return journal_records_; }
    std::size_t files() const { return files_.size(); }
    std::uint64_t journal_bytes() const { return journal_bytes_; }

    /// The number of a base that holds all so far. What is appended from now on comes after it.
    std::uint32_t begin_base();
    std::string path_of_base(std::uint32_t number) const;
    /// `number` is in place: what it holds is forgotten elsewhere. Throws: it cannot be opened.
    void use_base(std::uint32_t number);

private:
    struct Journal {
        std::uint32_t number = 0;
        std::size_t records = 0;
        std::uint64_t bytes = 0;
        bool synced = true;
    };
    bool restore_base(std::uint32_t number, Kept& kept);
    void replay(std::uint32_t number, Kept& kept);
    void forget_before(std::uint32_t number);
    Journal& open_journal();
    std::string path_of_journal(std::uint32_t number) const;

    std::string directory_;
    std::map<std::uint32_t, Fd> files_{};  // by number: open for reading, journals also to append
    std::map<std::uint32_t, std::string> paths_{};
    std::vector<Journal> journals_{};  // the last one is appended to, if `appending_`
    bool appending_ = false;
    std::uint32_t next_number_ = 1;
    std::size_t journal_records_ = 0;
    std::uint64_t journal_bytes_ = 0;
};

}  // namespace berth::edge
