#pragma once
/// A job's words to the api, over HTTP with the worker's token (protocol: jobs/job.hpp).

#include <memory>
#include <string>

#include "builds/job_api.hpp"
#include "builds/step_run.hpp"
#include "http/client.hpp"

namespace berth::worker {

/// Where the api is and how it knows us.
struct ApiAddress {
    std::string server{};  // "http://host:8080", or "unix:/path/of/socket:"
    std::string token{};
    std::string capacity{};                        // jobs::capacity_header's value; "" is not sent
    std::string url(std::string_view path) const;  // below /api/v1/worker/
};

/// Sends `body` as JSON, once. A problem of the api's becomes its error, with the api's code.
/// Errors: unavailable — no answer, or 5xx.
Task<Result<http::Reply>> post(http::Client& client, ApiAddress api, std::string path,
                               std::string body, std::chrono::milliseconds limit);
/// The same of bytes that are not JSON.
Task<Result<http::Reply>> post_bytes(http::Client& client, ApiAddress api, std::string path,
                                     std::string body, std::chrono::milliseconds limit);

class HttpJobApi final : public builds::JobApi {
public:
    /// Retries go on for `patience`, or until `stop` is asked. All references outlive it.
    HttpJobApi(http::Client& client, ApiAddress api, std::string job, std::int64_t epoch,
               std::chrono::milliseconds patience, const builds::Stop& stop);

    Task<Result<std::int64_t>> append(jobs::LogAppend batch) override;
    Task<Result<>> advance(jobs::Advance step) override;
    Task<Result<jobs::ReuseReply>> reuse(std::string key) override;
    Task<Result<std::vector<std::string>>> missing(std::vector<std::string> names) override;
    Task<Result<>> upload_blobs(builds::MakeByteSource stream) override;
    Task<Result<>> upload_source(std::string sha256, builds::MakeByteSource stream) override;
    Task<Result<>> download_source(int into) override;
    void on_waiting(Waiting waiting) override { waiting_ = std::move(waiting); }

    /// Once, without a retry: who renews does so again anyway.
    Task<Result<jobs::RenewReply>> renew(std::chrono::milliseconds limit);
    Task<Result<>> finish(jobs::Finish finish);

private:
    using Attempt = std::function<Task<Result<http::Reply>>()>;
    Task<Result<http::Reply>> retry(Attempt attempt, const builds::Stop* stop);
    Task<Result<http::Reply>> post_once(std::string what, std::string body);
    Task<Result<http::Reply>> append_once(std::string body);
    Task<Result<http::Reply>> post_json(std::string what, std::string body);
    Task<Result<>> upload(std::string path, builds::MakeByteSource stream);
    Task<Result<http::Reply>> upload_once(std::string path, builds::ByteSource stream);
    Task<Result<http::Reply>> download_once(int into);
    std::string path(std::string_view what) const;

    http::Client& client_;
    ApiAddress api_;
    std::string job_;
    std::int64_t epoch_;
    std::chrono::milliseconds patience_;
    const builds::Stop& stop_;
    Waiting waiting_{};
};

}  // namespace berth::worker
