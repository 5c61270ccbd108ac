#pragma once
/// What only somebody on the machine may do: a unix socket of the api that the operator's user
/// alone can reach, and the commands that use it.

#include <string>

#include "api/services.hpp"
#include "http/message.hpp"

namespace berth::roles {

struct AdminServices {
    api::Services& api;
    accounts::Accounts& accounts;
    objects::ObjectStore& objects;
    db::Database& database;
    std::string seal_key{};  // path
};

/// POST /reset-password {email} → {email, password}; POST /gc → Swept; GET /tokens → {worker,
/// edge}; POST /republish → {}; POST /rotate-key → {}.
Task<http::Response> answer_admin(AdminServices services, http::Request& request);

}  // namespace berth::roles
