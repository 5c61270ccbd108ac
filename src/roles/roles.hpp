#pragma once
/// The verbs of this room, for main.cpp. Each returns an exit code. `berth build` is
/// local_build.hpp.

#include <string>
#include <vector>

namespace berth::roles {

int run_serve(const std::vector<std::string>& arguments);
int run_config(const std::vector<std::string>& arguments);  // config check
int run_doctor(const std::vector<std::string>& arguments);
int run_admin(const std::vector<std::string>& arguments);  // admin reset-password EMAIL
int run_upgrade(const std::vector<std::string>& arguments);
int run_gc(const std::vector<std::string>& arguments);
int run_workers(const std::vector<std::string>& arguments);  // workers token
int run_edges(const std::vector<std::string>& arguments);    // edges token

// Joining by hand, and what to do instead.
int run_joined_worker(const std::vector<std::string>& arguments);
int run_joined_edge(const std::vector<std::string>& arguments);
int run_launcher_by_hand(const std::vector<std::string>& arguments);
int run_api_by_hand();

/// Whether a supervisor of ours started this process, and gave it a configuration.
bool is_started_as_role();

// Started by a supervisor.
int run_prepare();
int run_api();
int run_worker();
int run_edge();
int run_launcher();
int run_local_build();

}  // namespace berth::roles
