#pragma once
/// Which pushes deploy: pure rules over what a delivery said and what the project is.

#include <string>

#include "githosts/event.hpp"

namespace berth::githosts {

/// Whether a push makes a deployment; if not, why, in words for the list of deliveries.
struct Verdict {
    bool deploys = false;
    std::string reason{};
};

/// Of an event that is no push.
/// Shape:  ping → "a ping: the webhook works"
Verdict judge_event(const Origin& origin, const Event& event);

/// A branch of `repo_url`'s repository that points to a commit now deploys, unless the commit's
/// message says not to: [skip ci], [ci skip], [no ci], [skip deploy], [deploy skip], [skip berth],
/// [berth skip], in any case.
Verdict judge_push(const Event& event, const Push& push, std::string_view repo_url);

/// Whether an event is of the repository at `repo_url`, by its addresses or, without any, its path.
bool is_of(const Event& event, std::string_view repo_url);

/// Whether two addresses are of one repository: the same host and path, whatever the scheme, user,
/// port, ".git" and letter case.
bool is_same_repository(std::string_view a, std::string_view b);

}  // namespace berth::githosts
