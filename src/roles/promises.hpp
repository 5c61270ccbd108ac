#pragma once
/// The isolation that Berth promises (docs/isolation.md, I1 to I9), tried on this machine: for
/// `berth doctor`.

#include <boost/describe.hpp>
#include <string>
#include <vector>

namespace berth::roles {

struct Promise {
    /// `holds`: tried here, or of how Berth is made and the same everywhere; `in_part`: the detail
    /// says what is missing; `broken`; `not_tried`: no sandbox can be made.
    enum class State { holds, in_part, broken, not_tried };
    BOOST_DESCRIBE_NESTED_ENUM(State, holds, in_part, broken, not_tried)

    std::string id{};    // "I1"
    std::string name{};  // in one sentence
    State state = State::not_tried;
    std::string detail{};  // what was tried, or what is missing
};
BOOST_DESCRIBE_STRUCT(Promise, (), (id, name, state, detail))

/// Starts a launcher of its own in a temporary directory, lets sandboxes try to break each promise,
/// and removes everything. Before any thread is started: it forks. Takes some seconds.
/// `cgroups`, without root: the group that was given to us; "" for none.
std::vector<Promise> try_promises(const std::string& ca_file, const std::string& runtime,
                                  const std::string& cgroups);

/// The same where no sandbox can be made, for that reason: what needs one is `not_tried`.
std::vector<Promise> untried_promises(const std::string& why);

}  // namespace berth::roles
