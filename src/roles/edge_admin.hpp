#pragma once
/// The edge's own side, for its operator: /metrics, /livez and /readyz on a socket of their own,
/// never among the sites.

#include "edge/edge.hpp"
#include "http/message.hpp"
#include "roles/edge_reports.hpp"

namespace berth::roles {

/// GET /metrics in Prometheus' text; /livez: every loop turns; /readyz: it serves, and will go on.
Task<http::Response> answer_edge_admin(edge::Edge& edge, const EdgeReports& reports,
                                       const http::Request& request);

}  // namespace berth::roles
