#pragma once
/// public/ of a store that is elsewhere: brings what the publication is about to read, a few
/// objects at a time, so that its thread waits for none. Lives on that thread.

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/task.hpp"
#include "edge/public_files.hpp"
#include "edge/publication.hpp"
#include "objects/object_store.hpp"

namespace berth::edge {

/// What was brought for one call of the publication.
struct BroughtFiles {
    bool answered = false;  // the store was there
    std::map<std::string, Result<std::string>> texts{};
};

class RemotePublic final : public PublicFiles {
public:
    /// `store` must outlive it.
    explicit RemotePublic(objects::ObjectStore& store) : store_(store) {}

    /// The head, the routes that it says have changed and those that are due, with the manifests
    /// that are new to us; the keys of visitors' passes, when the head changed and every half
    /// minute.
    Task<BroughtFiles> bring_changes(Publication& publication);
    /// What `publication.route(host)` looks at. Nothing while the store is away.
    Task<BroughtFiles> bring_route(Publication& publication, std::string host);
    /// What `publication.load(deployment)` reads.
    Task<BroughtFiles> bring_site(Publication& publication, std::string deployment);
    /// Some more names for a listing that waits for them.
    Task<> bring_names();

    /// What the publication reads is of `files`, until the next is at hand.
    void use(BroughtFiles files) { at_hand_ = std::move(files); }

    Result<std::string> read(const std::string& name, std::size_t bytes_max) const override;
    std::optional<Mark> mark(const std::string& name) const override;
    std::unique_ptr<HostNames> hosts() override;
    /// Nothing is asked: the control plane puts a route when all of its deployment is there, and
    /// every blob is compared with its hash when it comes.
    Result<> check_blobs(const Site&) const override { return boost::system::in_place_value; }
    std::size_t retries_max() const override { return 16; }

private:
    struct Names;
    class Hosts;
    struct Errand;
    Task<> get(BroughtFiles& files, std::string name, std::size_t bytes_max);
    // Errors: none; what does not come is not at hand.
    Task<Result<>> get_route(Errand& errand, std::string host, bool anew);
    Task<Result<>> get_manifest(BroughtFiles& files, Publication& publication,
                                std::string deployment);
    Task<> get_routes(Errand& errand, const std::set<std::string>& hosts,
                      const std::set<std::string>& anew);
    void note(bool answered, const std::string& why);

    objects::ObjectStore& store_;
    BroughtFiles at_hand_{};
    std::string head_{};  // as it was brought last
    bool away_ = false;
    std::int64_t keys_due_ms_ = 0;
    std::weak_ptr<Names> names_{};
};

}  // namespace berth::edge
