#pragma once
/// How each Git host's REST API says the same things: requests to make and answers to read, without
/// a network. host_client.hpp sends them.

#include "githosts/remote.hpp"

namespace berth::githosts {

inline constexpr int repositories_per_page = 100;
inline constexpr int items_per_page = 50;  // of hooks, comments, branches, requests

/// A request to a host's API.
struct Ask {
    std::string verb = "GET";
    std::string target{};  // below the API's address: path and query
    json::value body{};    // null: none
};

/// What a host answered with a 2xx.
struct Answer {
    http::Headers headers{};
    json::value body{};
};

/// One kind of host. Stateless. `path` is a repository's, and has been checked; what `read_…` makes
/// of an answer that is not of the host's form has empty fields.
class Dialect {
public:
    virtual ~Dialect() = default;

    /// "https://github.com" → "https://api.github.com"
    virtual std::string api_of(const std::string& base_url) const = 0;
    virtual void sign(http::Headers& headers, const std::string& token) const = 0;
    /// The user name that goes with the token as password when Git clones.
    virtual std::string_view clone_user() const = 0;
    /// Whether ask_repositories heeds `search`.
    virtual bool searches() const = 0;

    virtual Ask ask_account() const = 0;
    virtual Account read_account(const Answer& answer) const = 0;
    /// Where the token's scopes are told, if not with the account.
    virtual std::optional<Ask> ask_scopes() const = 0;
    virtual std::vector<std::string> missing_scopes(const Answer& answer) const = 0;

    virtual Ask ask_repositories(const std::string& account_id, std::string_view search,
                                 int page) const = 0;
    virtual Ask ask_repository(const std::string& path) const = 0;
    virtual RemoteRepository read_repository(const json::value& item) const = 0;

    virtual Ask ask_hooks(const std::string& path) const = 0;
    virtual Ask add_hook(const std::string& path, const std::string& url,
                         const std::string& secret) const = 0;
    virtual Ask remove_hook(const std::string& path, const std::string& id) const = 0;
    virtual RemoteHook read_hook(const json::value& item) const = 0;

    virtual Ask set_status(const std::string& path, const std::string& commit,
                           const CommitStatus& status) const = 0;

    /// One question or two, at most 100 items each.
    virtual std::vector<Ask> ask_checks(const std::string& path,
                                        const std::string& commit) const = 0;
    /// Those of an answer to one of them, the last word of each name first.
    virtual std::vector<CommitCheck> read_checks(const json::value& body) const = 0;

    virtual Ask ask_comments(const std::string& path, std::int64_t request) const = 0;
    virtual Ask add_comment(const std::string& path, std::int64_t request,
                            const std::string& text) const = 0;
    virtual Ask change_comment(const std::string& path, std::int64_t request, const std::string& id,
                               const std::string& text) const = 0;
    virtual RemoteComment read_comment(const json::value& item) const = 0;

    virtual Ask ask_branches(const std::string& path, int page) const = 0;
    virtual BranchHead read_branch(const json::value& item) const = 0;
    virtual Ask ask_requests(const std::string& path, int page) const = 0;
    virtual OpenRequest read_request(const json::value& item) const = 0;
};

/// github, gitlab, gitea; nullptr for those whose API Berth does not speak.
const Dialect* dialect_of(Provider provider);

/// The items of a list, which some hosts wrap in `data`.
/// Errors: unavailable — git_host_answer: not a list.
Result<std::vector<json::value>> items_of(const Answer& answer);

/// Whether there is a page after this one: RFC 8288's `Link: <…>; rel="next"`.
bool has_next(const Answer& answer);

namespace detail {

const Dialect& github_dialect();
const Dialect& gitlab_dialect();
const Dialect& gitea_dialect();

/// An id that hosts send as a number or a text; "" for neither.
std::string id_at(const json::value& from, std::initializer_list<std::string_view> path);
bool flag_at(const json::value& from, std::string_view key);
std::int64_t number_at(const json::value& from, std::string_view key);
/// "repo, user" → {"repo", "user"}
std::vector<std::string> words_of(std::string_view list);

/// What GitHub and Gitea have in common.
json::value hook_body(std::string_view type, const std::string& url, const std::string& secret);
json::value status_body(const CommitStatus& status);
OpenRequest read_pull(const json::value& item);
/// The statuses of a "combined status".
std::vector<CommitCheck> read_statuses(const json::value& body);
/// The items of an array at `key`; none if it is none.
const json::bj::array& array_at(const json::value& from, std::string_view key);

}  // namespace detail
}  // namespace berth::githosts
