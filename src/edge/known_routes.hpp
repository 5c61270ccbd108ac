#pragma once
/// The routes of the hosts that one loop was asked for lately, within a bound of bytes; and, for a
/// moment, of which hosts none is to be had. What is known is asked of the table again whenever
/// that changes, so that a change counts at once.

#include <memory>
#include <string>

#include "edge/host_table.hpp"
#include "edge/publication.hpp"
#include "edge/shelf.hpp"

namespace berth::edge {

class KnownRoutes {
public:
    explicit KnownRoutes(std::size_t bytes_max) : shelf_(bytes_max) {}

    struct Answer {
        enum class Kind { route, unknown, unavailable, load } kind = Kind::load;
        std::shared_ptr<const artifacts::Route> route{};
    };
    /// In constant time, without the disk. Kind load: the publication is to be asked.
    Answer find(const HostTable& table, const std::string& host);

    void remember(const std::string& host, const FoundRoute& found);

    static Answer answer_of(const FoundRoute& found);

    /// How long something uncertain holds: a store that is away, a route that does not hold.
    static constexpr std::int64_t unsure_ms = 1'000;

private:
    static constexpr std::uint64_t no_version = UINT64_MAX;

    struct Known {
        FoundRoute found{};
        std::uint64_t version = no_version;  // of the table that says so
        std::int64_t until_ms = 0;           // 0: as long as the table says so
    };

    Shelf<std::string, std::shared_ptr<Known>> shelf_;
};

}  // namespace berth::edge
