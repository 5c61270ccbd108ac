#pragma once
/// For tests only: deliveries as the Git hosts send them, after their documentation, and signed.

#include <string>

#include "base/crypto.hpp"
#include "githosts/signature.hpp"

namespace berth::githosts::testing {

inline const std::string secret = "whsec_" + base64(std::string(32, 's'));
constexpr const char* head = "da1560886d4f094c3e6c9ef40349f7d38b5d27d7";
constexpr const char* parent = "95790bf891e76fee5e1747ab589903a6a1f80f22";
constexpr const char* zeros = "0000000000000000000000000000000000000000";

/// One delivery: its fields and its body.
struct Sent {
    http::Headers headers{};
    std::string body{};
};

/// What a push is, for the payloads below.
struct Told {
    std::string ref = "refs/heads/main";
    std::string before = parent;
    std::string after = head;
    std::string message = "fix: the cart";
    std::string repository = "team/shop";  // at https://git.example/
    std::string pusher = "ann";
};

inline std::string replaced(std::string text, std::string_view name, std::string_view by) {
    const std::string mark = "<" + std::string(name) + ">";
    for (std::size_t at = text.find(mark); at != text.npos; at = text.find(mark, at + by.size()))
        text.replace(at, mark.size(), by);
    return text;
}

inline std::string filled(std::string text, const Told& told) {
    const bool gone = told.after == zeros;
    text = replaced(std::move(text), "head_commit",
                    gone ? "null" : R"({"id":"<after>","message":"<message>"})");
    text = replaced(std::move(text), "deleted", gone ? "true" : "false");
    text = replaced(std::move(text), "ref", told.ref);
    text = replaced(std::move(text), "branch", told.ref.substr(told.ref.rfind('/') + 1));
    text = replaced(std::move(text), "before", told.before);
    text = replaced(std::move(text), "after", told.after);
    text = replaced(std::move(text), "message", told.message);
    text = replaced(std::move(text), "repository", told.repository);
    return replaced(std::move(text), "pusher", told.pusher);
}

inline std::string github_body(const Told& told) {
    return filled(R"({"ref":"<ref>","before":"<before>","after":"<after>","deleted":<deleted>,
"repository":{"full_name":"<repository>","html_url":"https://git.example/<repository>",
"ssh_url":"git@git.example:<repository>.git","clone_url":"https://git.example/<repository>.git"},
"pusher":{"name":"<pusher>","email":"a@example.com"},"sender":{"login":"<pusher>"},
"commits":[],"head_commit":<head_commit>})",
                  told);
}

/// Gitea's pusher has a login; Forgejo's payload is the same.
inline std::string gitea_body(const Told& told) {
    return filled(R"({"ref":"<ref>","before":"<before>","after":"<after>","compare_url":"",
"commits":[{"id":"<after>","message":"<message>"}],"head_commit":<head_commit>,
"repository":{"full_name":"<repository>","html_url":"https://git.example/<repository>",
"ssh_url":"git@git.example:<repository>.git","clone_url":"https://git.example/<repository>.git"},
"pusher":{"login":"<pusher>","full_name":"Ann","username":"<pusher>"},
"sender":{"login":"<pusher>"}})",
                  told);
}

inline std::string gitlab_body(const Told& told) {
    return filled(R"({"object_kind":"push","event_name":"push","ref":"<ref>","before":"<before>",
"after":"<after>","checkout_sha":"<after>","user_name":"Ann","user_username":"<pusher>",
"project":{"name":"Shop","web_url":"https://git.example/<repository>",
"git_ssh_url":"git@git.example:<repository>.git",
"git_http_url":"https://git.example/<repository>.git"},
"commits":[{"id":"b6568db1bc1dcd7f8b4d5a946b0b91f9dacd7327","message":"[skip ci] older"},
{"id":"<after>","message":"<message>"}],"total_commits_count":2})",
                  told);
}

inline std::string bitbucket_body(const Told& told) {
    const std::string type = told.ref.starts_with("refs/tags/") ? "tag" : "branch";
    const std::string old_ref =
        R"({"type":")" + type + R"(","name":"<branch>","target":{"hash":"<before>"}})";
    const std::string new_ref = told.after == zeros
                                    ? "null"
                                    : R"({"type":")" + type +
                                          R"(","name":"<branch>","target":{"hash":"<after>",)"
                                          R"("message":"<message>"}})";
    return filled(R"({"actor":{"nickname":"<pusher>","display_name":"Ann"},
"repository":{"full_name":"<repository>","links":{"html":{"href":
"https://git.example/<repository>"}}},"push":{"changes":[{"old":)" +
                      old_ref + R"(,"new":)" + new_ref + R"(,"forced":false}]}})",
                  told);
}

inline std::string bitbucket_server_body(const Told& told) {
    const std::string type = told.after == zeros ? "DELETE" : "UPDATE";
    return filled(R"({"eventKey":"repo:refs_changed","date":"2026-09-19T09:58:11+1000",
"actor":{"name":"<pusher>","displayName":"Ann"},"repository":{"slug":"shop",
"project":{"key":"TEAM"},"links":{"clone":[
{"href":"ssh://git@git.example:7999/<repository>.git","name":"ssh"},
{"href":"https://git.example/<repository>.git","name":"http"}]}},
"changes":[{"ref":{"id":"<ref>","displayId":"<branch>","type":"BRANCH"},"refId":"<ref>",
"fromHash":"<before>","toHash":"<after>","type":")" +
                      type + R"("}],"toCommit":{"id":"<after>","message":"<message>"}})",
                  told);
}

inline std::string generic_body(const Told& told) {
    return filled(R"({"ref":"<ref>","before":"<before>","commit":"<after>","message":"<message>",
"repo_url":"https://git.example/<repository>.git","pusher":"<pusher>"})",
                  told);
}

/// The HMAC key of Standard Webhooks: the bytes of `secret`.
inline std::string signature_of(std::string_view id, std::int64_t seconds, std::string_view body,
                                const std::string& key = std::string(32, 's')) {
    const std::string message =
        std::string(id) + "." + std::to_string(seconds) + "." + std::string(body);
    return "v1," + base64(hmac_sha256(key, message));
}

inline void sign_standard(Sent& sent, std::string_view id, std::int64_t now_ms) {
    const std::int64_t seconds = now_ms / 1000;
    sent.headers.set("webhook-id", std::string(id));
    sent.headers.set("webhook-timestamp", std::to_string(seconds));
    sent.headers.set("webhook-signature", signature_of(id, seconds, sent.body));
}

/// A push as `provider` delivers it. `id`: its delivery.
inline Sent push_of(Provider provider, const Told& told, const std::string& id,
                    std::int64_t now_ms) {
    Sent sent;
    sent.headers.set("content-type", "application/json");
    const auto sign = [&](std::string_view name, std::string_view prefix) {
        sent.headers.set(std::string(name),
                         std::string(prefix) + hex(hmac_sha256(secret, sent.body)));
    };
    switch (provider) {
        case Provider::github:
            sent.body = github_body(told);
            sent.headers.set("x-github-event", "push");
            sent.headers.set("x-github-delivery", id);
            sign("x-hub-signature-256", "sha256=");
            break;
        case Provider::gitea:
            sent.body = gitea_body(told);
            for (const std::string name : {"x-github", "x-gogs", "x-gitea"}) {
                sent.headers.set(name + "-event", "push");
                sent.headers.set(name + "-delivery", id);
            }
            sign("x-gitea-signature", "");
            sign("x-gogs-signature", "");
            sign("x-hub-signature-256", "sha256=");
            break;
        case Provider::gitlab:
            sent.body = gitlab_body(told);
            sent.headers.set("x-gitlab-event",
                             told.ref.starts_with("refs/tags/") ? "Tag Push Hook" : "Push Hook");
            sent.headers.set("idempotency-key", id);
            sign_standard(sent, id, now_ms);
            break;
        case Provider::bitbucket:
            sent.body = bitbucket_body(told);
            sent.headers.set("x-event-key", "repo:push");
            sent.headers.set("x-hook-uuid", "6d1c");
            sent.headers.set("x-request-uuid", id);
            sign("x-hub-signature", "sha256=");
            break;
        case Provider::bitbucket_server:
            sent.body = bitbucket_server_body(told);
            sent.headers.set("x-event-key", "repo:refs_changed");
            sent.headers.set("x-request-id", id);
            sign("x-hub-signature", "sha256=");
            break;
        case Provider::generic:
            sent.body = generic_body(told);
            sign_standard(sent, id, now_ms);
            break;
    }
    return sent;
}

constexpr Provider all_providers[] = {Provider::github,           Provider::gitea,
                                      Provider::gitlab,           Provider::bitbucket,
                                      Provider::bitbucket_server, Provider::generic};

}  // namespace berth::githosts::testing
