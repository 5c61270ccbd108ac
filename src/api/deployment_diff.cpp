#include "api/deployment_diff.hpp"

#include "api/body.hpp"
#include "db/database.hpp"
#include "db/records.hpp"
#include "objects/object_store.hpp"

namespace berth::api {
namespace {

constexpr std::size_t manifest_bytes_max = 64 << 20;

void add(DeploymentDiff& diff, FileDiff file) {
    if (diff.files.size() < diff_files_max) {
        diff.files.push_back(std::move(file));
    } else {
        ++diff.files_left_off;
    }
}

std::int64_t bytes_of(const artifacts::ManifestEntry& entry) {
    return static_cast<std::int64_t>(entry.bytes);
}

/// Both maps are in order: one walk over the two.
void diff_files(DeploymentDiff& diff, const artifacts::Manifest& from,
                const artifacts::Manifest& to) {
    auto before = from.files.begin();
    auto after = to.files.begin();
    while (before != from.files.end() || after != to.files.end()) {  // ends at both ends
        const bool gone =
            after == to.files.end() || (before != from.files.end() && before->first < after->first);
        const bool made = !gone && (before == from.files.end() || after->first < before->first);
        if (!made) diff.bytes_before += bytes_of(before->second);
        if (!gone) diff.bytes_after += bytes_of(after->second);
        if (gone) {
            add(diff, {before->first, DiffWhat::removed, bytes_of(before->second), std::nullopt});
        } else if (made) {
            add(diff, {after->first, DiffWhat::added, std::nullopt, bytes_of(after->second)});
        } else if (before->second.sha256 != after->second.sha256) {
            add(diff, {before->first, DiffWhat::changed, bytes_of(before->second),
                       bytes_of(after->second)});
        } else {
            ++diff.unchanged;
        }
        if (!made) ++before;
        if (!gone) ++after;
    }
}

/// What of `mine` has no equal in `theirs`, each one once. A line that only moved is the same.
template <class Rule>
void diff_rules(DeploymentDiff& diff, RuleKind kind, DiffWhat what, const std::vector<Rule>& mine,
                const std::vector<Rule>& theirs) {
    std::map<std::pair<std::string, std::string>, int> known;
    for (const Rule& rule : theirs)
        ++known[{rule.origin.file, rule.origin.text}];
    for (const Rule& rule : mine) {
        if (--known[{rule.origin.file, rule.origin.text}] >= 0) continue;
        diff.rules.push_back({kind, what, rule.origin.file, rule.origin.text});
    }
}

Task<Result<artifacts::Manifest>> manifest_of(Services& services, std::string deployment) {
    const std::string key = artifacts::manifest_key(deployment);
    const Result<std::string> text = co_await services.objects->get(key, manifest_bytes_max);
    if (!text && text.error().failure == Failure::not_found) {
        co_return fail_as(Failure::not_found, "nothing_published", "",
                          "The deployment {} has published nothing.", deployment);
    }
    if (!text) co_return text.error();
    co_return json::parse_as<artifacts::Manifest>(*text);
}

}  // namespace

DeploymentDiff diff_of(const artifacts::Manifest& from, const artifacts::Manifest& to) {
    DeploymentDiff diff;
    diff.from = from.deployment;
    diff.to = to.deployment;
    diff_files(diff, from, to);
    const rules::RuleSet& old = from.rules;
    const rules::RuleSet& now = to.rules;
    diff_rules(diff, RuleKind::redirect, DiffWhat::removed, old.rules, now.rules);
    diff_rules(diff, RuleKind::redirect, DiffWhat::added, now.rules, old.rules);
    diff_rules(diff, RuleKind::header, DiffWhat::removed, old.headers, now.headers);
    diff_rules(diff, RuleKind::header, DiffWhat::added, now.headers, old.headers);
    return diff;
}

Task<Result<http::Response>> diff_deployments(Services& services, Context& context) {
    const std::string first = context.deployment;
    const std::string other(context.at("other"));
    const std::string project = context.project.id;
    const auto look = [&](soci::session& sql) {
        return db::value<std::string>(sql,
                                      "select id from deployments where id = :id and project = "
                                      ":project and deleted_at_ms is null",
                                      other, project);
    };
    if (!co_await services.database.read(look)) {
        co_return fail_as(Failure::not_found, "deployment_not_found", "",
                          "the project has no such deployment to compare with");
    }
    Result<artifacts::Manifest> from = co_await manifest_of(services, first);
    if (!from) co_return from.error();
    Result<artifacts::Manifest> to = co_await manifest_of(services, other);
    if (!to) co_return to.error();
    // A result that was published again has the manifest of the build that made it.
    from->deployment = first;
    to->deployment = other;
    co_return http::json_response(200, diff_of(*from, *to));
}

}  // namespace berth::api
