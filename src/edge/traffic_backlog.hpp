#pragma once
/// What was counted and not yet taken by the api: kept while it is away, in bounded memory. Minutes
/// are merged into hours when there are too many; then the oldest go, and are counted.

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "traffic/report.hpp"

namespace berth::edge {

class TrafficBacklog {
public:
    static constexpr std::size_t rows_max = 1'000;
    using Key = std::tuple<std::int64_t, std::string, std::string>;  // time, project, deployment

    /// `edge`: this process, for the reports.
    explicit TrafficBacklog(std::string edge) : edge_(std::move(edge)) {}

    /// Takes over what loops counted. Rows without a project are counted as not attributed.
    void add(std::vector<traffic::Row> rows);

    /// The report to send now; the same one until it is `settled`. Null: there is nothing to say.
    const traffic::Report* next();
    /// The api has it.
    void settled();
    /// The api will never take it: it is lost, and counted.
    void refused();

    std::size_t rows() const { return waiting_.size() + sending_.rows.size(); }
    /// Requests that no project's figures will have.
    std::uint64_t lost_requests() const { return lost_requests_; }

private:
    void shrink();
    void merge_into_hours();

    std::string edge_;
    std::map<Key, traffic::Row> waiting_{};
    traffic::Report sending_{};  // no rows: none
    std::int64_t sequence_ = 0;
    std::uint64_t lost_requests_ = 0;
};

}  // namespace berth::edge
