/// The end of a deployment: the manifest, the pointer, the routes.

#include "artifacts/manifest.hpp"
#include "db/records.hpp"
#include "deployments/deployments.hpp"
#include "deployments/host_names.hpp"
#include "deployments/pointer.hpp"
#include "deployments/rows.hpp"

namespace berth::deployments {
namespace {

using jobs::State;
using namespace std::chrono_literals;

constexpr std::size_t manifest_bytes_max = 64 << 20;
constexpr auto edges_limit = 2s;

Error lease_lost() {
    return fail_as(Failure::conflict, "lease_lost", "", "this job is no longer yours");
}

bool is_sha256(const std::string& text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// The worker is trusted to have built, not to be right: every path and hash is looked at.
Result<> check(const artifacts::Manifest& manifest) {
    for (const auto& [path, entry] : manifest.files) {
        const bool escapes = path.empty() || path.front() == '/' || path.size() > 1024 ||
                             ("/" + path + "/").find("/../") != std::string::npos ||
                             path.find('\0') != std::string::npos;
        if (escapes || !is_sha256(entry.sha256)) {
            return fail_as(Failure::invalid, "bad_manifest", "/manifest/files",
                           "'{}' is not a path and hash that can be served", path);
        }
    }
    return {};
}

Outcome outcome_of(const jobs::Finish& finish) {
    const bool failed = finish.state == State::failed;
    const std::optional<jobs::Reason> reason = finish.reason.value_or(jobs::Reason::internal);
    return {.reason = failed ? reason : std::nullopt,
            .detail = finish.detail,
            .first_error = finish.first_error,
            .next_step = finish.next_step,
            .exit_code = finish.exit_code};
}

Result<> check_checks(const jobs::Finish& finish) {
    if (!finish.checks) return {};
    const bool fits = finish.checks->size() <= jobs::checks_max &&
                      std::ranges::all_of(*finish.checks, [](const jobs::Check& one) {
                          return one.findings.size() <= jobs::findings_max;
                      });
    if (fits) return {};
    return fail_as(Failure::invalid, "too_many", "/checks", "more checks than one may have");
}

/// Those of the job; of a deployment that serves another's files, the other's.
std::vector<jobs::Check> checks_of(soci::session& sql, const jobs::Finish& finish) {
    if (finish.reused_deployment) return find_checks(sql, *finish.reused_deployment);
    return finish.checks.value_or(std::vector<jobs::Check>());
}

void keep_checks(soci::session& sql, const jobs::Finish& finish, Deployment& deployment) {
    const std::vector<jobs::Check> checks = checks_of(sql, finish);
    if (checks.empty()) return;
    deployment.checks = static_cast<std::int64_t>(checks.size());
    deployment.checks_failed = std::ranges::count(checks, false, &jobs::Check::passed);
    db::execute(sql,
                "update deployments set checks = :checks, checks_failed = :failed where id = :id",
                deployment.checks, deployment.checks_failed, deployment.id);
    const ChecksRow row{deployment.id, checks};
    db::insert(sql, "deployment_checks", row,
               "on conflict (deployment) do update set items = excluded.items");
}

/// Why one that is ready does not go live, for people; "" when nothing is to be said.
std::string detail_of(const Deployment& deployment) {
    if (deployment.checks_failed == 0) return "";
    return fmt::format("{} of {} checks failed: it does not go live by itself",
                       deployment.checks_failed, deployment.checks);
}

}  // namespace

Task<std::vector<jobs::Check>> Deployments::checks(std::string id) {
    const auto look = [&](soci::session& sql) { return find_checks(sql, id); };
    co_return co_await database_.read(look);
}

Task<Result<artifacts::Manifest>> Deployments::manifest_for(const Deployment& deployment,
                                                            const jobs::Finish& finish) {
    if (finish.reused_deployment) {
        const std::string key = artifacts::manifest_key(*finish.reused_deployment);
        const Result<std::string> text = co_await objects_.get(key, manifest_bytes_max);
        if (!text) co_return text.error();
        Result<artifacts::Manifest> manifest = json::parse_as<artifacts::Manifest>(*text);
        if (manifest) manifest->deployment = deployment.id;
        co_return manifest;
    }
    if (!finish.manifest) {
        co_return fail_as(Failure::invalid, "missing_field", "/manifest",
                          "a ready deployment has a manifest");
    }
    artifacts::Manifest manifest = *finish.manifest;
    manifest.deployment = deployment.id;
    manifest.project = deployment.project;
    if (const Result<> ok = check(manifest); !ok) co_return ok.error();
    if (const Result<> ok = check_checks(finish); !ok) co_return ok.error();
    std::map<std::string, std::uint64_t> stored;  // bytes by hash
    for (const auto& [path, entry] : manifest.files)
        stored.emplace(entry.sha256, 0);
    std::vector<std::string> keys;
    keys.reserve(stored.size());
    for (const auto& [sha256, bytes] : stored)
        keys.push_back(artifacts::blob_key(sha256));
    const auto there = co_await objects_.stat_all(std::move(keys));
    if (!there) co_return there.error();
    std::size_t index = 0;
    for (auto& [sha256, bytes] : stored) {
        const std::optional<objects::Entry>& blob = (*there)[index++];
        bytes = blob ? blob->bytes : std::numeric_limits<std::uint64_t>::max();
    }
    for (const auto& [path, entry] : manifest.files) {
        if (stored.at(entry.sha256) != entry.bytes) {
            co_return fail_as(Failure::conflict, "blob_missing", "/manifest/files",
                              "the bytes of {} were not uploaded", path);
        }
    }
    co_return manifest;
}

Task<> Deployments::publish(std::int64_t generation) {
    co_await publisher_.publish();
    co_await publisher_.wait_for_edges(generation, edges_limit);
}

Task<Result<>> Deployments::finish(std::string id, jobs::Finish finish) {
    const auto look = [&](soci::session& sql) { return find_deployment(sql, id); };
    const std::optional<Deployment> found = co_await database_.read(look);
    if (!found || found->epoch != finish.epoch) co_return lease_lost();
    if (jobs::is_terminal(found->state)) {  // a repeated call after a lost answer
        if (found->state == finish.state) co_return Result<>{};
        co_return lease_lost();
    }
    if (!jobs::is_terminal(finish.state)) {
        co_return fail_as(Failure::invalid, "wrong_state", "/state", "a job ends in an end state");
    }

    bool canceled = false;
    if (finish.state == State::ready) {
        // First all data, then the pointer, then the word that it is done.
        const Result<artifacts::Manifest> manifest = co_await manifest_for(*found, finish);
        if (!manifest) co_return manifest.error();
        objects::Object object{artifacts::manifest_key(id), json::text(*manifest)};
        co_await objects_.put(std::move(object));

        std::int64_t bytes = 0;
        for (const auto& [path, entry] : manifest->files) {
            bytes += static_cast<std::int64_t>(entry.bytes);
        }
        const std::int64_t now = clock_();
        const auto point = [&](soci::session& sql) -> Result<std::int64_t> {
            const auto current = find_deployment(sql, id);
            if (!current || current->epoch != finish.epoch || jobs::is_terminal(current->state)) {
                return lease_lost();
            }
            if (current->artifact) return 0;  // a repeated call: the pointer has moved already
            canceled = current->stop == State::canceled;  // the word came before the pointer moved
            if (canceled) return 0;
            Deployment ready = *current;
            keep_checks(sql, finish, ready);
            // What a stranger's build made is nobody else's result.
            const std::string reuse_key = current->fork ? "" : finish.reuse_key;
            db::execute(sql,
                        "update deployments set artifact = 1, bytes = :bytes, files = :files, "
                        "reuse_key = :key, reused_deployment = :reused where id = :id",
                        bytes, static_cast<std::int64_t>(manifest->files.size()), reuse_key,
                        finish.reused_deployment, id);
            return go_live(sql, ready, config_.base_host, now, config_.retention_ms);
        };
        const Result<std::int64_t> pointed = co_await database_.write(point);
        if (!pointed) co_return pointed.error();
        if (canceled) {
            finish.state = State::canceled;
            finish.detail = "canceled just before it would have gone live";
            const std::string key = artifacts::manifest_key(id);
            co_await objects_.remove(key);
        } else {
            co_await publish(*pointed);
        }
    }

    const std::int64_t now = clock_();
    const auto end = [&](soci::session& sql) -> Result<> {
        const auto current = find_deployment(sql, id);
        if (!current || current->epoch != finish.epoch) return lease_lost();
        // What the pointer moved to is ready, whatever the worker came to think meanwhile.
        const State to = current->artifact ? State::ready : finish.state;
        if (current->state == to) return {};  // reconciling said it meanwhile
        Outcome outcome = to == finish.state ? outcome_of(finish) : Outcome{};
        if (to == State::ready) outcome.detail = detail_of(*current);
        if (!change_state(sql, *current, to, outcome, now)) return lease_lost();
        return {};
    };
    const Result<> ended = co_await database_.write(end);
    if (ended) {
        hint("ended", id);
        bus_.publish({.topic = "log/" + id, .type = "end", .id = id});
        bus_.publish({.topic = "queue", .type = "build", .id = ""});  // a slot is free
    }
    co_return ended;
}

}  // namespace berth::deployments
