#include "githosts/provider.hpp"

#include <algorithm>
#include <array>

namespace berth::githosts {
namespace {

constexpr std::size_t word_bytes_max = 200;

/// Fields that we act on: which of two was meant, nobody can say.
constexpr std::array<std::string_view, 23> fields{
    "x-github-event",     "x-github-delivery",   "x-hub-signature",     "x-hub-signature-256",
    "x-gitea-event",      "x-gitea-delivery",    "x-gitea-signature",   "x-forgejo-event",
    "x-forgejo-delivery", "x-forgejo-signature", "x-gogs-event",        "x-gogs-delivery",
    "x-gogs-signature",   "x-gitlab-event",      "x-gitlab-event-uuid", "x-gitlab-token",
    "idempotency-key",    "x-event-key",         "x-request-uuid",      "x-hook-uuid",
    "x-request-id",       "content-type",        "content-encoding"};
constexpr std::array<std::string_view, 3> standard_fields{"webhook-id", "webhook-timestamp",
                                                          "webhook-signature"};

Result<> check_once(const http::Headers& headers) {
    std::vector<std::string_view> seen;
    for (const auto& [name, value] : headers) {
        const bool ours = std::ranges::find(fields, name) != fields.end() ||
                          std::ranges::find(standard_fields, name) != standard_fields.end();
        if (!ours) continue;
        if (std::ranges::find(seen, name) != seen.end()) {
            return fail_as(Failure::invalid, "doubled_field", "", "the field {} came twice", name);
        }
        seen.push_back(name);
    }
    return {};
}

bool is_plain(std::string_view text) {
    return text.size() <= word_bytes_max &&
           std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

std::string first_of(const http::Headers& headers,
                     std::initializer_list<std::string_view> candidates) {
    for (const std::string_view name : candidates) {
        if (const std::string* found = headers.find(name)) return *found;
    }
    return "";
}

/// Gitea and Forgejo call themselves GitHub and Gogs as well: they come first.
std::optional<Origin> told_by(const http::Headers& headers) {
    const auto has = [&](std::string_view name) { return headers.find(name) != nullptr; };
    if (has("x-forgejo-event") || has("x-gitea-event") || has("x-gogs-event")) {
        return Origin{
            Provider::gitea,
            first_of(headers, {"x-forgejo-event", "x-gitea-event", "x-gogs-event"}),
            first_of(headers, {"x-forgejo-delivery", "x-gitea-delivery", "x-gogs-delivery"})};
    }
    if (has("x-gitlab-event")) {
        return Origin{Provider::gitlab, first_of(headers, {"x-gitlab-event"}),
                      first_of(headers, {"webhook-id", "idempotency-key", "x-gitlab-event-uuid"})};
    }
    if (has("x-github-event")) {
        return Origin{Provider::github, first_of(headers, {"x-github-event"}),
                      first_of(headers, {"x-github-delivery"})};
    }
    if (has("x-event-key")) {
        const bool cloud = has("x-hook-uuid") || has("x-request-uuid");
        return Origin{cloud ? Provider::bitbucket : Provider::bitbucket_server,
                      first_of(headers, {"x-event-key"}),
                      first_of(headers, {"x-request-uuid", "x-request-id"})};
    }
    if (has("webhook-signature")) {
        return Origin{Provider::generic, "push", first_of(headers, {"webhook-id"})};
    }
    return std::nullopt;
}

}  // namespace

std::string_view name_of(Provider provider) {
    switch (provider) {
        case Provider::github:
            return "GitHub";
        case Provider::gitea:
            return "Gitea or Forgejo";
        case Provider::gitlab:
            return "GitLab";
        case Provider::bitbucket:
            return "Bitbucket";
        case Provider::bitbucket_server:
            return "Bitbucket Server";
        case Provider::generic:
            return "a script";
    }
    return "";
}

Result<Origin> origin_of(const http::Headers& headers) {
    if (const Result<> once = check_once(headers); !once) return once.error();
    const std::optional<Origin> origin = told_by(headers);
    if (!origin) {
        return fail_as(Failure::invalid, "unknown_git_host", "",
                       "these are not the fields of a webhook of GitHub, GitLab, Gitea, Forgejo, "
                       "Bitbucket, or one signed by Standard Webhooks");
    }
    if (!is_plain(origin->event) || !is_plain(origin->delivery)) {
        return fail_as(Failure::invalid, "bad_delivery", "",
                       "the event's name or the delivery's id is not one: over {} bytes, or not "
                       "plain ASCII",
                       word_bytes_max);
    }
    return *origin;
}

}  // namespace berth::githosts
