#include "edge/traffic_backlog.hpp"

namespace berth::edge {

namespace {

using Waiting = std::map<TrafficBacklog::Key, traffic::Row>;

void add_row(Waiting& waiting, traffic::Row row) {
    const auto key = std::tuple(row.begin_ms, row.project, row.deployment);
    const auto known = waiting.find(key);
    if (known == waiting.end()) {
        waiting.emplace(key, std::move(row));
    } else {
        traffic::add(known->second, row);
    }
}

}  // namespace

void TrafficBacklog::add(std::vector<traffic::Row> rows) {
    for (traffic::Row& row : rows) {
        if (row.project.empty()) {
            lost_requests_ += row.requests;
        } else {
            add_row(waiting_, std::move(row));
        }
    }
    shrink();
}

/// A row of an hour stands in the hour's first minute.
void TrafficBacklog::merge_into_hours() {
    Waiting merged;
    for (auto& [key, row] : waiting_) {
        row.begin_ms -= row.begin_ms % traffic::hour_ms;
        add_row(merged, std::move(row));
    }
    waiting_ = std::move(merged);
}

void TrafficBacklog::shrink() {
    if (waiting_.size() > rows_max) merge_into_hours();
    while (waiting_.size() > rows_max) {
        lost_requests_ += waiting_.begin()->second.requests;
        waiting_.erase(waiting_.begin());
    }
}

const traffic::Report* TrafficBacklog::next() {
    if (!sending_.rows.empty()) return &sending_;
    if (waiting_.empty()) return nullptr;
    sending_.edge = edge_;
    sending_.sequence = ++sequence_;
    while (!waiting_.empty() && sending_.rows.size() < traffic::report_rows_max) {
        sending_.rows.push_back(std::move(waiting_.begin()->second));
        waiting_.erase(waiting_.begin());
    }
    return &sending_;
}

void TrafficBacklog::settled() {
    sending_.rows.clear();
}

void TrafficBacklog::refused() {
    for (const traffic::Row& row : sending_.rows)
        lost_requests_ += row.requests;
    sending_.rows.clear();
}

}  // namespace berth::edge
