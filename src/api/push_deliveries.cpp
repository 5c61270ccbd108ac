#include "api/push_deliveries.hpp"

#include <charconv>

#include "api/previews.hpp"
#include "base/crypto.hpp"
#include "base/within.hpp"
#include "base/workers.hpp"
#include "deployments/deployments.hpp"
#include "githosts/push_rules.hpp"
#include "githosts/signature.hpp"

namespace berth::api {
namespace {

using projects::Delivery;
using projects::Outcome;

constexpr std::chrono::milliseconds body_limit{60'000};
constexpr std::size_t piece_bytes = 64 << 10;
constexpr std::size_t small_bytes = 64 << 10;  // checked on the loop itself: within a millisecond

/// Gives back what a body took of the bytes at hand, whatever ends its reading.
class Held {
public:
    explicit Held(std::size_t& total) : total_(total) {}
    ~Held() { total_ -= bytes_; }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

    /// False: there is no room for so many more.
    bool add(std::size_t bytes) {
        if (total_ + bytes > delivery_bytes_max_at_once) return false;
        total_ += bytes;
        bytes_ += bytes;
        return true;
    }

private:
    std::size_t& total_;
    std::size_t bytes_ = 0;
};

Task<Result<std::string>> read_whole(http::BodySource& source, Held& held) {
    std::string body;
    std::string piece(piece_bytes, '\0');
    while (true) {  // ends with the body, which its route's plan bounds, or with an error
        const std::span<char> into(piece);
        const Result<std::size_t> count = co_await source.read(into);
        if (!count) co_return count.error();
        if (*count == 0) co_return body;
        if (!held.add(*count)) {
            co_return fail_as(Failure::unavailable, "too_many_deliveries", "",
                              "too many large deliveries at once; send it again");
        }
        body.append(piece, 0, *count);
    }
}

/// Errors: too_large — by what the head says, before anything of it was read.
Result<> check_size(const http::Headers& headers) {
    const std::string length(headers.get("content-length"));
    std::uint64_t bytes = 0;
    std::from_chars(length.data(), length.data() + length.size(), bytes);
    if (bytes <= githosts::payload_bytes_max) return {};
    return fail(Failure::too_large, "a delivery has at most {} MiB",
                githosts::payload_bytes_max >> 20);
}

/// Everything that needs no database: signature, then payload. Nothing of a body is parsed before
/// its signature was right.
Result<projects::NewDelivery> check(const http::Headers& headers, const std::string& body,
                                    const projects::OpenWebhook& webhook, std::int64_t now_ms) {
    Result<githosts::Origin> origin = githosts::origin_of(headers);
    if (!origin) return origin.error();
    const Result<githosts::Proof> proof =
        githosts::check_signature(origin->provider, headers, body, webhook.secret, now_ms);
    if (!proof) return proof.error();
    Result<githosts::Event> event =
        githosts::read_event(*origin, headers.get("content-type"), body);
    if (!event) return event.error();
    return projects::NewDelivery{.project = webhook.project.id,
                                 .origin = std::move(*origin),
                                 .body_sha256 = sha256_hex(body),
                                 .id_is_signed = *proof == githosts::Proof::signature_with_time,
                                 .event = std::move(*event)};
}

/// What is no deployment of a push: requests, and branches that are gone.
Task<> heed_previews(Services& services, std::string project, const githosts::Event& event) {
    if (event.request) {
        const githosts::RequestChange change = *event.request;
        co_await heed_request(services, project, change);
    }
    for (const githosts::Push& push : event.pushes) {
        if (push.kind != githosts::RefKind::branch || !push.deleted) continue;
        const std::string branch = push.ref;
        co_await heed_deleted_branch(services, project, branch);
    }
}

std::string actor_of(const Delivery& delivery) {
    if (!delivery.pusher.empty()) return delivery.pusher;
    return std::string(githosts::name_of(delivery.provider));
}

}  // namespace

Task<Result<projects::Recorded>> take_delivery(Services& services, http::Request& request,
                                               projects::OpenWebhook webhook) {
    // Before the body: who we do not know need not send us 25 MiB.
    const Result<githosts::Origin> origin = githosts::origin_of(request.headers);
    if (!origin) co_return origin.error();
    const Result<> size_fits = check_size(request.headers);
    if (!size_fits) co_return size_fits.error();
    Held held(services.delivery_bytes);
    std::string body = std::move(request.body);
    if (request.source != nullptr) {
        Result<std::string> read = co_await within(body_limit, read_whole(*request.source, held));
        if (!read) co_return read.error();
        body = std::move(*read);
    }
    const std::int64_t now = services.now_ms();
    const auto work = [&] { return check(request.headers, body, webhook, now); };
    const bool aside = body.size() > small_bytes && services.form_checks != nullptr;
    Result<projects::NewDelivery> checked =
        aside ? co_await services.form_checks->run(work) : work();
    if (!checked) co_return checked.error();
    const std::string project = checked->project;
    const bool ours = githosts::is_of(checked->event, webhook.project.repo_url);
    const githosts::Event event = checked->event;
    Result<projects::Recorded> recorded = co_await services.webhooks->record(std::move(*checked));
    if (!recorded || recorded->replayed) co_return recorded;
    if (ours) co_await heed_previews(services, project, event);
    for (Delivery& delivery : recorded->deliveries) {
        if (delivery.outcome == Outcome::received) {
            delivery = co_await deploy_delivery(services, project, delivery);
        }
    }
    co_return recorded;
}

Task<Delivery> deploy_delivery(Services& services, std::string project, Delivery delivery) {
    deployments::NewDeployment wanted{.id = delivery.deployment.value_or(""),
                                      .project = project,
                                      .ref = delivery.ref,
                                      .commit = delivery.commit,
                                      .reuse = true,
                                      .trigger = deployments::Trigger::push,
                                      .actor = actor_of(delivery)};
    const auto made = co_await services.deployments->create(std::move(wanted));
    delivery.outcome = made ? Outcome::deployed : Outcome::failed;
    delivery.reason = made ? "" : made.error().message;
    if (!made) delivery.deployment.reset();
    const std::string id = delivery.id;
    co_await services.webhooks->settle(id, delivery.outcome, delivery.reason);
    co_return delivery;
}

Task<> deploy_received(Services& services) {
    const std::vector<projects::WebhookStore::Waiting> left = co_await services.webhooks->waiting();
    for (const auto& [project, delivery] : left)
        co_await deploy_delivery(services, project, delivery);
}

}  // namespace berth::api
