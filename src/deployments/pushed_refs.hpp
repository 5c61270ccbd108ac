#pragma once
/// Which commit of each branch of Berth's own remote was taken note of, and the deployment that is
/// to come of it. Written before the deployment is made: what an api that died left is made then.

#include <string>
#include <vector>

#include "db/database.hpp"

namespace berth::deployments {

struct PushedRef {
    std::string project{};
    std::string ref{};  // "main"
    std::string commit{};
    std::string deployment{};  // id; "": none is to come of it
};
BOOST_DESCRIBE_STRUCT(PushedRef, (), (project, ref, commit, deployment))

class PushedRefs {
public:
    /// `database` must outlive it.
    explicit PushedRefs(db::Database& database) : database_(database) {}

    Task<std::vector<PushedRef>> of(std::string project);
    /// Replaces what was noted of that branch.
    Task<> note(PushedRef pushed);
    Task<> forget(std::string project, std::string ref);

private:
    db::Database& database_;
};

}  // namespace berth::deployments
