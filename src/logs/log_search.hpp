#pragma once
/// Looks for lines in the logs of a project, the newest deployment first, a bounded piece at a
/// time: whoever wants to know more comes again with the place where it stopped. LogStore has it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/database.hpp"
#include "logs/line_filter.hpp"
#include "logs/numbered_line.hpp"
#include "objects/object_store.hpp"

namespace berth::logs {

/// Where a search goes on: at this line of the deployment with this intent.
struct SearchPlace {
    std::int64_t intent = INT64_MAX;
    std::int64_t line = 0;
};

struct Hit {
    std::string deployment{};
    std::string ref{};
    std::string environment{};
    std::int64_t created_at_ms = 0;  // of the deployment
    NumberedLine line{};
};

struct Found {
    std::vector<Hit> hits{};
    std::optional<SearchPlace> next{};  // none: everything was looked at
    std::int64_t bytes = 0;             // that were looked at
    std::int64_t deployments = 0;       // of which something was looked at
};

/// What one call may cost.
struct SearchLimits {
    std::size_t hits_max = 50;
    std::int64_t bytes_max = 16 << 20;
    std::int64_t ms_max = 400;  // on one thread of the database's readers
    std::int64_t deployments_max = 200;
};

class LogSearch {
public:
    static constexpr int at_once_max = 2;  // more would keep lists and pages waiting

    /// References must outlive it.
    LogSearch(db::Database& database, objects::ObjectStore& objects)
        : database_(database), objects_(objects) {}

    /// `deployment` "" is all of the project's; another one's is looked for in vain.
    ///
    /// Errors: limited — search_busy: others are searching. Throws: the object store is silent.
    Task<Result<Found>> find(std::string project, std::string deployment, LineFilter filter,
                             SearchPlace from, SearchLimits limits);

private:
    struct Log;
    struct Run;

    Task<Result<Found>> look(Run& run);
    Task<bool> look_at(Run& run, Log log);

    db::Database& database_;
    objects::ObjectStore& objects_;
    int running_ = 0;
};

}  // namespace berth::logs
