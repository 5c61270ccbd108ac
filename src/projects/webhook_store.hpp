#pragma once
/// Where push webhooks and their deliveries are kept. Which delivery may be stored is decided
/// before (githosts/signature.hpp); deployments are made after (api/push_deliveries.cpp).

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/task.hpp"
#include "projects/project_store.hpp"
#include "projects/webhook.hpp"

namespace berth::projects {

/// A webhook as the door needs it.
struct OpenWebhook {
    Project project{};
    std::string secret{};
};

struct AddedWebhook {
    Webhook webhook{};
    std::string secret{};  // shown this once
};

/// A delivery whose signature was right.
struct NewDelivery {
    std::string project{};
    githosts::Origin origin{};
    std::string body_sha256{};
    bool id_is_signed = false;  // the host's signature covers its delivery id and the time
    githosts::Event event{};
};

struct Recorded {
    std::vector<Delivery> deliveries{};
    bool replayed = false;  // it came before: these are what became of it then, as far as kept
};

class WebhookStore {
public:
    static constexpr std::int64_t deliveries_max = 200;  // kept of a project
    static constexpr std::int64_t marks_max = 10'000;    // known of a project, by id and by body

    /// All must outlive this.
    WebhookStore(db::Database& database, const Sealer& sealer, Clock now_ms)
        : database_(database), sealer_(sealer), now_ms_(std::move(now_ms)) {}

    /// Nothing until one is made.
    Task<std::optional<Webhook>> find(std::string project);
    /// A new secret; the old one stops working. The id, and so the address, stays.
    Task<AddedWebhook> rotate(std::string project, Actor actor);
    /// Errors: not_found.
    Task<Result<>> remove(std::string project, Actor actor);

    /// The webhook of that id and its living project. Errors: not_found; invalid — seal_broken.
    Task<Result<OpenWebhook>> open(std::string id);
    Task<> count_refused(std::string id);

    /// Stores what a delivery said, judged by the project as it is now; once, whatever comes twice:
    /// by the host's id of the delivery and, where no signature covers that, by the body.
    /// Errors: not_found — the project is gone.
    Task<Result<Recorded>> record(NewDelivery delivery);
    /// The same push once more, judged anew. `deployment`: the id of what it makes; "" gets one.
    /// Errors: not_found — the delivery is not (or no more) one of the project's.
    Task<Result<Delivery>> repeat(std::string project, std::string delivery, std::string deployment,
                                  Actor actor);

    /// Those that are `received`, of all projects, the oldest first; at most 1,000.
    struct Waiting {
        std::string project{};
        Delivery delivery{};
    };
    Task<std::vector<Waiting>> waiting();
    /// What became of a `received` one; another is left as it is.
    Task<> settle(std::string delivery, Outcome outcome, std::string reason);

    /// Newest first, older than the id `after` ("" is the start).
    Task<std::vector<Delivery>> deliveries(std::string project, std::int64_t limit,
                                           std::string after);

private:
    db::Database& database_;
    const Sealer& sealer_;
    Clock now_ms_;
};

}  // namespace berth::projects
