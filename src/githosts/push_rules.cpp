#include "githosts/push_rules.hpp"

#include <algorithm>
#include <array>

#include "rules/repo_url.hpp"

namespace berth::githosts {
namespace {

constexpr std::array<std::string_view, 7> skip_marks{
    "[skip ci]",     "[ci skip]",    "[no ci]",     "[skip deploy]",
    "[deploy skip]", "[skip berth]", "[berth skip]"};

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    return result;
}

/// "/Team/Shop.git" → "team/shop"
std::string plain_path(std::string_view path) {
    while (path.starts_with('/'))
        path.remove_prefix(1);
    while (path.ends_with('/'))
        path.remove_suffix(1);
    std::string result = lower(path);
    if (result.ends_with(".git")) result.resize(result.size() - 4);
    return result;
}

/// A host that sent no address of its repository has sent its path: the end of ours is that.
bool is_at_path(std::string_view path, std::string_view repo_url) {
    const Result<rules::RepoUrl> ours = rules::parse_repo_url(repo_url);
    const std::string wanted = plain_path(path);
    if (!ours || wanted.empty()) return false;
    const std::string own = "/" + plain_path(ours->path);
    return own.ends_with("/" + wanted);
}

/// The mark as the message has it, or "".
std::string_view skip_mark(std::string_view message) {
    const std::string small = lower(message);
    for (const std::string_view mark : skip_marks) {
        const std::size_t at = small.find(mark);
        if (at != small.npos) return message.substr(at, mark.size());
    }
    return "";
}

Verdict no(std::string reason) {
    return {false, std::move(reason)};
}

std::string words_of(const Event& event) {
    if (!event.request) return "of this event of a pull request nothing is done";
    const OpenRequest& request = event.request->request;
    const std::string name = fmt::format("pull request {}", request.number);
    if (event.request->closed) return name + " was closed: its preview is taken down";
    if (request.fork) return name + " comes from a fork: see the pull requests";
    return name + ": the pushes to its branch deploy";
}

}  // namespace

bool is_same_repository(std::string_view a, std::string_view b) {
    const Result<rules::RepoUrl> one = rules::parse_repo_url(a);
    const Result<rules::RepoUrl> other = rules::parse_repo_url(b);
    return one && other && one->host == other->host &&
           plain_path(one->path) == plain_path(other->path);
}

bool is_of(const Event& event, std::string_view repo_url) {
    if (event.addresses.empty()) return is_at_path(event.path, repo_url);
    return std::ranges::any_of(event.addresses, [&](const std::string& address) {
        return is_same_repository(address, repo_url);
    });
}

Verdict judge_event(const Origin& origin, const Event& event) {
    switch (event.kind) {
        case EventKind::ping:
            return no("a ping: the webhook works");
        case EventKind::pull_request:
            return no(words_of(event));
        case EventKind::push:
        case EventKind::other:
            break;
    }
    return no(fmt::format("events of the kind '{}' deploy nothing; pushes do", origin.event));
}

Verdict judge_push(const Event& event, const Push& push, std::string_view repo_url) {
    if (push.overflow) {
        return no(
            fmt::format("the delivery moved more than {} refs; push the others again", pushes_max));
    }
    if (event.addresses.empty() && event.path.empty()) {
        return no("the delivery does not say which repository was pushed to");
    }
    if (!is_of(event, repo_url)) {
        const std::string& theirs = event.addresses.empty() ? event.path : event.addresses.front();
        return no(fmt::format("the push was to {}, and this project builds {}", theirs, repo_url));
    }
    if (push.kind == RefKind::tag) return no("a tag was pushed; only branches are deployed");
    if (push.kind == RefKind::other) return no("not a branch");
    if (push.deleted) return no("the branch was deleted");
    if (push.commit.empty()) return no("the push has no commit");
    if (push.commit == push.before) return no("the branch points where it did before: a test");
    if (!rules::is_ref_name(push.ref)) return no("not a branch name that Berth takes");
    if (!rules::is_commit_id(push.commit)) return no("not a commit id of 40 hex digits");
    if (const std::string_view mark = skip_mark(push.message); !mark.empty()) {
        return no(fmt::format("the commit's message says {}", mark));
    }
    return {true, ""};
}

}  // namespace berth::githosts
