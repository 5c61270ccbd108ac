#include "roles/edge_reports.hpp"

#include "base/log.hpp"
#include "base/within.hpp"

namespace berth::roles {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds period = 10s;
constexpr std::chrono::milliseconds last_limit = 2s;

/// Whether asking again is of no use: the report itself is at fault.
bool is_final(unsigned status) {
    return status == 400 || status == 413 || status == 422;
}

}  // namespace

EdgeReports::EdgeReports(edge::Edge& edge, const EdgeRoleConfig& config, std::string id)
    : edge_(edge),
      url_(config.server + "/api/v1/edge/traffic"),
      token_(config.token),
      ca_file_(config.ca_file),
      client_(http::make_curl_client(1, config.ca_file)),
      backlog_(std::move(id)) {}

/// Ends with nothing left, or when the api does not take one: the next period tries again.
Task<> EdgeReports::send_waiting(http::Client& client) {
    for (const traffic::Report* report = backlog_.next(); report != nullptr;
         report = backlog_.next()) {
        http::Call call{.verb = "POST", .url = url_, .body = json::text(*report), .limit = 10s};
        call.headers.set("authorization", "Bearer " + token_);
        call.headers.set("content-type", "application/json");
        const Result<http::Reply> reply = co_await client.send(std::move(call));
        if (reply && reply->status == 204) {
            backlog_.settled();
        } else if (reply && is_final(reply->status)) {
            log::error("the api refuses a traffic report",
                       {{"status", reply->status}, {"why", reply->body.substr(0, 500)}});
            backlog_.refused();
        } else {
            co_return;
        }
    }
}

Task<> EdgeReports::send_forever() {
    while (true) {  // until canceled
        co_await sleep_for(period);
        std::vector<traffic::Row> rows = co_await edge_.take_traffic();
        backlog_.add(std::move(rows));
        co_await send_waiting(*client_);
    }
}

Task<Result<>> EdgeReports::send_once(http::Client& client) {
    co_await send_waiting(client);
    co_return Result<>{};
}

void EdgeReports::send_last() {
    // One of its own: the other may be in the middle of a call that nobody waits for any more.
    const auto client = http::make_curl_client(1, ca_file_);
    backlog_.add(edge_.take_last_traffic());
    const Result<> sent = wait(within(last_limit, send_once(*client)));
    if (!sent || backlog_.rows() > 0) {
        log::info("some traffic was not told to the api", {{"rows", backlog_.rows()}});
    }
}

void EdgeReports::describe(edge::EdgeNow& now) const {
    now.traffic_rows_waiting = backlog_.rows();
    now.traffic_lost_requests = backlog_.lost_requests();
}

}  // namespace berth::roles
