// Pull and merge requests as hosts deliver them. What counts is how the request stands, not what
// was done to it: so a delivery that comes twice, or late, or is one of many kinds, is read alike.
#include "githosts/dialect.hpp"
#include "githosts/event.hpp"

namespace berth::githosts::detail {
namespace {

RequestChange read_gitlab_request(const json::value& payload) {
    const json::value* told = value_at(payload, {"object_attributes"});
    const json::value request = told == nullptr ? json::value(json::bj::object{}) : *told;
    RequestChange change{.closed = text_at(request, {"state"}) != "opened"};
    change.request = {
        .number = number_at(request, "iid"),
        .commit = shown(text_at(request, {"last_commit", "id"}), 64),
        .branch = shown(text_at(request, {"source_branch"}), 255),
        .target = shown(text_at(request, {"target_branch"}), 255),
        .title = shown(text_at(request, {"title"}), 200),
        .author_id = id_at(request, {"author_id"}),
        .fork = number_at(request, "source_project_id") != number_at(request, "target_project_id")};
    // `user` is who did something; the author is told by number alone.
    if (id_at(payload, {"user", "id"}) == change.request.author_id) {
        change.request.author = shown(text_at(payload, {"user", "username"}), 100);
    }
    return change;
}

/// Cloud: its commits are short ids.
RequestChange read_cloud_request(const json::value& payload) {
    const json::value* told = value_at(payload, {"pullrequest"});
    const json::value request = told == nullptr ? json::value(json::bj::object{}) : *told;
    const std::string_view from = text_at(request, {"source", "repository", "full_name"});
    const std::string_view to = text_at(request, {"destination", "repository", "full_name"});
    return {.closed = text_at(request, {"state"}) != "OPEN",
            .request = {.number = number_at(request, "id"),
                        .commit = shown(text_at(request, {"source", "commit", "hash"}), 64),
                        .branch = shown(text_at(request, {"source", "branch", "name"}), 255),
                        .target = shown(text_at(request, {"destination", "branch", "name"}), 255),
                        .title = shown(text_at(request, {"title"}), 200),
                        .author = shown(text_at(request, {"author", "nickname"}), 100),
                        .author_id = id_at(request, {"author", "account_id"}),
                        .fork = from != to || from.empty()}};
}

RequestChange read_server_request(const json::value& payload) {
    const json::value* told = value_at(payload, {"pullRequest"});
    const json::value request = told == nullptr ? json::value(json::bj::object{}) : *told;
    return {.closed = text_at(request, {"state"}) != "OPEN",
            .request = {.number = number_at(request, "id"),
                        .commit = shown(text_at(request, {"fromRef", "latestCommit"}), 64),
                        .branch = shown(text_at(request, {"fromRef", "displayId"}), 255),
                        .target = shown(text_at(request, {"toRef", "displayId"}), 255),
                        .title = shown(text_at(request, {"title"}), 200),
                        .author = shown(text_at(request, {"author", "user", "name"}), 100),
                        .author_id = id_at(request, {"author", "user", "id"}),
                        .fork = id_at(request, {"fromRef", "repository", "id"}) !=
                                id_at(request, {"toRef", "repository", "id"})}};
}

RequestChange read_pull_request(const json::value& payload) {
    const json::value* told = value_at(payload, {"pull_request"});
    if (told == nullptr) return {};
    return {.closed = text_at(*told, {"state"}) != "open", .request = read_pull(*told)};
}

RequestChange read_change(Provider provider, const json::value& payload) {
    switch (provider) {
        case Provider::github:
        case Provider::gitea:
            return read_pull_request(payload);
        case Provider::gitlab:
            return read_gitlab_request(payload);
        case Provider::bitbucket:
            return read_cloud_request(payload);
        case Provider::bitbucket_server:
            return read_server_request(payload);
        case Provider::generic:
            return {};
    }
    return {};
}

}  // namespace

std::optional<RequestChange> read_request_change(Provider provider, const json::value& payload) {
    RequestChange change = read_change(provider, payload);
    if (change.request.number <= 0) return std::nullopt;
    return change;
}

}  // namespace berth::githosts::detail
