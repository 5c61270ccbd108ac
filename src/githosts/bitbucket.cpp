// Bitbucket's two payloads: of its cloud, and of its server (Data Center). Both list changes.
#include "githosts/event.hpp"

namespace berth::githosts::detail {
namespace {

constexpr std::size_t message_bytes_max = 2000;
constexpr std::size_t pusher_bytes_max = 100;

/// Calls `read(change)` for the first `pushes_max`, and notes that there were more.
template <class Read>
void read_changes(const json::value* changes, Event& event, Read read) {
    if (changes == nullptr || !changes->is_array()) return;
    for (const json::value& change : changes->get_array()) {
        if (event.pushes.size() == pushes_max) {
            event.pushes.push_back({.overflow = true});
            return;
        }
        event.pushes.push_back(read(change));
    }
}

Push cloud_push(const json::value& change) {
    Push push;
    const json::value* now = value_at(change, {"new"});
    push.deleted = now == nullptr || now->is_null();
    const json::value* ref = value_at(change, {push.deleted ? "old" : "new"});
    if (ref == nullptr) return push;
    const std::string_view type = text_at(*ref, {"type"});
    const std::string name(text_at(*ref, {"name"}));
    set_ref(push, type == "branch" ? "refs/heads/" + name
                  : type == "tag"  ? "refs/tags/" + name
                                   : name);
    push.before = commit_or_none(text_at(change, {"old", "target", "hash"}));
    if (push.deleted) return push;
    push.commit = commit_or_none(text_at(*ref, {"target", "hash"}));
    push.message = shown(text_at(*ref, {"target", "message"}), message_bytes_max);
    return push;
}

Push server_push(const json::value& change) {
    Push push;
    std::string_view ref = text_at(change, {"refId"});
    if (ref.empty()) ref = text_at(change, {"ref", "id"});
    set_ref(push, ref);
    push.deleted = text_at(change, {"type"}) == "DELETE";
    push.before = commit_or_none(text_at(change, {"fromHash"}));
    if (!push.deleted) push.commit = commit_or_none(text_at(change, {"toHash"}));
    return push;
}

/// Newer servers tell the newest commit of a push that moved one ref.
void add_message(const json::value& payload, Event& event) {
    if (event.pushes.size() != 1) return;
    if (text_at(payload, {"toCommit", "id"}) != event.pushes.front().commit) return;
    event.pushes.front().message =
        shown(text_at(payload, {"toCommit", "message"}), message_bytes_max);
}

}  // namespace

void read_bitbucket(const json::value& payload, Event& event) {
    add_address(event, text_at(payload, {"repository", "links", "html", "href"}));
    event.path = shown(text_at(payload, {"repository", "full_name"}), 255);
    std::string_view pusher = text_at(payload, {"actor", "nickname"});
    if (pusher.empty()) pusher = text_at(payload, {"actor", "display_name"});
    event.pusher = shown(pusher, pusher_bytes_max);
    if (event.kind != EventKind::push) return;
    read_changes(value_at(payload, {"push", "changes"}), event, cloud_push);
}

void read_bitbucket_server(const json::value& payload, Event& event) {
    const json::value* links = value_at(payload, {"repository", "links", "clone"});
    if (links != nullptr && links->is_array()) {
        for (const json::value& link : links->get_array())
            add_address(event, text_at(link, {"href"}));
    }
    const std::string_view key = text_at(payload, {"repository", "project", "key"});
    const std::string_view slug = text_at(payload, {"repository", "slug"});
    if (!key.empty() && !slug.empty()) {
        event.path = shown(std::string(key) + "/" + std::string(slug), 255);
    }
    event.pusher = shown(text_at(payload, {"actor", "name"}), pusher_bytes_max);
    if (event.kind != EventKind::push) return;
    read_changes(value_at(payload, {"changes"}), event, server_push);
    add_message(payload, event);
}

}  // namespace berth::githosts::detail
