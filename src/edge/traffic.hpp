#pragma once
/// What one loop counts per deployment, in fixed memory: at most `rows_max` of them between two
/// takings, the rest together. Belongs to its loop; nothing is locked, and nothing is allocated but
/// the row of a deployment that is seen for the first time since the last taking.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "edge/text_hash.hpp"
#include "traffic/histogram.hpp"
#include "traffic/report.hpp"
#include "traffic/top_list.hpp"

namespace berth::edge {

struct TrafficRow {
    std::string project{};
    std::string deployment{};
    traffic::Counts counts{};
    traffic::Buckets latency{};
    traffic::TopList paths{};
    traffic::TopList referrers{};
    traffic::TopList missing{};
};

class Traffic {
public:
    static constexpr std::size_t rows_max = 256;

    /// By deployment, or by project where a host leads to none.
    using Rows =
        std::unordered_map<std::string, std::unique_ptr<TrafficRow>, TextHash, std::equal_to<>>;

    /// Where that deployment is counted. Lives until the next `take`: see `period`.
    TrafficRow& row(std::string_view project, std::string_view deployment);

    /// Grows with each `take`: a row of an earlier period is gone.
    std::uint32_t period() const { return period_; }

    /// Everything since the last time; begins anew. Those of too many deployments are under "",
    /// without a project.
    Rows take();

private:
    Rows rows_{};
    std::uint32_t period_ = 0;
};

/// What a loop counted, as it is reported. Names that are no UTF-8 are percent-encoded.
std::vector<traffic::Row> report_rows(const Traffic::Rows& rows, std::int64_t now_ms);

}  // namespace berth::edge
