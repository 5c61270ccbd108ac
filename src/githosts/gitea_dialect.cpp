// Gitea and Forgejo. Source: /swagger.v1.json of either.
#include "githosts/dialect.hpp"
#include "githosts/event.hpp"

namespace berth::githosts::detail {
namespace {

std::string repository(const std::string& path, std::string_view rest = "") {
    return "/repos/" + path + std::string(rest);
}

class GiteaDialect final : public Dialect {
public:
    std::string api_of(const std::string& base_url) const override { return base_url + "/api/v1"; }
    void sign(http::Headers& headers, const std::string& token) const override {
        headers.set("authorization", "token " + token);
        headers.set("accept", "application/json");
    }
    std::string_view clone_user() const override { return "x-access-token"; }
    bool searches() const override { return true; }

    Ask ask_account() const override { return {.target = "/user"}; }
    Account read_account(const Answer& answer) const override {
        return {.id = id_at(answer.body, {"id"}),
                .login = shown(text_at(answer.body, {"login"}), 100),
                .missing_scopes = {}};
    }
    /// Nothing tells them: a call that lacks one is refused in words.
    std::optional<Ask> ask_scopes() const override { return std::nullopt; }
    std::vector<std::string> missing_scopes(const Answer&) const override { return {}; }

    /// `uid` leaves out what the account has no part in.
    Ask ask_repositories(const std::string& account_id, std::string_view search,
                         int page) const override {
        return {.target = fmt::format(
                    "/repos/search?uid={}&q={}&sort=updated&order=desc&limit={}&page={}",
                    http::percent_encode(account_id), http::percent_encode(search), items_per_page,
                    page)};
    }
    Ask ask_repository(const std::string& path) const override {
        return {.target = repository(path)};
    }
    RemoteRepository read_repository(const json::value& item) const override {
        return {.path = shown(text_at(item, {"full_name"}), 255),
                .clone_url = shown(text_at(item, {"clone_url"}), 2048),
                .default_branch = shown(text_at(item, {"default_branch"}), 255),
                .is_private = flag_at(item, "private")};
    }

    Ask ask_hooks(const std::string& path) const override {
        return {.target = repository(path, fmt::format("/hooks?limit={}", items_per_page))};
    }
    Ask add_hook(const std::string& path, const std::string& url,
                 const std::string& secret) const override {
        return {"POST", repository(path, "/hooks"), hook_body("gitea", url, secret)};
    }
    Ask remove_hook(const std::string& path, const std::string& id) const override {
        return {.verb = "DELETE", .target = repository(path, "/hooks/" + id)};
    }
    RemoteHook read_hook(const json::value& item) const override {
        return {.id = id_at(item, {"id"}),
                .url = shown(text_at(item, {"config", "url"}), 2048),
                .trouble = flag_at(item, "active") ? "" : "it is switched off"};
    }

    Ask set_status(const std::string& path, const std::string& commit,
                   const CommitStatus& status) const override {
        return {"POST", repository(path, "/statuses/" + commit), status_body(status)};
    }

    std::vector<Ask> ask_checks(const std::string& path, const std::string& commit) const override {
        return {{.target = repository(path, "/commits/" + commit + "/status?limit=50")}};
    }
    std::vector<CommitCheck> read_checks(const json::value& body) const override {
        return read_statuses(body);
    }

    Ask ask_comments(const std::string& path, std::int64_t request) const override {
        return {.target = repository(path, fmt::format("/issues/{}/comments", request))};
    }
    Ask add_comment(const std::string& path, std::int64_t request,
                    const std::string& text) const override {
        return {"POST", repository(path, fmt::format("/issues/{}/comments", request)),
                json::bj::object{{"body", text}}};
    }
    Ask change_comment(const std::string& path, std::int64_t, const std::string& id,
                       const std::string& text) const override {
        return {"PATCH", repository(path, "/issues/comments/" + id),
                json::bj::object{{"body", text}}};
    }
    RemoteComment read_comment(const json::value& item) const override {
        return {id_at(item, {"id"}), std::string(text_at(item, {"body"}))};
    }

    Ask ask_branches(const std::string& path, int page) const override {
        return {.target = repository(
                    path, fmt::format("/branches?limit={}&page={}", items_per_page, page))};
    }
    BranchHead read_branch(const json::value& item) const override {
        return {shown(text_at(item, {"name"}), 255), shown(text_at(item, {"commit", "id"}), 64)};
    }
    Ask ask_requests(const std::string& path, int page) const override {
        return {.target = repository(
                    path, fmt::format("/pulls?state=open&limit={}&page={}", items_per_page, page))};
    }
    OpenRequest read_request(const json::value& item) const override { return read_pull(item); }
};

}  // namespace

const Dialect& gitea_dialect() {
    static const GiteaDialect dialect;
    return dialect;
}

}  // namespace berth::githosts::detail
