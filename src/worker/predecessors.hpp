#pragma once
/// Which workers ran here before this one. A worker that is killed says nothing; its successor does
/// it in its place, so that what it held ends with the next worker's start and not with its lease,
/// which every start of an api makes longer.

#include <string>
#include <vector>

namespace berth::worker {

class Predecessors {
public:
    /// Reads the ids in `file` and writes `own` beside them. "" keeps nothing. Workers that share a
    /// file do not run at the same time.
    Predecessors(std::string file, std::string own);

    /// The last ones first, at most jobs::gone_workers_max; their jobs have not been told as lost.
    const std::vector<std::string>& dead() const { return dead_; }

    /// The api has heard of them.
    void told();

private:
    std::string file_, own_;
    std::vector<std::string> dead_{};
};

}  // namespace berth::worker
