#pragma once
/// The api of a build without a server: the log goes to the channel, the source comes from a file,
/// the site's files go into another.

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/workers.hpp"
#include "builds/job_api.hpp"
#include "local/blob_file.hpp"
#include "local/channel.hpp"

namespace berth::local {

class LocalJobApi final : public builds::JobApi {
public:
    /// All outlive it. `source`: the packed tree. `source_words`: Order::source.
    LocalJobApi(Channel& channel, Workers& workers, int source, int blobs, std::string source_words,
                Clock now = steady_now_ms);

    Task<Result<std::int64_t>> append(jobs::LogAppend batch) override;
    Task<Result<>> advance(jobs::Advance step) override;
    /// There is nothing to reuse, and nothing is asked for.
    Task<Result<jobs::ReuseReply>> reuse(std::string key) override;
    /// All of them.
    Task<Result<std::vector<std::string>>> missing(std::vector<std::string> names) override;
    Task<Result<>> upload_blobs(builds::MakeByteSource stream) override;
    Task<Result<>> upload_source(std::string sha256, builds::MakeByteSource stream) override;
    Task<Result<>> download_source(int into) override;
    std::string source_words(const jobs::Source&) const override { return source_words_; }

    /// What it has gathered, for the end of the build. The step that was on has ended now.
    End end_with(jobs::Finish finish);

private:
    void enter(jobs::State state);

    Channel& channel_;
    Workers& workers_;
    int source_;
    BlobFile blobs_;
    std::string source_words_;
    Clock now_;
    std::int64_t next_line_ = 0;
    jobs::State state_ = jobs::State::preparing;
    std::int64_t entered_ms_;
    std::vector<StepTime> steps_{};
};

}  // namespace berth::local
