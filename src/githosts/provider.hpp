#pragma once
/// Which Git host a webhook delivery comes from, told by its header fields. What it says of itself
/// proves nothing: that is signature.hpp.

#include <string>

#include "base/result.hpp"
#include "http/message.hpp"

namespace berth::githosts {

/// `gitea` are Gitea, Forgejo and Gogs; `generic` is whoever signs by Standard Webhooks and sends
/// the few fields of GenericPush (event.hpp).
enum class Provider { github, gitea, gitlab, bitbucket, bitbucket_server, generic };
BOOST_DESCRIBE_ENUM(Provider, github, gitea, gitlab, bitbucket, bitbucket_server, generic)

/// How people write it: "GitHub".
std::string_view name_of(Provider provider);

struct Origin {
    Provider provider{};
    std::string event{};     // in the host's own words: "push", "Push Hook", "repo:refs_changed"
    std::string delivery{};  // the host's id of this delivery; "": it gave none
};

/// Shape:  {"x-github-event": "push", "x-github-delivery": "72d3…"} → {github, "push", "72d3…"}
/// Errors: invalid — unknown_git_host: no host that we know sends such fields; doubled_field: one
///         that matters came twice; bad_delivery: an event or id over 200 bytes or not plain ASCII.
Result<Origin> origin_of(const http::Headers& headers);

}  // namespace berth::githosts
