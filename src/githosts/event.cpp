#include "githosts/event.hpp"

#include <algorithm>

namespace berth::githosts {
namespace detail {

constexpr std::size_t ref_bytes_max = 255;
constexpr std::size_t address_bytes_max = 2048;
constexpr std::size_t message_bytes_max = 2000;
constexpr std::size_t pusher_bytes_max = 100;
constexpr std::size_t commit_bytes_max = 64;

const json::value* value_at(const json::value& from, std::initializer_list<std::string_view> path) {
    const json::value* at = &from;
    for (const std::string_view key : path) {
        if (!at->is_object()) return nullptr;
        at = at->get_object().if_contains(key);
        if (at == nullptr) return nullptr;
    }
    return at;
}

std::string_view text_at(const json::value& from, std::initializer_list<std::string_view> path) {
    const json::value* found = value_at(from, path);
    return found != nullptr && found->is_string() ? std::string_view(found->get_string()) : "";
}

std::string shown(std::string_view text, std::size_t bytes_max) {
    std::size_t size = std::min(text.size(), bytes_max);
    // A byte 10xxxxxx goes on with a character: not to be cut off from its first.
    while (size < text.size() && size > 0 &&
           (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80)
        --size;
    std::string result(text.substr(0, size));
    for (char& c : result) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    }
    return result;
}

void set_ref(Push& push, std::string_view ref) {
    constexpr std::string_view heads = "refs/heads/", tags = "refs/tags/";
    if (ref.starts_with(heads)) {
        push.kind = RefKind::branch;
        ref.remove_prefix(heads.size());
    } else if (ref.starts_with(tags)) {
        push.kind = RefKind::tag;
        ref.remove_prefix(tags.size());
    }
    push.ref = shown(ref, ref_bytes_max);
}

std::string commit_or_none(std::string_view id) {
    if (id.find_first_not_of('0') == id.npos) return "";
    return shown(id, commit_bytes_max);
}

void add_address(Event& event, std::string_view address) {
    if (address.empty() || address.size() > address_bytes_max) return;
    if (event.addresses.size() < addresses_max) event.addresses.emplace_back(address);
}

}  // namespace detail

namespace {

using namespace detail;

/// The message of the commit that the ref points to, from the list of pushed ones.
std::string_view message_in(const json::value& payload, std::string_view commit) {
    const json::value* commits = value_at(payload, {"commits"});
    if (commits == nullptr || !commits->is_array()) return "";
    const auto& list = commits->get_array();
    const auto found = std::ranges::find_if(
        list, [&](const json::value& one) { return text_at(one, {"id"}) == commit; });
    return found == list.end() ? "" : text_at(*found, {"message"});
}

void read_one_ref(const json::value& payload, Event& event) {
    Push push;
    set_ref(push, text_at(payload, {"ref"}));
    const std::string_view after = text_at(payload, {"after"});
    push.before = commit_or_none(text_at(payload, {"before"}));
    push.commit = commit_or_none(after);
    push.deleted = push.commit.empty() && !after.empty();
    std::string_view message;
    if (text_at(payload, {"head_commit", "id"}) == after) {
        message = text_at(payload, {"head_commit", "message"});
    }
    if (message.empty()) message = message_in(payload, after);
    push.message = shown(message, message_bytes_max);
    event.pushes.push_back(std::move(push));
}

/// GitHub's form, which Gitea, Forgejo and Gogs follow.
void read_github(const json::value& payload, Event& event) {
    for (const std::string_view name : {"clone_url", "ssh_url", "git_url", "html_url"})
        add_address(event, text_at(payload, {"repository", name}));
    std::string_view pusher = text_at(payload, {"pusher", "name"});  // GitHub
    if (pusher.empty()) pusher = text_at(payload, {"pusher", "login"});
    if (pusher.empty()) pusher = text_at(payload, {"pusher", "username"});
    if (pusher.empty()) pusher = text_at(payload, {"sender", "login"});
    event.pusher = shown(pusher, pusher_bytes_max);
    if (event.kind == EventKind::push) read_one_ref(payload, event);
}

void read_gitlab(const json::value& payload, Event& event) {
    for (const std::string_view name : {"git_http_url", "git_ssh_url", "http_url", "web_url"})
        add_address(event, text_at(payload, {"project", name}));
    for (const std::string_view name : {"git_http_url", "git_ssh_url"})
        add_address(event, text_at(payload, {"repository", name}));
    std::string_view pusher = text_at(payload, {"user_username"});
    if (pusher.empty()) pusher = text_at(payload, {"user_name"});
    event.pusher = shown(pusher, pusher_bytes_max);
    if (event.kind == EventKind::push) read_one_ref(payload, event);
}

Error unreadable(std::string_view why) {
    return fail_as(Failure::invalid, "unreadable_payload", "", "the payload cannot be read: {}",
                   why);
}

Result<> read_generic(const json::value& payload, Event& event) {
    const Result<GenericPush> said = json::to<GenericPush>(payload);
    if (!said) return unreadable(said.error().message);
    if (said->repo_url) add_address(event, *said->repo_url);
    event.pusher = shown(said->pusher.value_or(""), pusher_bytes_max);
    Push push;
    const bool full = said->ref.starts_with("refs/") || said->ref.empty();
    set_ref(push, full ? said->ref : "refs/heads/" + said->ref);
    push.before = commit_or_none(said->before.value_or(""));
    push.commit = commit_or_none(said->commit);
    push.deleted = push.commit.empty();
    push.message = shown(said->message.value_or(""), message_bytes_max);
    event.pushes.push_back(std::move(push));
    return {};
}

/// The JSON of a body, out of its form if it came in one.
Result<json::value> payload_of(std::string_view content_type, std::string_view body) {
    const std::string_view type = content_type.substr(0, content_type.find(';'));
    if (type != "application/x-www-form-urlencoded") return json::parse(body);
    constexpr std::string_view field = "payload=";
    while (!body.empty() && !body.starts_with(field))
        body.remove_prefix(std::min(body.size(), body.substr(0, body.find('&')).size() + 1));
    if (body.empty()) return unreadable("the form has no field `payload`");
    const auto text =
        http::percent_decode(body.substr(0, body.find('&')).substr(field.size()), true);
    if (!text) return unreadable("the form is not percent-encoded");
    return json::parse(*text);
}

}  // namespace

EventKind kind_of(Provider provider, std::string_view event) {
    if (event == "ping" || event == "diagnostics:ping") return EventKind::ping;
    if (event.starts_with("pull_request") || event.starts_with("pullrequest:") ||
        event.starts_with("pr:") || event == "Merge Request Hook") {
        return EventKind::pull_request;
    }
    switch (provider) {
        case Provider::github:
        case Provider::gitea:
        case Provider::generic:
            return event == "push" ? EventKind::push : EventKind::other;
        case Provider::gitlab:
            return event == "Push Hook" || event == "Tag Push Hook" ? EventKind::push
                                                                    : EventKind::other;
        case Provider::bitbucket:
            return event == "repo:push" ? EventKind::push : EventKind::other;
        case Provider::bitbucket_server:
            return event == "repo:refs_changed" ? EventKind::push : EventKind::other;
    }
    return EventKind::other;
}

Result<Event> read_event(const Origin& origin, std::string_view content_type,
                         std::string_view body) {
    const Result<json::value> payload = payload_of(content_type, body);
    if (!payload) return unreadable(payload.error().message);
    if (!payload->is_object()) return unreadable("it is not an object");
    Event event{.kind = kind_of(origin.provider, origin.event)};
    switch (origin.provider) {
        case Provider::github:
        case Provider::gitea:
            read_github(*payload, event);
            break;
        case Provider::gitlab:
            read_gitlab(*payload, event);
            break;
        case Provider::bitbucket:
            read_bitbucket(*payload, event);
            break;
        case Provider::bitbucket_server:
            read_bitbucket_server(*payload, event);
            break;
        case Provider::generic:
            if (const Result<> read = read_generic(*payload, event); !read) return read.error();
            break;
    }
    if (event.kind == EventKind::pull_request) {
        event.request = read_request_change(origin.provider, *payload);
    }
    if (event.kind == EventKind::push && event.pushes.empty()) {
        return unreadable("a push that moves no ref");
    }
    return event;
}

}  // namespace berth::githosts
