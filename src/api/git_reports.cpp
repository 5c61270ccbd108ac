#include "api/git_reports.hpp"

#include <algorithm>
#include <set>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "deployments/deployments.hpp"
#include "deployments/host_names.hpp"
#include "githosts/host_client.hpp"
#include "projects/git_connection_store.hpp"
#include "projects/git_report_store.hpp"
#include "projects/git_request_store.hpp"

namespace berth::api {
namespace {

using deployments::DeploymentView;
using githosts::StatusState;
using jobs::State;
using projects::GitReport;
using projects::GitRequest;

constexpr std::int64_t reports_at_once = 50;

StatusState state_of(const DeploymentView& view) {
    switch (view.state) {
        case State::ready:
            return view.checks_failed == 0 ? StatusState::success : StatusState::failure;
        case State::failed:
            return StatusState::failure;
        case State::canceled:
        case State::superseded:
        case State::skipped:
            return StatusState::canceled;
        default:
            return StatusState::pending;
    }
}

std::string page_of(const DeploymentView& view, const std::string& platform_url) {
    return platform_url + "/p/" + view.project_name + "/d/" + view.id;
}

std::string description_of(const DeploymentView& view) {
    const std::string word = boost::describe::enum_to_string(view.state, "");
    if (view.state == State::ready && view.checks_failed > 0) {
        return fmt::format("Built, but {} of {} checks failed", view.checks_failed, view.checks);
    }
    if (view.state == State::ready && view.finished_at_ms) {
        return fmt::format("Ready in {} s", (*view.finished_at_ms - view.created_at_ms) / 1000);
    }
    if (view.state == State::failed) {
        const std::string reason =
            view.reason ? boost::describe::enum_to_string(*view.reason, "") : "failed";
        return view.detail.empty() ? reason : reason + ": " + view.detail;
    }
    return view.detail.empty() ? word : word + ": " + view.detail;
}

/// What people wrote, made plain: nothing of it is Markdown or a mention in our name.
std::string plain(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == ' ' || c == '.' || c == ',' || c == ':' ||
                          c == '/' || static_cast<unsigned char>(c) >= 0x80;
        if (safe) {
            out += c;
        } else if (c == '-' || c == '_') {
            out += std::string("\\") + c;
        } else {
            out += ' ';
        }
    }
    return out;
}

std::string words_of(StatusState state) {
    constexpr const char* words[] = {"Building", "Ready", "Failed", "Canceled"};
    return words[static_cast<int>(state)];
}

/// Ours among those of the request: the api may have died between the comment and its row.
Task<Result<std::string>> find_comment(Services& services, const githosts::HostAccess& access,
                                       const projects::GitLink& link, const GitRequest& request) {
    if (!request.comment_id.empty()) co_return request.comment_id;
    const auto all = co_await services.git_hosts->comments(access, link.repository, request.number);
    if (!all) co_return all.error();
    const std::string mark = comment_mark(link.project);
    const auto ours = std::ranges::find_if(
        *all, [&](const githosts::RemoteComment& one) { return one.text.starts_with(mark); });
    co_return ours == all->end() ? std::string() : ours->id;
}

Task<Result<>> put_comment(Services& services, const githosts::HostAccess& access,
                           const projects::GitLink& link, GitRequest request, std::string text) {
    const std::string hash = sha256_hex(text);
    if (request.comment_hash == hash) co_return Result<>{};
    const Result<std::string> found = co_await find_comment(services, access, link, request);
    if (!found) co_return found.error();
    std::string id = *found;
    bool there = false;
    if (!id.empty()) {
        const Result<> changed = co_await services.git_hosts->change_comment(
            access, link.repository, request.number, id, text);
        // Somebody may have deleted it.
        if (!changed && changed.error().code != "git_not_found") co_return changed.error();
        there = changed.has_value();
    }
    if (!there) {
        Result<std::string> made =
            co_await services.git_hosts->add_comment(access, link.repository, request.number, text);
        if (!made) co_return made.error();
        id = std::move(*made);
    }
    co_await services.git_requests->set_comment(request, id, hash);
    co_return Result<>{};
}

/// The newest deployment of a ref alone speaks for it.
Task<bool> is_newest(Services& services, const DeploymentView& view) {
    const std::string project = view.project;
    const deployments::DeploymentPage page = co_await services.deployments->list(project, 0, 100);
    for (const DeploymentView& one : page.items) {
        if (one.ref == view.ref) co_return one.id == view.id;
    }
    co_return true;
}

Task<Result<>> tell_requests(Services& services, const githosts::HostAccess& access,
                             const projects::GitLink& link, const DeploymentView& view) {
    const std::string project = view.project;
    const std::string ref = view.ref;
    const auto requests = co_await services.git_requests->open_of(project, ref);
    if (requests.empty()) co_return Result<>{};
    if (!co_await is_newest(services, view)) co_return Result<>{};
    for (const GitRequest& request : requests) {
        std::string text = comment_of(view, request, services.config.platform_url);
        const Result<> put = co_await put_comment(services, access, link, request, std::move(text));
        if (!put) co_return put.error();
    }
    co_return Result<>{};
}

/// Errors: as of HostClient.
Task<Result<>> tell(Services& services, const githosts::HostAccess& access,
                    const projects::GitLink& link, const GitReport& report,
                    const DeploymentView& view) {
    const githosts::CommitStatus status = status_of(view, services.config.platform_url);
    if (report.told != boost::describe::enum_to_string(status.state, "")) {
        const Result<> set =
            co_await services.git_hosts->set_status(access, link.repository, view.commit, status);
        if (!set) co_return set.error();
    }
    co_return co_await tell_requests(services, access, link, view);
}

/// Whether the connection's host answered.
Task<bool> tell_one(Services& services, const GitReport& report, const projects::GitLink& link) {
    const std::string id = report.deployment;
    const auto view = co_await services.deployments->find(id);
    // Until the clone told which commit it is there is nothing to say; its next state marks it
    // anew.
    if (!view || view->commit.empty()) {
        co_await services.git_reports->drop(report);
        co_return true;
    }
    const std::string connection = link.connection;
    const auto open = co_await services.git_connections->open(connection);
    const Result<> told =
        open ? co_await tell(services, open->access, link, report, *view) : Result<>(open.error());
    if (told) {
        const StatusState state = state_of(*view);
        co_await services.git_reports->told(report, state);
        co_await services.git_connections->note(connection, "");
        co_return true;
    }
    const std::string why = told.error().message;
    const bool passing = told.error().failure == Failure::unavailable;
    log::warning("git host not told", {{"deployment", id}, {"why", why}});
    if (told.error().code == "git_token_refused")
        co_await services.git_connections->note(connection, why);
    co_await services.git_reports->failed(report, why, passing);
    co_return !passing;
}

}  // namespace

std::string comment_mark(const std::string& project) {
    return "<!-- berth:" + project + " -->";
}

githosts::CommitStatus status_of(const DeploymentView& view, const std::string& platform_url) {
    return {.state = state_of(view),
            .context = "berth/" + view.project_name,
            .description = description_of(view),
            .target_url =
                state_of(view) == StatusState::success ? view.url : page_of(view, platform_url)};
}

std::string comment_of(const DeploymentView& view, const GitRequest& request,
                       const std::string& platform_url) {
    std::string text = comment_mark(view.project) + "\n";
    const std::string page = page_of(view, platform_url);
    text += fmt::format("| Project | State | Preview | Commit |\n| --- | --- | --- | --- |\n");
    const std::string preview =
        view.state == State::ready ? fmt::format("[{}]({})", plain(view.url), view.url) : "";
    text += fmt::format("| {} | [{}]({}) | {} | `{}` |\n", plain(view.project_name),
                        words_of(state_of(view)), page, preview, view.commit.substr(0, 7));
    if (state_of(view) == StatusState::failure) {
        text += "\n" + plain(description_of(view)) + "\n";
        if (!view.first_error.empty()) text += "\n> " + plain(view.first_error) + "\n";
    }
    if (request.fork) text += "\nFrom a fork: built without secrets.\n";
    return text;
}

Task<> tell_git_hosts(Services& services) {
    const std::vector<GitReport> due = co_await services.git_reports->due(reports_at_once);
    std::set<std::string> silent;  // connections
    for (const GitReport& report : due) {
        const std::string project = report.project;
        const std::optional<projects::GitLink> link =
            co_await services.git_connections->link_of(project);
        if (!link) {
            co_await services.git_reports->drop(report);
            continue;
        }
        if (silent.contains(link->connection)) continue;
        const bool answered = co_await tell_one(services, report, *link);
        if (!answered) silent.insert(link->connection);
    }
}

}  // namespace berth::api
