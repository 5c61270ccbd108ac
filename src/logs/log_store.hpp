#pragma once
/// The build log of a deployment: lines numbered by the worker, stored here, then shown. While it
/// grows it lives in the database; ended, it is archived as one object and the rows keep only
/// where each chunk lies in it.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bus/bus.hpp"
#include "db/database.hpp"
#include "jobs/job.hpp"
#include "logs/log_search.hpp"
#include "logs/numbered_line.hpp"
#include "objects/object_store.hpp"

namespace berth::logs {

struct Page {
    std::vector<NumberedLine> lines{};
    std::int64_t next = 0;  // number after the last line of the page; `after` when it is empty
};

/// Adds lines of our own inside a transaction; returns the number after them.
std::int64_t append_lines(soci::session& sql, const std::string& deployment,
                          const std::vector<jobs::Line>& lines);

class LogStore {
public:
    /// References must outlive the store.
    LogStore(db::Database& database, objects::ObjectStore& objects, bus::Bus& bus)
        : database_(database), objects_(objects), bus_(bus), search_(database, objects) {}

    /// Appends if the epoch holds the lease and `first` is the next number. Returns the next.
    /// Errors: conflict — lease_lost; conflict — wrong_line (the message ends in the next number).
    Task<Result<std::int64_t>> append(std::string deployment, jobs::LogAppend batch);

    /// Lines with number >= `after`, in order, about `bytes_max` of text at most.
    Task<Page> read(std::string deployment, std::int64_t after, std::size_t bytes_max);

    /// The line still being written, with the number it will get; nothing when there is none.
    std::optional<NumberedLine> open_line(const std::string& deployment) const;

    /// Moves a finished log out of the database. Does nothing when it is done already, or
    /// under way: two at once would each take what the other has emptied for the log.
    Task<> archive(std::string deployment);
    Task<> remove(std::string deployment);

    LogSearch& search() { return search_; }

private:
    struct Archiving;

    db::Database& database_;
    objects::ObjectStore& objects_;
    bus::Bus& bus_;
    LogSearch search_;
    std::map<std::string, NumberedLine> open_;
    std::set<std::string> archiving_;
};

/// One stored line: `[at_ms,"out","info","build","text"]\n`.
std::string encode_lines(const std::vector<jobs::Line>& lines);
std::vector<jobs::Line> decode_lines(std::string_view bytes);

}  // namespace berth::logs
