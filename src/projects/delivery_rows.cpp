#include "projects/delivery_rows.hpp"

#include "base/id.hpp"
#include "db/records.hpp"
#include "githosts/push_rules.hpp"
#include "jobs/job.hpp"
#include "rules/branch_rules.hpp"

namespace berth::projects {

struct DeliveryRow : Delivery {
    std::string project{};
    std::int64_t part = 0;
    ParsedPush parsed{};
};
BOOST_DESCRIBE_STRUCT(DeliveryRow, (Delivery), (project, part, parsed))

struct NewestDeployment {
    std::string id{};
    std::string commit{};
    jobs::State state{};
};
BOOST_DESCRIBE_STRUCT(NewestDeployment, (), (id, commit, state))

namespace {

/// The unfinished deployment that a push of `commit` to `ref` would only repeat. It is the newest
/// of its branch: after another commit the same one is news again.
std::optional<std::string> same_under_way(soci::session& sql, const std::string& project,
                                          const std::string& ref, const std::string& commit) {
    const auto received = db::select_one<Delivery>(
        sql,
        "from webhook_deliveries where project = :project and ref = :ref and "
        "outcome = 'received' order by id desc limit 1",
        project, ref);
    if (received) return received->commit == commit ? received->deployment : std::nullopt;
    const auto newest = db::select_one<NewestDeployment>(
        sql,
        "from deployments where project = :project and ref = :ref and deleted_at_ms is null "
        "order by intent desc limit 1",
        project, ref);
    const bool same = newest && newest->commit == commit && !jobs::is_terminal(newest->state);
    return same ? std::optional(newest->id) : std::nullopt;
}

githosts::Verdict judge(const Project& project, const Delivery& draft, const ParsedPush& parsed) {
    const githosts::Event event{.kind = parsed.kind,
                                .addresses = parsed.addresses,
                                .path = parsed.path,
                                .pusher = {},
                                .pushes = {}};
    const githosts::Origin origin{draft.provider, draft.event, draft.delivery_id};
    if (parsed.kind != githosts::EventKind::push) return githosts::judge_event(origin, event);
    const githosts::Verdict verdict = githosts::judge_push(event, parsed.push, project.repo_url);
    if (!verdict.deploys) return verdict;
    const std::string why =
        rules::refused_branch(project.preview_branches, project.branch, parsed.push.ref);
    return {.deploys = why.empty(), .reason = why};
}

std::string body_mark(const NewDelivery& delivery) {
    return "body/" + delivery.body_sha256;
}

std::string id_mark(const NewDelivery& delivery) {
    return "id/" + delivery.origin.delivery;
}

std::optional<std::string> marked(soci::session& sql, const std::string& project,
                                  const std::string& mark) {
    return db::value<std::string>(
        sql, "select delivery_id from webhook_marks where project = :project and mark = :mark",
        project, mark);
}

}  // namespace

Delivery add_delivery(soci::session& sql, const Project& project, Delivery draft, std::int64_t part,
                      const ParsedPush& parsed) {
    const githosts::Verdict verdict = judge(project, draft, parsed);
    // Of a request more was told than is kept: what was said of it then still holds.
    const bool said = parsed.kind == githosts::EventKind::pull_request && !draft.reason.empty();
    if (!said) draft.reason = verdict.reason;
    draft.outcome = verdict.deploys ? Outcome::received : Outcome::ignored;
    const auto same =
        verdict.deploys ? same_under_way(sql, project.id, draft.ref, draft.commit) : std::nullopt;
    if (!verdict.deploys) draft.deployment.reset();
    if (same) {
        draft.outcome = Outcome::duplicate;
        draft.deployment = same;
        draft.reason = "this commit of the branch is being deployed already";
    }
    DeliveryRow row;
    static_cast<Delivery&>(row) = draft;
    row.project = project.id;
    row.part = part;
    row.parsed = parsed;
    db::insert(sql, "webhook_deliveries", row);
    return draft;
}

std::optional<KeptDelivery> kept_delivery(soci::session& sql, const std::string& project,
                                          const std::string& id) {
    auto row = db::select_one<DeliveryRow>(
        sql, "from webhook_deliveries where id = :id and project = :project", id, project);
    if (!row) return std::nullopt;
    return KeptDelivery{*row, std::move(row->parsed)};
}

std::optional<std::string> came_before(soci::session& sql, const NewDelivery& delivery) {
    std::optional<std::string> before;
    if (!delivery.origin.delivery.empty()) {
        before = marked(sql, delivery.project, id_mark(delivery));
    }
    // Whoever repeats a body whose signature does not cover the id may give it another id.
    if (!before && !delivery.id_is_signed) {
        before = marked(sql, delivery.project, body_mark(delivery));
    }
    // A row that waits is kept however old it is; its marks are not.
    if (!before && !delivery.origin.delivery.empty()) {
        before = db::value<std::string>(
            sql,
            "select delivery_id from webhook_deliveries where project = :project and "
            "delivery_id = :delivery limit 1",
            delivery.project, delivery.origin.delivery);
    }
    return before;
}

void remember(soci::session& sql, const NewDelivery& delivery, const std::string& delivery_id) {
    const std::int64_t seq = db::next_number(sql, "webhook_mark");
    std::vector<std::string> marks{body_mark(delivery)};
    if (!delivery.origin.delivery.empty()) marks.push_back(id_mark(delivery));
    for (const std::string& mark : marks) {
        db::execute(sql,
                    "insert into webhook_marks (project, mark, delivery_id, seq) "
                    "values (:project, :mark, :delivery, :seq) on conflict (project, mark) do "
                    "nothing",
                    delivery.project, mark, delivery_id, seq);
    }
}

void prune_deliveries(soci::session& sql, const std::string& project) {
    db::execute(sql,
                "delete from webhook_deliveries where project = :project and "
                "outcome <> 'received' and id < (select min(id) from (select id from "
                "webhook_deliveries where project = :same order by id desc limit :count) newest)",
                project, project, WebhookStore::deliveries_max);
    db::execute(sql,
                "delete from webhook_marks where project = :project and seq < (select min(seq) "
                "from (select seq from webhook_marks where project = :same order by seq desc "
                "limit :count) newest)",
                project, project, WebhookStore::marks_max);
}

}  // namespace berth::projects
