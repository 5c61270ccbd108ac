#pragma once
/// What the worker and the launcher say to each other: JSON frames over a unix socket (frames.hpp).
/// Every request has an id, a verb of this closed list and a body; every request gets one reply
/// with the same id. `start` carries three descriptors: the run's stdin, stdout and stderr.

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "engines/engine.hpp"

namespace berth::engines {

enum class Verb { make_volume, keep_volume, remove_volume, volumes, start, wait, kill, destroy };
BOOST_DESCRIBE_ENUM(Verb, make_volume, keep_volume, remove_volume, volumes, start, wait, kill,
                    destroy)

struct Request {
    std::uint64_t id = 0;
    Verb verb = Verb::volumes;
    json::value body{};
};
BOOST_DESCRIBE_STRUCT(Request, (), (id, verb, body))

struct Refusal {
    std::string failure{};  // the word of a Failure
    std::string code{};
    std::string pointer{};
    std::string message{};
};
BOOST_DESCRIBE_STRUCT(Refusal, (), (failure, code, pointer, message))

struct Reply {
    std::uint64_t id = 0;
    std::optional<Refusal> error{};
    json::value body{};
};
BOOST_DESCRIBE_STRUCT(Reply, (), (id, error, body))

/// Bodies. `make_volume` has a Volume; `volumes` an empty object, answered by VolumeList.
struct KeepBody {
    std::string name{};
    std::string as{};
};
BOOST_DESCRIBE_STRUCT(KeepBody, (), (name, as))

/// `remove_volume` a volume, `destroy` a sandbox, `wait` and `kill` a run.
struct NameBody {
    std::string name{};
};
BOOST_DESCRIBE_STRUCT(NameBody, (), (name))

struct VolumeList {
    std::vector<VolumeState> items{};
};
BOOST_DESCRIBE_STRUCT(VolumeList, (), (items))

struct ProxyBody {
    ProxyPlace place{};
    std::vector<std::string> addresses{};
};
BOOST_DESCRIBE_STRUCT(ProxyBody, (), (place, addresses))

/// A Reach whose names the worker has looked up: the launcher decides over the addresses alone.
struct ReachBody {
    Reach::Kind kind = Reach::Kind::none;
    std::string host{};
    std::uint16_t port = 0;
    std::vector<std::string> addresses{};
    std::vector<ProxyBody> proxies{};
};
BOOST_DESCRIBE_STRUCT(ReachBody, (), (kind, host, port, addresses, proxies))

/// A Run without its descriptors; answered by NameBody, the name of the run.
struct StartBody {
    std::string sandbox{};
    std::string tenant{};
    std::vector<std::string> argv{};
    std::vector<std::string> environment{};
    std::string directory{};
    std::vector<Mount> mounts{};
    ReachBody reach{};
    Limits limits{};
};
BOOST_DESCRIBE_STRUCT(StartBody, (),
                      (sandbox, tenant, argv, environment, directory, mounts, reach, limits))

/// Says whether a start may be tried: names, targets, sizes. Nothing about the state of the world.
/// Errors: invalid — with the pointer of the field at fault.
Result<> check(const StartBody& start);
Result<> check(const Volume& volume);

/// "vol-1/node" → {"vol-1", {"node"}}. Errors: invalid.
struct VolumePath {
    std::string volume{};
    std::vector<std::string> segments{};
};
Result<VolumePath> parse_volume_path(const std::string& text);

}  // namespace berth::engines
