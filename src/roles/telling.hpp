#pragma once
/// Where an edge tells what it does, as the operator set it: the access log and the admin socket.

#include <string>

#include "roles/config.hpp"
#include "roles/listen.hpp"

namespace berth::roles {

/// Errors: invalid — bad_value, bad_address: --access-log-sample, --admin-listen.
Result<> check_telling(const ServeConfig& config);

/// "0.25" → 0.25. Errors: invalid — bad_value: no number from 0 to 1.
Result<double> parse_sample(const std::string& text);

/// The directory of a log that is a file; "" for stdout and for none.
std::string access_log_directory(const ServeConfig& config);

/// Adds the socket of `--admin-listen`: ADDRESS:PORT, or unix:PATH in a directory that is there;
/// the one that was handed over, or a new one. Nothing when it is not set.
/// Errors: conflict — port_in_use; invalid — bad_address.
Result<> add_admin(EdgeSockets& sockets, Sockets& handed, const ServeConfig& config,
                   Takeover takeover);

}  // namespace berth::roles
