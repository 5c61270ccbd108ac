#pragma once
/// Calls to the APIs of Git hosts: bounded in time, bytes, attempts and pages; never redirected, so
/// that a token stays with the host it was given for; and never sooner than a host that limits its
/// callers allows.

#include <functional>
#include <map>
#include <string>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "githosts/dialect.hpp"
#include "http/client.hpp"

namespace berth::githosts {

inline constexpr int attempts_max = 3;
inline constexpr std::size_t answer_bytes_max = 4 << 20;
inline constexpr std::chrono::milliseconds call_limit{10'000};
inline constexpr std::int64_t pause_ms_max = 2'000;        // waited within a call
inline constexpr std::int64_t quiet_ms_max = 60 * 60'000;  // heeded of a host that wants quiet
inline constexpr std::size_t quiet_hosts_max = 1'000;
inline constexpr int pages_max = 10;          // read for one list
inline constexpr std::size_t found_max = 50;  // of a search that we make ourselves

/// Of hosts whose API Berth speaks (dialect_of). Every call fails with one of these, its message
/// being in words for the person who connected:
///   conflict:    git_token_refused — 401; git_permission_missing — 403; git_host_redirects — 3xx;
///                git_host_refused — another 4xx, with what the host said
///   not_found:   git_not_found
///   forbidden:   git_host_blocked — an address that this Berth may not reach
///   unavailable: git_host_busy — it limits its callers; git_host_failed — 5xx;
///                git_host_unreachable — no connection, or no whole answer in time;
///                git_host_answer — no JSON, over 4 MiB, or not of its form
class HostClient {
public:
    using Pause = std::function<Task<>(std::chrono::milliseconds)>;

    /// `http` must outlive this, and refuse what may not be reached (http/guarded_client.hpp).
    HostClient(http::Client& http, Clock now_ms, Pause pause = &sleep_for)
        : http_(http), now_ms_(std::move(now_ms)), pause_(std::move(pause)) {}

    /// Whose the token is, and what it lacks.
    Task<Result<Account>> account(HostAccess at);
    /// Those that the account may push to, the last used first. Where the host cannot search, the
    /// first 1,000 are looked through here, and at most 50 found.
    Task<Result<RemotePage>> repositories(HostAccess at, std::string account_id, std::string search,
                                          int page);
    Task<Result<RemoteRepository>> repository(HostAccess at, std::string path);

    Task<Result<std::vector<RemoteHook>>> hooks(HostAccess at, std::string path);
    Task<Result<RemoteHook>> add_hook(HostAccess at, std::string path, std::string url,
                                      std::string secret);
    /// One that is not there any more is removed.
    Task<Result<>> remove_hook(HostAccess at, std::string path, std::string id);

    Task<Result<>> set_status(HostAccess at, std::string path, std::string commit,
                              CommitStatus status);

    /// What others check of a commit, one of each name, without our own ("berth/…").
    Task<Result<std::vector<CommitCheck>>> checks(HostAccess at, std::string path,
                                                  std::string commit);

    Task<Result<std::vector<RemoteComment>>> comments(HostAccess at, std::string path,
                                                      std::int64_t request);
    /// Its id.
    Task<Result<std::string>> add_comment(HostAccess at, std::string path, std::int64_t request,
                                          std::string text);
    Task<Result<>> change_comment(HostAccess at, std::string path, std::int64_t request,
                                  std::string id, std::string text);

    /// At most `pages_max` pages.
    Task<Result<std::vector<BranchHead>>> branches(HostAccess at, std::string path);
    Task<Result<std::vector<OpenRequest>>> open_requests(HostAccess at, std::string path);

private:
    using AskPage = std::function<Ask(int page)>;

    Task<Result<Answer>> call(const HostAccess& at, Ask ask);
    Task<Result<std::vector<json::value>>> list(const HostAccess& at, Ask ask);
    Task<Result<std::vector<json::value>>> all_pages(const HostAccess& at, AskPage ask_of);
    Task<Result<http::Reply>> send(const HostAccess& at, const Ask& ask);
    Result<> allowed_now(const HostAccess& at) const;
    void heed_limits(const HostAccess& at, const http::Reply& reply);
    Task<Result<RemotePage>> look_through(const HostAccess& at, std::string search);

    http::Client& http_;
    Clock now_ms_;
    Pause pause_;
    std::map<std::string, std::int64_t> quiet_until_ms_{};  // by address and token
};

}  // namespace berth::githosts
