#pragma once
/// What the supervisors of `berth serve`, `berth worker` and `berth edge` have in common: the roles
/// of one machine as child processes, and the descriptors they are started with.

#include <string>
#include <vector>

#include "engines/proxies.hpp"
#include "roles/child.hpp"
#include "roles/config.hpp"
#include "roles/listen.hpp"
#include "roles/sockets.hpp"

namespace berth::roles {

/// Tells a person; returns the exit code: 2 for what they gave us, 4 for what they may not, else 1.
int say(const Error& error);

/// Of the environment; "" when it is not set.
std::string variable(const char* name);

/// SIGCHLD, SIGTERM, SIGINT, SIGHUP: a supervisor waits for them.
void block_signals();

/// Held for life: two supervisors must not share a data directory. `who`: "berth serve".
/// Errors: conflict — data_in_use.
Result<Fd> lock_data(const Layout& layout, const std::string& who);

/// An address of Berth's own in its parts.
struct WebAddress {
    std::string url{};  // as it was given, without a slash at its end
    std::string scheme = "http";
    std::string host{};
    std::uint16_t port = 80;
};

/// `option`: "platform-url", for the message. Errors: invalid — bad_value.
Result<WebAddress> parse_web_address(const std::string& option, std::string text);

/// What the launcher and the edge would only find out later. Errors: invalid.
Result<> check_nets(const ServeConfig& config);

/// Errors: invalid — names the variable.
Result<engines::Proxies> proxies_of_environment();

/// Trust in the system's authorities and in those of `extra`, as the file trust.pem in
/// `directory`; returns its path, "" when there is no `extra`.
std::string trust_bundle(const std::string& extra, const std::string& directory);

/// The children of one supervisor. As root each gets its own user and sees its own parts of the
/// data directory below /run/berth.
class Crew {
public:
    Crew(const ServeConfig& config, Layout layout, engines::Proxies proxies);

    const Layout& layout() const { return layout_; }

    /// Descriptors live as long as the supervisor: a child that is started again gets the same.
    int keep(Fd file);

    /// The listening sockets, with what the program before this one handed over.
    Sockets& sockets() { return sockets_; }
    /// A unix socket in run(): the one handed over, or a new one. Kept.
    int keep_unix(const std::string& name, unsigned gid);

    /// Where `real`, a part of the data directory, is for that role.
    std::string seen(const std::string& role, const std::string& part,
                     const std::string& real) const;
    Bind bind(const std::string& role, const std::string& part, const std::string& real,
              bool read_only = false) const;

    static std::vector<std::string> environment();
    static std::string run_directory(const std::string& instance);

    /// Without root: the cgroup that the launcher may make groups in.
    void use_cgroups(std::string path) { cgroups_ = std::move(path); }

    /// `own_ports`: never reached from a sandbox.
    ChildSpec launcher(const std::string& instance, std::vector<std::uint16_t> own_ports,
                       std::int64_t first_uid);

    /// `server`: "" is the api of this machine, over its socket.
    ChildSpec worker(const std::string& server, const std::string& token);

    /// The agent of `berth build`. `streams`: channel, source, blobs.
    ChildSpec local_build(std::vector<int> streams);

    /// What an edge has to know beside the options.
    struct EdgePlaces {
        std::string server{};   // "" is the api of this machine, over its socket
        std::string objects{};  // the object store's directory, or:
        S3Place s3{};
        std::string token{};
        std::vector<std::string> platform_hosts{};
        std::string platform_url{};
        std::uint16_t https_port = 0;  // of visitors; 0: there is no TLS of ours
    };
    ChildSpec edge(const EdgePlaces& places, EdgeSockets sockets);

    /// Threads of the edge.
    std::size_t edge_loops() const;

private:
    std::string api_at(const std::string& role) const;
    std::string log_file(const std::string& directory) const;

    const ServeConfig& config_;
    engines::Proxies proxies_;
    Layout layout_;
    bool root_;
    std::string cgroups_{};
    std::vector<Fd> kept_{};
    Sockets sockets_{};
};

}  // namespace berth::roles
