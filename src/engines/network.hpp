#pragma once
/// Network namespaces with a way out: slirp4netns (user-mode networking, no change to the host's
/// firewall) and an nftables filter inside, set before a command starts; the command has no rights
/// over the namespace. A few are kept prepared. Belongs to the launcher's loop.

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "base/workers.hpp"
#include "engines/reach_policy.hpp"

namespace berth::engines {

/// One namespace for one run. slirp4netns ends when this does.
struct Network {
    Fd space{};
    Fd lifeline{};  // slirp4netns holds the other end
    pid_t slirp = -1;
    std::vector<Address> own{};  // this machine's addresses that its filter knows
};

/// slirp4netns answers here, inside the namespace.
inline constexpr const char* resolver_address = "10.213.71.3";

class Networks {
public:
    struct Plan {
        ReachPolicy policy{};
        Fd outer_mounts{};  // the mount namespace for helpers, without our volumes
        /// How many stand ready; beside them one with a way to this machine's loopback, where
        /// clones or a proxy may go there.
        std::size_t prepared = 2;
        std::function<void(int pid)> started{};  // told of every helper
    };

    Networks(Plan plan, Workers& workers);

    /// For a build: the public internet, what the operator allows, and these proxies.
    /// Errors: unavailable — no slirp4netns, nft or /dev/net/tun.
    Task<Result<Network>> take_internet(std::vector<Endpoint> proxies);

    /// For a clone: these (see `reachable`), and nothing else.
    Task<Result<Network>> take_hosts(std::vector<Endpoint> hosts);

    /// Fills the pool in the background; every `take` does so, too.
    void start_refilling(const asio::any_io_executor& loop);

    const ReachPolicy& policy() const { return plan_.policy; }

private:
    enum class Loopback { closed, open };

    using Pool = std::deque<Network>;

    Task<> refill();
    Task<bool> fill(Pool& pool, std::size_t count, Loopback loopback);
    Pool& pool(Loopback loopback) { return loopback == Loopback::open ? open_ : ready_; }
    Task<Result<Network>> prepare(Loopback loopback);
    Task<Result<Network>> take(Loopback loopback);
    Task<Result<>> refilter(const Network& network, std::string text);
    Result<Network> build(Loopback loopback, std::vector<Address> own);
    Result<> start_slirp(Network& network, Loopback loopback, bool confined);
    void adopt(const Network& network, const asio::any_io_executor& loop);

    Plan plan_;
    Workers& workers_;
    Pool ready_;
    Pool open_;  // their slirp4netns forwards to the loopback; their filter does not, so far
    bool refilling_ = false;
    std::atomic<bool> confine_{true};  // slirp4netns drops its rights where it can
};

/// The filter's text, for nft. Pure, so that tests can read it.
std::string internet_filter(const ReachPolicy& policy, const std::vector<Address>& own,
                            const std::vector<Endpoint>& proxies);
std::string hosts_filter(const std::vector<Endpoint>& hosts);

/// Whether this machine takes such filters, tried in a namespace of its own. Blocking.
/// Errors: unavailable — no nft, or the kernel refuses.
Result<> try_filters();

}  // namespace berth::engines
