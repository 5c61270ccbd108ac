#include "githosts/host_client.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/crypto.hpp"
#include "githosts/event.hpp"

namespace berth::githosts {
namespace {

constexpr std::int64_t first_pause_ms = 200;
constexpr std::size_t said_bytes_max = 300;

std::string host_of(const std::string& base_url) {
    return base_url.substr(base_url.find("://") + 3);
}

std::optional<std::int64_t> number_in(const http::Headers& headers, std::string_view name) {
    const std::string_view text = headers.get(name);
    std::int64_t number = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || bad != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// What a host says of its refusal: GitHub and Gitea in `message`, GitLab in `message` or `error`.
std::string said_in(const http::Reply& reply) {
    const Result<json::value> body = json::parse(reply.body);
    if (!body) return "";
    for (const std::string_view key : {"message", "error_description", "error"}) {
        const json::value* said = detail::value_at(*body, {key});
        if (said == nullptr) continue;
        if (said->is_string()) return detail::shown(said->get_string(), said_bytes_max);
        return detail::shown(json::bj::serialize(*said), said_bytes_max);
    }
    return "";
}

/// A refusal that another time would not have been: all hosts answer 429 or 403 and say how long.
bool is_limited(const http::Reply& reply) {
    if (reply.status == 429) return true;
    if (reply.status != 403) return false;
    return reply.headers.find("retry-after") != nullptr ||
           reply.headers.get("x-ratelimit-remaining") == "0";
}

Error failure_of(const std::string& base_url, const http::Reply& reply) {
    const std::string host = host_of(base_url);
    const std::string said = said_in(reply);
    const std::string quoted = said.empty() ? "" : fmt::format(": \"{}\"", said);
    if (is_limited(reply)) {
        return fail_as(Failure::unavailable, "git_host_busy", "",
                       "{} limits its callers and wants us to wait{}", host, quoted);
    }
    if (reply.status >= 500) {
        return fail_as(Failure::unavailable, "git_host_failed", "", "{} answered {}{}", host,
                       reply.status, quoted);
    }
    if (reply.status >= 300 && reply.status < 400) {
        return fail_as(Failure::conflict, "git_host_redirects", "",
                       "{} redirects us to {}; a token does not follow: connect by that address",
                       host, detail::shown(reply.headers.get("location"), said_bytes_max));
    }
    switch (reply.status) {
        case 401:
            return fail_as(Failure::conflict, "git_token_refused", "",
                           "{} does not take the token (any more){}", host, quoted);
        case 403:
            return fail_as(Failure::conflict, "git_permission_missing", "",
                           "{} does not allow it to this token{}", host, quoted);
        case 404:
            return fail_as(Failure::not_found, "git_not_found", "",
                           "{} does not know it, or does not show it to this token{}", host,
                           quoted);
        default:
            return fail_as(Failure::conflict, "git_host_refused", "", "{} answered {}{}", host,
                           reply.status, quoted);
    }
}

Error unreachable(const std::string& base_url, const Error& why) {
    const std::string host = host_of(base_url);
    if (why.code == "address_blocked") {
        return fail_as(Failure::forbidden, "git_host_blocked", "/base_url",
                       "base_url: {} is {}, which this Berth may not reach; its operator can allow "
                       "it with --allow-nets",
                       host, why.message);
    }
    if (why.failure == Failure::too_large) {
        return fail_as(Failure::unavailable, "git_host_answer", "",
                       "the answer of {} is over {} MiB", host, answer_bytes_max >> 20);
    }
    return fail_as(Failure::unavailable, "git_host_unreachable", "", "{}: {}", host, why.message);
}

/// Only what changes nothing, or changes it to the same, may be sent again when nobody knows
/// whether it has arrived.
bool may_repeat(const Ask& ask) {
    return ask.verb != "POST";
}

bool may_pass(const Result<http::Reply>& reply) {
    if (!reply) {
        return reply.error().failure == Failure::unavailable &&
               reply.error().code != "address_blocked";
    }
    return reply->status >= 500 || is_limited(*reply);
}

/// Doubles, with a random half: callers that failed together do not come again together.
std::int64_t pause_ms(int attempt) {
    const std::int64_t whole = first_pause_ms << attempt;
    const std::string bytes = random_bytes(1);
    return whole / 2 + (whole / 2) * static_cast<unsigned char>(bytes.front()) / 255;
}

/// Whom a host counts: the holder of a token. One team's limit is not another's.
std::string caller_of(const HostAccess& at) {
    return at.base_url + " " + sha256_hex(at.token);
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    return text;
}

Error not_of_its_form(std::string_view what) {
    return fail_as(Failure::unavailable, "git_host_answer", "",
                   "the Git host's answer is not {} as its API documents it: is the kind of host "
                   "right?",
                   what);
}

}  // namespace

Result<> HostClient::allowed_now(const HostAccess& at) const {
    const auto found = quiet_until_ms_.find(caller_of(at));
    const std::int64_t left = found == quiet_until_ms_.end() ? 0 : found->second - now_ms_();
    if (left <= 0) return {};
    return fail_as(Failure::unavailable, "git_host_busy", "",
                   "{} limits its callers and wants us to wait {} s more", host_of(at.base_url),
                   (left + 999) / 1000);
}

void HostClient::heed_limits(const HostAccess& at, const http::Reply& reply) {
    std::int64_t wait_ms = 0;
    const std::int64_t now = now_ms_();
    if (is_limited(reply)) {
        const std::int64_t after = number_in(reply.headers, "retry-after").value_or(0) * 1000;
        const std::int64_t reset =
            number_in(reply.headers, "x-ratelimit-reset").value_or(0) * 1000 - now;
        wait_ms = std::max<std::int64_t>({after, after > 0 ? 0 : reset, 1000});
    } else if (reply.headers.get("x-ratelimit-remaining") == "0") {
        // The last call that it granted: the next would be refused.
        wait_ms = number_in(reply.headers, "x-ratelimit-reset").value_or(0) * 1000 - now;
    }
    if (wait_ms <= 0) return;
    std::erase_if(quiet_until_ms_, [&](const auto& one) { return one.second <= now; });
    if (quiet_until_ms_.size() >= quiet_hosts_max) return;
    quiet_until_ms_[caller_of(at)] = now + std::min(wait_ms, quiet_ms_max);
}

Task<Result<http::Reply>> HostClient::send(const HostAccess& at, const Ask& ask) {
    const Dialect& dialect = *dialect_of(at.provider);
    http::Call call{.verb = ask.verb, .url = dialect.api_of(at.base_url) + ask.target};
    call.limit = call_limit;
    call.reply_bytes_max = answer_bytes_max;
    dialect.sign(call.headers, at.token);
    if (!ask.body.is_null()) {
        call.headers.set("content-type", "application/json");
        call.body = json::bj::serialize(ask.body);
    }
    co_return co_await http_.send(std::move(call));
}

Task<Result<Answer>> HostClient::call(const HostAccess& at, Ask ask) {
    for (int attempt = 0;; ++attempt) {  // ends with an answer, a failure, or the last attempt
        const Result<> allowed = allowed_now(at);
        if (!allowed) co_return allowed.error();
        Result<http::Reply> reply = co_await send(at, ask);
        if (reply) heed_limits(at, *reply);
        const bool last =
            attempt + 1 >= attempts_max || !may_repeat(ask) || !may_pass(reply) || !allowed_now(at);
        if (!last) {
            const std::chrono::milliseconds pause(std::min(pause_ms(attempt), pause_ms_max));
            co_await pause_(pause);
            continue;
        }
        if (!reply) co_return unreachable(at.base_url, reply.error());
        if (reply->status < 200 || reply->status > 299) co_return failure_of(at.base_url, *reply);
        Answer answer{.headers = std::move(reply->headers)};
        if (reply->body.empty()) co_return answer;
        Result<json::value> body = json::parse(reply->body);
        if (!body) co_return not_of_its_form("JSON");
        answer.body = std::move(*body);
        co_return answer;
    }
}

Task<Result<std::vector<json::value>>> HostClient::list(const HostAccess& at, Ask ask) {
    const Result<Answer> answer = co_await call(at, std::move(ask));
    if (!answer) co_return answer.error();
    co_return items_of(*answer);
}

Task<Result<std::vector<json::value>>> HostClient::all_pages(const HostAccess& at, AskPage ask_of) {
    std::vector<json::value> all;
    for (int page = 1; page <= pages_max; ++page) {
        Ask ask = ask_of(page);
        const Result<Answer> answer = co_await call(at, std::move(ask));
        if (!answer) co_return answer.error();
        const Result<std::vector<json::value>> items = items_of(*answer);
        if (!items) co_return items.error();
        all.insert(all.end(), items->begin(), items->end());
        if (!has_next(*answer)) break;
    }
    co_return all;
}

Task<Result<Account>> HostClient::account(HostAccess at) {
    const Dialect& dialect = *dialect_of(at.provider);
    Ask ask = dialect.ask_account();
    const Result<Answer> answer = co_await call(at, std::move(ask));
    if (!answer) co_return answer.error();
    Account account = dialect.read_account(*answer);
    if (account.login.empty() || account.id.empty()) co_return not_of_its_form("an account");
    if (std::optional<Ask> scopes = dialect.ask_scopes()) {
        // Not every kind of token may ask for itself; then the host says later what is missing.
        const Result<Answer> told = co_await call(at, std::move(*scopes));
        if (told) account.missing_scopes = dialect.missing_scopes(*told);
    }
    co_return account;
}

Task<Result<RemotePage>> HostClient::look_through(const HostAccess& at, std::string search) {
    const Dialect& dialect = *dialect_of(at.provider);
    const std::string wanted = lower(std::move(search));
    const auto ask_of = [&](int page) { return dialect.ask_repositories("", "", page); };
    const Result<std::vector<json::value>> items = co_await all_pages(at, ask_of);
    if (!items) co_return items.error();
    RemotePage found;
    for (const json::value& item : *items) {
        RemoteRepository repository = dialect.read_repository(item);
        if (!is_repository_path(repository.path)) continue;
        if (lower(repository.path).find(wanted) == std::string::npos) continue;
        found.items.push_back(std::move(repository));
        if (found.items.size() >= found_max) break;
    }
    co_return found;
}

Task<Result<RemotePage>> HostClient::repositories(HostAccess at, std::string account_id,
                                                  std::string search, int page) {
    const Dialect& dialect = *dialect_of(at.provider);
    if (!search.empty() && !dialect.searches()) co_return co_await look_through(at, search);
    Ask ask = dialect.ask_repositories(account_id, search, page);
    const Result<Answer> answer = co_await call(at, std::move(ask));
    if (!answer) co_return answer.error();
    const Result<std::vector<json::value>> items = items_of(*answer);
    if (!items) co_return items.error();
    RemotePage found;
    for (const json::value& item : *items) {
        RemoteRepository repository = dialect.read_repository(item);
        if (is_repository_path(repository.path)) found.items.push_back(std::move(repository));
    }
    if (has_next(*answer)) found.next = page + 1;
    co_return found;
}

Task<Result<RemoteRepository>> HostClient::repository(HostAccess at, std::string path) {
    const Dialect& dialect = *dialect_of(at.provider);
    Ask ask = dialect.ask_repository(path);
    const Result<Answer> answer = co_await call(at, std::move(ask));
    if (!answer) co_return answer.error();
    RemoteRepository found = dialect.read_repository(answer->body);
    if (found.path.empty() || found.clone_url.empty()) co_return not_of_its_form("a repository");
    co_return found;
}

Task<Result<std::vector<RemoteHook>>> HostClient::hooks(HostAccess at, std::string path) {
    const Dialect& dialect = *dialect_of(at.provider);
    Ask ask = dialect.ask_hooks(path);
    const Result<std::vector<json::value>> items = co_await list(at, std::move(ask));
    if (!items) co_return items.error();
    std::vector<RemoteHook> found;
    found.reserve(items->size());
    for (const json::value& item : *items)
        found.push_back(dialect.read_hook(item));
    co_return found;
}

Task<Result<RemoteHook>> HostClient::add_hook(HostAccess at, std::string path, std::string url,
                                              std::string secret) {
    const Dialect& dialect = *dialect_of(at.provider);
    Ask ask = dialect.add_hook(path, url, secret);
    const Result<Answer> answer = co_await call(at, std::move(ask));
    if (!answer) co_return answer.error();
    RemoteHook hook = dialect.read_hook(answer->body);
    if (hook.id.empty()) co_return not_of_its_form("a webhook");
    co_return hook;
}

Task<Result<>> HostClient::remove_hook(HostAccess at, std::string path, std::string id) {
    Ask ask = dialect_of(at.provider)->remove_hook(path, id);
    const Result<Answer> answer = co_await call(at, std::move(ask));
    if (!answer && answer.error().code != "git_not_found") co_return answer.error();
    co_return Result<>{};
}

Task<Result<>> HostClient::set_status(HostAccess at, std::string path, std::string commit,
                                      CommitStatus status) {
    Ask ask = dialect_of(at.provider)->set_status(path, commit, status);
    const Result<Answer> answer = co_await call(at, std::move(ask));
    if (answer) co_return Result<>{};
    // GitLab refuses a state that the commit has already.
    const bool there = answer.error().code == "git_host_refused" &&
                       answer.error().message.find("Cannot transition status") != std::string::npos;
    if (!there) co_return answer.error();
    co_return Result<>{};
}

Task<Result<std::vector<RemoteComment>>> HostClient::comments(HostAccess at, std::string path,
                                                              std::int64_t request) {
    const Dialect& dialect = *dialect_of(at.provider);
    Ask ask = dialect.ask_comments(path, request);
    const Result<std::vector<json::value>> items = co_await list(at, std::move(ask));
    if (!items) co_return items.error();
    std::vector<RemoteComment> found;
    found.reserve(items->size());
    for (const json::value& item : *items)
        found.push_back(dialect.read_comment(item));
    co_return found;
}

Task<Result<std::vector<CommitCheck>>> HostClient::checks(HostAccess at, std::string path,
                                                          std::string commit) {
    const Dialect& dialect = *dialect_of(at.provider);
    std::vector<CommitCheck> all;
    std::set<std::string> seen;
    std::vector<Ask> asks = dialect.ask_checks(path, commit);
    for (Ask& ask : asks) {
        const Result<Answer> answer = co_await call(at, std::move(ask));
        if (!answer) co_return answer.error();
        for (CommitCheck& check : dialect.read_checks(answer->body)) {
            const bool ours = check.name.starts_with("berth/");
            if (!ours && seen.insert(check.name).second) all.push_back(std::move(check));
        }
    }
    co_return all;
}

Task<Result<std::string>> HostClient::add_comment(HostAccess at, std::string path,
                                                  std::int64_t request, std::string text) {
    const Dialect& dialect = *dialect_of(at.provider);
    Ask ask = dialect.add_comment(path, request, text);
    const Result<Answer> answer = co_await call(at, std::move(ask));
    if (!answer) co_return answer.error();
    std::string id = dialect.read_comment(answer->body).id;
    if (id.empty()) co_return not_of_its_form("a comment");
    co_return id;
}

Task<Result<>> HostClient::change_comment(HostAccess at, std::string path, std::int64_t request,
                                          std::string id, std::string text) {
    Ask ask = dialect_of(at.provider)->change_comment(path, request, id, text);
    const Result<Answer> answer = co_await call(at, std::move(ask));
    if (!answer) co_return answer.error();
    co_return Result<>{};
}

Task<Result<std::vector<BranchHead>>> HostClient::branches(HostAccess at, std::string path) {
    const Dialect& dialect = *dialect_of(at.provider);
    const auto ask_of = [&](int page) { return dialect.ask_branches(path, page); };
    const Result<std::vector<json::value>> items = co_await all_pages(at, ask_of);
    if (!items) co_return items.error();
    std::vector<BranchHead> found;
    found.reserve(items->size());
    for (const json::value& item : *items)
        found.push_back(dialect.read_branch(item));
    co_return found;
}

Task<Result<std::vector<OpenRequest>>> HostClient::open_requests(HostAccess at, std::string path) {
    const Dialect& dialect = *dialect_of(at.provider);
    const auto ask_of = [&](int page) { return dialect.ask_requests(path, page); };
    const Result<std::vector<json::value>> items = co_await all_pages(at, ask_of);
    if (!items) co_return items.error();
    std::vector<OpenRequest> found;
    found.reserve(items->size());
    for (const json::value& item : *items)
        found.push_back(dialect.read_request(item));
    co_return found;
}

}  // namespace berth::githosts
