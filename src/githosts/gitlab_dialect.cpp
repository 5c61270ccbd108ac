// GitLab. Source: https://docs.gitlab.com/api/rest/
#include <algorithm>

#include "githosts/dialect.hpp"
#include "githosts/event.hpp"

namespace berth::githosts::detail {
namespace {

/// A project's path is one segment of the API's.
std::string project(const std::string& path, std::string_view rest = "") {
    std::string encoded;
    for (const char c : path)
        encoded += c == '/' ? "%2F" : std::string(1, c);
    return "/projects/" + encoded + std::string(rest);
}

constexpr int developer = 30;  // whoever may push

StatusState state_of_job(const json::value& job) {
    const std::string_view status = text_at(job, {"status"});
    if (status == "success" || status == "skipped" || status == "manual")
        return StatusState::success;
    if (status != "failed" && status != "canceled") return StatusState::pending;
    return flag_at(job, "allow_failure") ? StatusState::success : StatusState::failure;
}

class GitlabDialect final : public Dialect {
public:
    std::string api_of(const std::string& base_url) const override { return base_url + "/api/v4"; }
    /// Personal, group and project tokens as well as those of OAuth.
    void sign(http::Headers& headers, const std::string& token) const override {
        headers.set("authorization", "Bearer " + token);
        headers.set("accept", "application/json");
    }
    std::string_view clone_user() const override { return "oauth2"; }
    bool searches() const override { return true; }

    Ask ask_account() const override { return {.target = "/user"}; }
    Account read_account(const Answer& answer) const override {
        return {.id = id_at(answer.body, {"id"}),
                .login = shown(text_at(answer.body, {"username"}), 100),
                .missing_scopes = {}};
    }
    std::optional<Ask> ask_scopes() const override {
        return Ask{.target = "/personal_access_tokens/self"};
    }
    std::vector<std::string> missing_scopes(const Answer& answer) const override {
        const json::value* scopes = value_at(answer.body, {"scopes"});
        if (scopes == nullptr || !scopes->is_array()) return {};
        const auto& list = scopes->get_array();
        const bool there = std::ranges::any_of(list, [](const json::value& one) {
            return one.is_string() && one.get_string() == "api";
        });
        if (there) return {};
        return {"api"};
    }

    Ask ask_repositories(const std::string&, std::string_view search, int page) const override {
        return {.target = fmt::format(
                    "/projects?membership=true&min_access_level={}&order_by=last_activity_at&"
                    "search_namespaces=true&search={}&per_page={}&page={}",
                    developer, http::percent_encode(search), items_per_page, page)};
    }
    Ask ask_repository(const std::string& path) const override { return {.target = project(path)}; }
    RemoteRepository read_repository(const json::value& item) const override {
        const std::string_view visibility = text_at(item, {"visibility"});
        return {.path = shown(text_at(item, {"path_with_namespace"}), 255),
                .clone_url = shown(text_at(item, {"http_url_to_repo"}), 2048),
                .default_branch = shown(text_at(item, {"default_branch"}), 255),
                .is_private = visibility != "public"};
    }

    Ask ask_hooks(const std::string& path) const override {
        return {.target = project(path, "/hooks?per_page=100")};
    }
    Ask add_hook(const std::string& path, const std::string& url,
                 const std::string& secret) const override {
        return {"POST", project(path, "/hooks"),
                json::bj::object{{"url", url},
                                 {"name", "Berth"},
                                 {"push_events", true},
                                 {"merge_requests_events", true},
                                 {"token", secret},
                                 {"enable_ssl_verification", true}}};
    }
    Ask remove_hook(const std::string& path, const std::string& id) const override {
        return {.verb = "DELETE", .target = project(path, "/hooks/" + id)};
    }
    RemoteHook read_hook(const json::value& item) const override {
        RemoteHook hook{.id = id_at(item, {"id"}), .url = shown(text_at(item, {"url"}), 2048)};
        const std::string_view alert = text_at(item, {"alert_status"});
        if (!alert.empty() && alert != "executable") {
            hook.trouble = "GitLab says: " + shown(alert, 100);
        }
        return hook;
    }

    Ask set_status(const std::string& path, const std::string& commit,
                   const CommitStatus& status) const override {
        constexpr const char* words[] = {"pending", "success", "failed", "canceled"};
        return {"POST", project(path, "/statuses/" + commit),
                json::bj::object{{"state", words[static_cast<int>(status.state)]},
                                 {"name", status.context},
                                 {"description", shown(status.description, 255)},
                                 {"target_url", status.target_url}}};
    }

    std::vector<Ask> ask_checks(const std::string& path, const std::string& commit) const override {
        return {
            {.target = project(path, "/repository/commits/" + commit + "/statuses?per_page=100")}};
    }
    std::vector<CommitCheck> read_checks(const json::value& body) const override {
        std::vector<CommitCheck> checks;
        if (!body.is_array()) return checks;
        for (const json::value& job : body.get_array())
            checks.push_back({shown(text_at(job, {"name"}), 200), state_of_job(job)});
        return checks;
    }

    Ask ask_comments(const std::string& path, std::int64_t request) const override {
        return {.target = project(
                    path, fmt::format("/merge_requests/{}/notes?sort=asc&per_page=100", request))};
    }
    Ask add_comment(const std::string& path, std::int64_t request,
                    const std::string& text) const override {
        return {"POST", project(path, fmt::format("/merge_requests/{}/notes", request)),
                json::bj::object{{"body", text}}};
    }
    Ask change_comment(const std::string& path, std::int64_t request, const std::string& id,
                       const std::string& text) const override {
        return {"PUT", project(path, fmt::format("/merge_requests/{}/notes/{}", request, id)),
                json::bj::object{{"body", text}}};
    }
    RemoteComment read_comment(const json::value& item) const override {
        return {id_at(item, {"id"}), std::string(text_at(item, {"body"}))};
    }

    Ask ask_branches(const std::string& path, int page) const override {
        return {.target = project(path, fmt::format("/repository/branches?per_page={}&page={}",
                                                    items_per_page, page))};
    }
    BranchHead read_branch(const json::value& item) const override {
        return {shown(text_at(item, {"name"}), 255), shown(text_at(item, {"commit", "id"}), 64)};
    }
    Ask ask_requests(const std::string& path, int page) const override {
        return {.target =
                    project(path, fmt::format("/merge_requests?state=opened&per_page={}&page={}",
                                              items_per_page, page))};
    }
    OpenRequest read_request(const json::value& item) const override {
        return {
            .number = number_at(item, "iid"),
            .commit = shown(text_at(item, {"sha"}), 64),
            .branch = shown(text_at(item, {"source_branch"}), 255),
            .target = shown(text_at(item, {"target_branch"}), 255),
            .title = shown(text_at(item, {"title"}), 200),
            .author = shown(text_at(item, {"author", "username"}), 100),
            .author_id = id_at(item, {"author", "id"}),
            .fork = number_at(item, "source_project_id") != number_at(item, "target_project_id")};
    }
};

}  // namespace

const Dialect& gitlab_dialect() {
    static const GitlabDialect dialect;
    return dialect;
}

}  // namespace berth::githosts::detail
