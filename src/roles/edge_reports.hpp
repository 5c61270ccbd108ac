#pragma once
/// Tells the api what an edge counted, every ten seconds, over the edge's way to it. While the api
/// is away counts are kept and merged; each report is counted once, however often it is sent.

#include <memory>
#include <string>

#include "edge/edge.hpp"
#include "edge/traffic_backlog.hpp"
#include "http/client.hpp"
#include "roles/config.hpp"

namespace berth::roles {

class EdgeReports {
public:
    /// `edge` must outlive it. `id`: of this process, "edg_…".
    EdgeReports(edge::Edge& edge, const EdgeRoleConfig& config, std::string id);

    /// Until canceled. On the loop that everything here belongs to.
    Task<> send_forever();

    /// Once edge.run() has returned, and the loop is no longer run: what is left, within 2 s.
    void send_last();

    /// Adds what /metrics says of the reports.
    void describe(edge::EdgeNow& now) const;

private:
    Task<> send_waiting(http::Client& client);
    Task<Result<>> send_once(http::Client& client);

    edge::Edge& edge_;
    std::string url_;
    std::string token_;
    std::string ca_file_;
    std::unique_ptr<http::Client> client_;
    edge::TrafficBacklog backlog_;
};

}  // namespace berth::roles
