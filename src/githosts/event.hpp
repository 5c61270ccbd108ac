#pragma once
/// What a delivery says happened, in one form for all Git hosts. Read only after its signature was
/// checked; what it says of a repository is still compared with the project's (push_rules.hpp).

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "githosts/remote.hpp"

namespace berth::githosts {

/// One delivery may move several refs (Bitbucket); more are one more Push that says so.
inline constexpr std::size_t pushes_max = 20;
inline constexpr std::size_t addresses_max = 8;
inline constexpr std::size_t payload_bytes_max = 25 << 20;  // what GitHub caps payloads at

enum class RefKind { branch, tag, other };
BOOST_DESCRIBE_ENUM(RefKind, branch, tag, other)

/// One ref that was moved. Texts are cut to what a list shows: whole characters, no control ones.
struct Push {
    RefKind kind = RefKind::other;
    std::string ref{};      // "main", "v1.0", "refs/notes/commits"; at most 255 bytes
    std::string before{};   // commit id; "": the ref is new, or nobody said
    std::string commit{};   // where it points now; "": deleted, or nobody said
    std::string message{};  // of that commit, at most 2,000 bytes; "": nobody said
    bool deleted = false;
    bool overflow = false;  // stands for those after the first `pushes_max`
};
BOOST_DESCRIBE_STRUCT(Push, (), (kind, ref, before, commit, message, deleted, overflow))

enum class EventKind { push, ping, pull_request, other };
BOOST_DESCRIBE_ENUM(EventKind, push, ping, pull_request, other)

/// A pull or merge request as it is after the event.
struct RequestChange {
    bool closed = false;  // or merged
    OpenRequest request{};
};
BOOST_DESCRIBE_STRUCT(RequestChange, (), (closed, request))

struct Event {
    EventKind kind = EventKind::other;
    std::vector<std::string> addresses{};    // the repository's, as the host writes them
    std::string path{};                      // "team/shop", of hosts that send no address
    std::string pusher{};                    // at most 100 bytes; "": nobody said
    std::vector<Push> pushes{};              // of `push`: one or more
    std::optional<RequestChange> request{};  // of `pull_request`, if it tells one with a number
};
BOOST_DESCRIBE_STRUCT(Event, (), (kind, addresses, path, pusher, pushes, request))

/// What Provider::generic sends; unknown fields are refused. `ref` may also be a branch's name.
struct GenericPush {
    std::string ref{};
    std::string commit{};  // "" or 40 zeros: deleted
    std::optional<std::string> before{};
    std::optional<std::string> repo_url{};
    std::optional<std::string> message{};
    std::optional<std::string> pusher{};
};
BOOST_DESCRIBE_STRUCT(GenericPush, (), (ref, commit, before, repo_url, message, pusher))

/// What kind of event the host's word for it is.
EventKind kind_of(Provider provider, std::string_view event);

/// `content_type` "application/x-www-form-urlencoded": the JSON is the field `payload` (GitHub's
/// and Gitea's other form). Of events that are neither pushes nor requests only the repository is
/// read. Errors: invalid — unreadable_payload: not JSON, deeper than 64 levels, or not of the
/// host's form.
Result<Event> read_event(const Origin& origin, std::string_view content_type,
                         std::string_view body);

namespace detail {

/// The text at a path of keys; "" when it is not there or not text.
std::string_view text_at(const json::value& from, std::initializer_list<std::string_view> path);
/// The value at a path of keys, or null.
const json::value* value_at(const json::value& from, std::initializer_list<std::string_view> path);
/// At most `bytes_max` bytes, whole UTF-8 characters; control characters become spaces.
std::string shown(std::string_view text, std::size_t bytes_max);
/// "refs/heads/main" → branch "main".
void set_ref(Push& push, std::string_view ref);
/// "" for a commit id of zeros alone.
std::string commit_or_none(std::string_view id);
void add_address(Event& event, std::string_view address);

/// requests.cpp: the request of an event, in the host's form; nothing without a number.
std::optional<RequestChange> read_request_change(Provider provider, const json::value& payload);

/// bitbucket.cpp
void read_bitbucket(const json::value& payload, Event& event);
void read_bitbucket_server(const json::value& payload, Event& event);

}  // namespace detail
}  // namespace berth::githosts
