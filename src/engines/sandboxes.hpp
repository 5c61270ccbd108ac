#pragma once
/// The runs of a launcher: started through the OCI runtime, watched, killed, cleaned up after.
/// Belongs to the launcher's loop; what blocks runs on its threads.

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/workers.hpp"
#include "engines/bundle.hpp"
#include "engines/cgroups.hpp"
#include "engines/network.hpp"
#include "engines/protocol.hpp"
#include "engines/shares.hpp"
#include "engines/tenants.hpp"
#include "engines/volumes.hpp"

namespace berth::engines {

struct SandboxPlan {
    std::string runtime = "runc";
    std::string bundles{};        // folder of the bundles
    std::string runtime_state{};  // the runtime's own folder
    bool rootless = false;        // in a user namespace of the launcher's own
};

class Sandboxes {
public:
    /// Everything given must outlive it.
    Sandboxes(SandboxPlan plan, Volumes& volumes, Networks& networks, Tenants& tenants,
              const Cgroups& cgroups, const BundleParts& parts, Workers& workers);

    ~Sandboxes();
    Sandboxes(const Sandboxes&) = delete;
    Sandboxes& operator=(const Sandboxes&) = delete;

    void open(std::uint64_t connection) { connections_.insert(connection); }
    /// Ends everything of a connection; returns when it is gone, its volumes included.
    Task<> close(std::uint64_t connection);

    /// `streams`: stdin, stdout, stderr of the command. Returns the name of the run.
    Task<Result<std::string>> start(StartBody start, std::vector<Fd> streams,
                                    std::uint64_t connection);
    /// Waits for the end of a run and forgets it. Errors: not_found.
    Task<Result<Exit>> wait(std::string run, std::uint64_t connection);
    /// Returns when no process of the run is left. No error when there is no such run.
    /// Errors: timed_out — the kernel did not end a process.
    Task<Result<>> kill(std::string run, std::uint64_t connection);
    Task<Result<>> destroy(std::string sandbox, std::uint64_t connection);
    /// Waits until the runs that were killed are gone, so that their volumes are free.
    Task<> settle(std::uint64_t connection);

private:
    struct Claims;
    struct Active;
    using Held = std::shared_ptr<Active>;

    Result<std::shared_ptr<Claims>> claim(const StartBody& start, std::uint64_t connection);
    Result<std::vector<Endpoint>> endpoints_of(BundlePlan& plan) const;
    Task<Result<>> connect(Active& active, BundlePlan& plan);
    Task<Result<>> prepare(BundlePlan plan);
    Task<Result<>> launch(Active& active, const BundlePlan& plan, std::vector<Fd> streams);
    Task<Result<>> let_start(Active& active);
    Task<Result<>> start_active(Held active, StartBody start, std::vector<Fd> streams);
    Task<> tidy_up(Active& active);
    static Task<> watch(Sandboxes* self, Held active);
    static Task<> watch_directories(Sandboxes* self, Held active);
    Task<> measure_written(Held active);
    Task<> count_usage(Held active);
    bool over_limit(Active& active, unsigned tick);
    bool has_full_volume(const Active& active) const;
    void note_end(Active& active, std::optional<int> reaped);
    Task<bool> end(Held active);
    Held find(const std::string& run, std::uint64_t connection) const;
    std::vector<unsigned> choose_cpus(unsigned percent);

    SandboxPlan plan_;
    Volumes& volumes_;
    Networks& networks_;
    Tenants& tenants_;
    const Cgroups& cgroups_;
    const BundleParts& parts_;
    Workers& workers_;
    std::map<std::string, Held> runs_;
    std::set<std::uint64_t> connections_;
    std::map<std::string, std::set<std::string>> written_;  // sandbox → volumes its runs wrote to
    std::vector<unsigned> cpus_;
    std::size_t next_cpu_ = 0;
    std::vector<Share> shares_ = shares_of_a_sandbox();
    bool said_unheld_ = false;
};

}  // namespace berth::engines
