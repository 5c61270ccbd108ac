#pragma once
/// Where the branches of linked repositories were when their host was last asked: what moved since,
/// and nobody told us of, was missed.

#include <string>
#include <vector>

#include "base/task.hpp"
#include "githosts/remote.hpp"

namespace berth::db {
class Database;
}

namespace berth::projects {

struct HeadChanges {
    std::vector<githosts::BranchHead> missed{};  // neither delivered nor deployed
    std::vector<std::string> gone{};             // branches
};

class GitHeadStore {
public:
    /// `database` must outlive this.
    explicit GitHeadStore(db::Database& database) : database_(database) {}

    /// Nothing the first time: which branches are wanted is not known then.
    Task<HeadChanges> compare(std::string project, std::vector<githosts::BranchHead> heads);
    /// What to compare with next time. Call when the changes have been acted on.
    Task<> keep(std::string project, std::vector<githosts::BranchHead> heads);

private:
    db::Database& database_;
};

}  // namespace berth::projects
