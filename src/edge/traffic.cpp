#include "edge/traffic.hpp"

#include "http/normalise.hpp"
#include "http/utf8.hpp"

namespace berth::edge {

namespace {

std::vector<traffic::Ranked> speakable(std::vector<traffic::Ranked> list) {
    for (traffic::Ranked& ranked : list) {
        if (http::is_utf8(ranked.name)) continue;
        std::string encoded = http::encode_path(ranked.name);
        encoded.resize(std::min(encoded.size(), traffic::TopList::name_bytes_max));
        ranked.name = std::move(encoded);
    }
    return list;
}

}  // namespace

TrafficRow& Traffic::row(std::string_view project, std::string_view deployment) {
    // A host of a project may lead to no deployment (any more).
    const std::string_view key = deployment.empty() ? project : deployment;
    if (const auto known = rows_.find(key); known != rows_.end()) return *known->second;
    // The row of the rest is beside the others, so that it never takes a deployment's place.
    if (rows_.size() >= rows_max && !key.empty()) return row("", "");
    TrafficRow& made = *rows_.emplace(key, std::make_unique<TrafficRow>()).first->second;
    made.project = project;
    made.deployment = deployment;
    return made;
}

Traffic::Rows Traffic::take() {
    ++period_;
    return std::exchange(rows_, {});
}

std::vector<traffic::Row> report_rows(const Traffic::Rows& rows, std::int64_t now_ms) {
    std::vector<traffic::Row> list;
    for (const auto& [key, counted] : rows) {
        traffic::Row row;
        static_cast<traffic::Counts&>(row) = counted->counts;
        row.project = counted->project;
        row.deployment = counted->deployment;
        row.begin_ms = now_ms - now_ms % traffic::minute_ms;
        row.latency = traffic::filled(counted->latency);
        row.paths = speakable(counted->paths.ranked());
        row.referrers = speakable(counted->referrers.ranked());
        row.missing = speakable(counted->missing.ranked());
        list.push_back(std::move(row));
    }
    return list;
}

}  // namespace berth::edge
