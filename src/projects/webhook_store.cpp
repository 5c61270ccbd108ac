#include "projects/webhook_store.hpp"

#include "accounts/audit.hpp"
#include "base/id.hpp"
#include "db/database.hpp"
#include "db/records.hpp"
#include "githosts/push_rules.hpp"
#include "githosts/signature.hpp"
#include "projects/delivery_rows.hpp"

namespace berth::projects {

struct WebhookRow {
    std::string project{};
    std::string id{};
    std::string sealed_secret{};
    std::int64_t created_at_ms = 0;
    std::int64_t refused = 0;
    std::optional<std::int64_t> refused_at_ms{};
};
BOOST_DESCRIBE_STRUCT(WebhookRow, (),
                      (project, id, sealed_secret, created_at_ms, refused, refused_at_ms))

struct WaitingRow : Delivery {
    std::string project{};
};
BOOST_DESCRIBE_STRUCT(WaitingRow, (Delivery), (project))

namespace {

std::string context_of(const std::string& project) {
    return "webhook/" + project;
}

std::optional<Project> living(soci::session& sql, const std::string& id) {
    return db::select_one<Project>(sql, "from projects where id = :id and deleted_at_ms is null",
                                   id);
}

/// What all rows of a delivery have in common, in a row of its own id.
Delivery draft_of(const NewDelivery& delivery, const std::string& delivery_id,
                  const githosts::Push& push, std::int64_t now_ms) {
    const bool request = delivery.event.kind == githosts::EventKind::pull_request;
    const githosts::Verdict verdict =
        request ? githosts::judge_event(delivery.origin, delivery.event) : githosts::Verdict{};
    return {.id = new_id("dlv"),
            .provider = delivery.origin.provider,
            .event = delivery.origin.event,
            .delivery_id = delivery_id,
            .at_ms = now_ms,
            .ref = push.ref,
            .commit = push.commit,
            .message = push.message,
            .pusher = delivery.event.pusher,
            .reason = verdict.reason,
            .deployment = new_id("dpl")};
}

}  // namespace

Task<std::optional<Webhook>> WebhookStore::find(std::string project) {
    const auto query = [&](soci::session& sql) {
        return db::select_one<Webhook>(sql, "from webhooks where project = :project", project);
    };
    co_return co_await database_.read(query);
}

Task<AddedWebhook> WebhookStore::rotate(std::string project, Actor actor) {
    const std::int64_t now = now_ms_();
    const std::string secret = githosts::make_secret();
    const auto work = [&](soci::session& sql) {
        const auto id = db::value<std::string>(
            sql, "select id from webhooks where project = :project", project);
        const WebhookRow row{.project = project,
                             .id = id.value_or(new_id("whk")),
                             .sealed_secret = sealer_.seal(context_of(project), secret),
                             .created_at_ms = now};
        db::execute(sql, "delete from webhooks where project = :project", project);
        db::insert(sql, "webhooks", row);
        accounts::write_audit(sql, now, {actor, "webhook_rotated", project, row.id});
        return AddedWebhook{{.id = row.id, .created_at_ms = now}, secret};
    };
    co_return co_await database_.write(work);
}

Task<Result<>> WebhookStore::remove(std::string project, Actor actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<> {
        const long long gone =
            db::execute(sql, "delete from webhooks where project = :project", project);
        if (gone == 0) return fail(Failure::not_found, "this project has no webhook");
        accounts::write_audit(sql, now, {actor, "webhook_removed", project, ""});
        return {};
    };
    co_return co_await database_.write(work);
}

Task<Result<OpenWebhook>> WebhookStore::open(std::string id) {
    const auto query = [&](soci::session& sql) -> Result<OpenWebhook> {
        const auto row = db::select_one<WebhookRow>(sql, "from webhooks where id = :id", id);
        std::optional<Project> project = row ? living(sql, row->project) : std::nullopt;
        if (!project) return fail(Failure::not_found, "no such webhook");
        Result<std::string> secret = sealer_.open(context_of(row->project), row->sealed_secret);
        if (!secret) return secret.error();
        return OpenWebhook{std::move(*project), std::move(*secret)};
    };
    co_return co_await database_.read(query);
}

Task<> WebhookStore::count_refused(std::string id) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) {
        db::execute(
            sql, "update webhooks set refused = refused + 1, refused_at_ms = :now where id = :id",
            now, id);
    };
    co_await database_.write(work);
}

Task<Result<Recorded>> WebhookStore::record(NewDelivery delivery) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<Recorded> {
        const std::optional<Project> project = living(sql, delivery.project);
        if (!project) return fail(Failure::not_found, "no such project");
        if (const auto before = came_before(sql, delivery)) {
            auto kept = db::select<Delivery>(
                sql,
                "from webhook_deliveries where project = :project and delivery_id = :delivery "
                "order by part",
                project->id, *before);
            return Recorded{std::move(kept), true};
        }
        const std::string delivery_id = delivery.origin.delivery.empty()
                                            ? "sha256:" + delivery.body_sha256
                                            : delivery.origin.delivery;
        remember(sql, delivery, delivery_id);
        std::vector<githosts::Push> pushes = delivery.event.pushes;
        if (pushes.empty()) pushes.emplace_back();  // a row that says why nothing was done
        Recorded recorded;
        for (const githosts::Push& push : pushes) {
            const ParsedPush parsed{delivery.event.kind, delivery.event.addresses,
                                    delivery.event.path, push};
            const auto part = static_cast<std::int64_t>(recorded.deliveries.size());
            Delivery draft = draft_of(delivery, delivery_id, push, now);
            recorded.deliveries.push_back(
                add_delivery(sql, *project, std::move(draft), part, parsed));
        }
        prune_deliveries(sql, project->id);
        return recorded;
    };
    co_return co_await database_.write(work);
}

Task<Result<Delivery>> WebhookStore::repeat(std::string project, std::string delivery,
                                            std::string deployment, Actor actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<Delivery> {
        const std::optional<Project> found = living(sql, project);
        const auto kept = found ? kept_delivery(sql, project, delivery) : std::nullopt;
        if (!kept)
            return fail(Failure::not_found, "no such delivery; the last {} are kept",
                        deliveries_max);
        Delivery draft = kept->delivery;
        draft.id = new_id("dlv");
        draft.delivery_id = draft.id;
        draft.at_ms = now;
        draft.redelivery_of = delivery;
        draft.deployment = deployment.empty() ? new_id("dpl") : deployment;
        Delivery added = add_delivery(sql, *found, std::move(draft), 0, kept->parsed);
        accounts::write_audit(sql, now, {actor, "webhook_redelivered", project, delivery});
        prune_deliveries(sql, project);
        return added;
    };
    co_return co_await database_.write(work);
}

Task<std::vector<WebhookStore::Waiting>> WebhookStore::waiting() {
    const auto query = [&](soci::session& sql) {
        std::vector<Waiting> found;
        const auto rows = db::select<WaitingRow>(
            sql, "from webhook_deliveries where outcome = 'received' order by id limit 1000");
        found.reserve(rows.size());
        for (const WaitingRow& row : rows)
            found.push_back({row.project, row});
        return found;
    };
    co_return co_await database_.read(query);
}

Task<> WebhookStore::settle(std::string delivery, Outcome outcome, std::string reason) {
    const auto work = [&](soci::session& sql) {
        const std::string made = outcome == Outcome::failed ? ", deployment = null" : "";
        db::execute(sql,
                    "update webhook_deliveries set outcome = :outcome, reason = :reason" + made +
                        " where id = :id and outcome = 'received'",
                    outcome, reason, delivery);
    };
    co_await database_.write(work);
}

Task<std::vector<Delivery>> WebhookStore::deliveries(std::string project, std::int64_t limit,
                                                     std::string after) {
    const std::string below = after.empty() ? "~" : after;  // after every id
    const auto query = [&](soci::session& sql) {
        return db::select<Delivery>(sql,
                                    "from webhook_deliveries where project = :project and "
                                    "id < :below order by id desc limit :limit",
                                    project, below, limit);
    };
    co_return co_await database_.read(query);
}

}  // namespace berth::projects
