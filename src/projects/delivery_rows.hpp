#pragma once
/// Deliveries of webhooks as rows within a transaction.

#include "projects/webhook_store.hpp"

namespace soci {
class session;
}

namespace berth::projects {

/// Stores one ref of a delivery, judged by the project as it is: to be deployed, leading to an
/// unfinished deployment of the same, or ignored for a reason. `draft` has what is known of it.
Delivery add_delivery(soci::session& sql, const Project& project, Delivery draft, std::int64_t part,
                      const ParsedPush& parsed);

/// What was kept of the push. Nothing: not one of the project's deliveries.
struct KeptDelivery {
    Delivery delivery{};
    ParsedPush parsed{};
};
std::optional<KeptDelivery> kept_delivery(soci::session& sql, const std::string& project,
                                          const std::string& id);

/// The delivery's id under which the same came before, or nothing.
std::optional<std::string> came_before(soci::session& sql, const NewDelivery& delivery);
void remember(soci::session& sql, const NewDelivery& delivery, const std::string& delivery_id);

/// Forgets all but the newest rows and marks of a project; none that is still to be deployed.
void prune_deliveries(soci::session& sql, const std::string& project);

}  // namespace berth::projects
