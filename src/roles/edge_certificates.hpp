#pragma once
/// What the edge's loops present over TLS: the pairs that the supervisor hands over, with the
/// responders' answers stapled.

#include <memory>
#include <string>

#include "base/task.hpp"
#include "edge/edge.hpp"
#include "http/client.hpp"

namespace berth::roles {

/// What lies in the directory now; null when it cannot be read (which is logged).
std::shared_ptr<const http::CertificateSet> load_certificates(const std::string& directory);

/// Until canceled: takes each set that is handed over, asks for answers when they are due, and
/// gives the edge what came of it. Connections that are open keep theirs. `state_directory`: the
/// edge's own. `ca_file`: trusted beside the system's, or "".
Task<> follow_certificates(edge::Edge& edge, std::string directory, std::string state_directory,
                           std::string ca_file);

}  // namespace berth::roles
