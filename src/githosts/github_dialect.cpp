// GitHub and GitHub Enterprise Server.
// Source: https://docs.github.com/en/rest (version 2022-11-28)
#include <algorithm>

#include "githosts/dialect.hpp"
#include "githosts/event.hpp"

namespace berth::githosts::detail {
namespace {

std::string repository(const std::string& path, std::string_view rest = "") {
    return "/repos/" + path + std::string(rest);
}

/// A run that has ended has a conclusion.
StatusState state_of_run(const json::value& run) {
    if (text_at(run, {"status"}) != "completed") return StatusState::pending;
    const std::string_view conclusion = text_at(run, {"conclusion"});
    const bool good = conclusion == "success" || conclusion == "neutral" || conclusion == "skipped";
    return good ? StatusState::success : StatusState::failure;
}

class GithubDialect final : public Dialect {
public:
    std::string api_of(const std::string& base_url) const override {
        if (base_url == "https://github.com") return "https://api.github.com";
        return base_url + "/api/v3";
    }
    void sign(http::Headers& headers, const std::string& token) const override {
        headers.set("authorization", "Bearer " + token);
        headers.set("accept", "application/vnd.github+json");
        headers.set("x-github-api-version", "2022-11-28");
    }
    std::string_view clone_user() const override { return "x-access-token"; }
    bool searches() const override { return false; }

    Ask ask_account() const override { return {.target = "/user"}; }
    Account read_account(const Answer& answer) const override {
        return {.id = id_at(answer.body, {"id"}),
                .login = shown(text_at(answer.body, {"login"}), 100),
                .missing_scopes = missing_scopes(answer)};
    }
    std::optional<Ask> ask_scopes() const override { return std::nullopt; }
    /// Classic tokens alone say what they may; `repo` has hooks and statuses in it.
    std::vector<std::string> missing_scopes(const Answer& answer) const override {
        if (answer.headers.find("x-oauth-scopes") == nullptr) return {};
        const std::vector<std::string> there = words_of(answer.headers.get("x-oauth-scopes"));
        if (std::ranges::count(there, "repo") > 0) return {};
        return {"repo"};
    }

    Ask ask_repositories(const std::string&, std::string_view, int page) const override {
        return {.target = fmt::format("/user/repos?sort=pushed&per_page={}&page={}",
                                      repositories_per_page, page)};
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
        return {.target = repository(path, "/hooks?per_page=100")};
    }
    Ask add_hook(const std::string& path, const std::string& url,
                 const std::string& secret) const override {
        return {"POST", repository(path, "/hooks"), hook_body("web", url, secret)};
    }
    Ask remove_hook(const std::string& path, const std::string& id) const override {
        return {.verb = "DELETE", .target = repository(path, "/hooks/" + id)};
    }
    RemoteHook read_hook(const json::value& item) const override {
        RemoteHook hook{.id = id_at(item, {"id"}),
                        .url = shown(text_at(item, {"config", "url"}), 2048)};
        const std::string_view word = text_at(item, {"last_response", "status"});
        if (!flag_at(item, "active")) {
            hook.trouble = "it is switched off";
        } else if (!word.empty() && word != "unused" && word != "active" && word != "ok") {
            hook.trouble = fmt::format("its last delivery: {} {}", shown(word, 100),
                                       shown(text_at(item, {"last_response", "message"}), 200));
        }
        return hook;
    }

    Ask set_status(const std::string& path, const std::string& commit,
                   const CommitStatus& status) const override {
        return {"POST", repository(path, "/statuses/" + commit), status_body(status)};
    }

    std::vector<Ask> ask_checks(const std::string& path, const std::string& commit) const override {
        const std::string of = repository(path, "/commits/" + commit);
        return {{.target = of + "/status?per_page=100"},
                {.target = of + "/check-runs?per_page=100"}};
    }
    std::vector<CommitCheck> read_checks(const json::value& body) const override {
        std::vector<CommitCheck> checks = read_statuses(body);
        for (const json::value& run : array_at(body, "check_runs"))
            checks.push_back({shown(text_at(run, {"name"}), 200), state_of_run(run)});
        return checks;
    }

    Ask ask_comments(const std::string& path, std::int64_t request) const override {
        return {.target =
                    repository(path, fmt::format("/issues/{}/comments?per_page=100", request))};
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
                    path, fmt::format("/branches?per_page={}&page={}", items_per_page, page))};
    }
    BranchHead read_branch(const json::value& item) const override {
        return {shown(text_at(item, {"name"}), 255), shown(text_at(item, {"commit", "sha"}), 64)};
    }
    Ask ask_requests(const std::string& path, int page) const override {
        return {.target = repository(path, fmt::format("/pulls?state=open&per_page={}&page={}",
                                                       items_per_page, page))};
    }
    OpenRequest read_request(const json::value& item) const override { return read_pull(item); }
};

}  // namespace

const Dialect& github_dialect() {
    static const GithubDialect dialect;
    return dialect;
}

}  // namespace berth::githosts::detail
