#include "worker/predecessors.hpp"

#include <fmt/ranges.h>

#include <fstream>

#include "base/file.hpp"
#include "jobs/job.hpp"

namespace berth::worker {

Predecessors::Predecessors(std::string file, std::string own)
    : file_(std::move(file)), own_(std::move(own)) {
    if (file_.empty()) return;
    std::ifstream in(file_);
    for (std::string id; dead_.size() < jobs::gone_workers_max && std::getline(in, id);) {
        if (id.starts_with("wrk_")) dead_.push_back(id);
    }
    write_file(file_, fmt::format("{}\n{}\n", own_, fmt::join(dead_, "\n")));
}

void Predecessors::told() {
    dead_.clear();
    write_file(file_, own_ + "\n");
}

}  // namespace berth::worker
