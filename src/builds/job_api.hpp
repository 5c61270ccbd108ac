#pragma once
/// What a running job says to the api, and asks of it. The worker room implements it over HTTP
/// (worker/http_job_api.hpp); tests implement it in memory. The epoch is the implementation's.

#include <functional>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "jobs/job.hpp"

namespace berth::builds {

/// Bytes to send, pulled on a worker thread: fills the span, returns how many; 0 at the end.
using ByteSource = std::function<std::size_t(std::span<char>)>;
/// The same from its beginning: a retry asks for a fresh one.
using MakeByteSource = std::function<ByteSource()>;

/// Every call retries what is worth retrying, for as long as the lease may live.
/// Errors: conflict, lease_lost — the job is somebody else's now: stop at once;
///         unavailable — the api stayed away.
class JobApi {
public:
    virtual ~JobApi() = default;

    /// Returns the number of the next line that the api wants, also when it refused these.
    virtual Task<Result<std::int64_t>> append(jobs::LogAppend batch) = 0;
    virtual Task<Result<>> advance(jobs::Advance step) = 0;
    /// The deployment of an earlier success with the same key.
    virtual Task<Result<jobs::ReuseReply>> reuse(std::string key) = 0;
    /// Which of these blobs the store lacks.
    virtual Task<Result<std::vector<std::string>>> missing(std::vector<std::string> names) = 0;
    virtual Task<Result<>> upload_blobs(MakeByteSource stream) = 0;
    virtual Task<Result<>> upload_source(std::string sha256, MakeByteSource stream) = 0;
    /// Writes the kept snapshot to `into`. Errors: not_found — there is none.
    virtual Task<Result<>> download_source(int into) = 0;

    /// What the log says of that snapshot.
    virtual std::string source_words(const jobs::Source& source) const {
        return source.repo_url.empty()
                   ? "Using the source that was uploaded or pushed to Berth"
                   : "Using the source kept from an earlier deployment of this commit";
    }

    /// Told once for each call that is tried again and again for what the api says of others, such
    /// as an object store that is away. It is kept until another is set; null: none.
    using Waiting = std::function<void(const Error& why)>;
    virtual void on_waiting(Waiting) {}
};

inline bool is_lease_lost(const Error& error) {
    return error.code == "lease_lost";
}

}  // namespace berth::builds
