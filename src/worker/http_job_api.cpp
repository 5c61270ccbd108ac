#include "worker/http_job_api.hpp"

#include <unistd.h>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "worker/backoff.hpp"

namespace berth::worker {
namespace {

namespace bj = boost::json;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds call_limit = 30s;
constexpr std::chrono::milliseconds transfer_limit = 10min;

std::string text_at(const bj::object& object, std::string_view key) {
    const bj::value* found = object.if_contains(key);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : "";
}

Failure failure_of(unsigned status) {
    switch (status) {
        case 401:
            return Failure::unauthenticated;
        case 403:
            return Failure::forbidden;
        case 404:
            return Failure::not_found;
        case 409:
            return Failure::conflict;
        case 413:
            return Failure::too_large;
        default:
            return status >= 500 || status == 429 ? Failure::unavailable : Failure::invalid;
    }
}

constexpr int told_after = 4;  // attempts in vain

/// An api that is away itself takes no word of it either.
bool is_of_others(const Error& error) {
    return error.code.starts_with("object_store_");
}

/// The api's problem document as an error of ours.
Error problem(const http::Reply& reply) {
    std::string code;
    std::string detail = fmt::format("the api answered {}", reply.status);
    const Result<json::value> body = json::parse(reply.body);
    if (body && body->is_object()) {
        code = text_at(body->get_object(), "code");
        if (std::string said = text_at(body->get_object(), "detail"); !said.empty()) {
            detail = std::move(said);
        }
    }
    Error error = fail(failure_of(reply.status), "{}", detail);
    if (!code.empty()) error.code = std::move(code);
    return error;
}

Result<http::Reply> checked(Result<http::Reply> reply) {
    if (!reply) {
        Error error = reply.error();
        if (error.failure == Failure::timed_out) error.failure = Failure::unavailable;
        return error;
    }
    if (reply->status >= 200 && reply->status < 300) return reply;
    return problem(*reply);
}

template <class T>
Result<T> body_of(const Result<http::Reply>& reply) {
    if (!reply) return reply.error();
    return json::parse_as<T>(reply->body);
}

Result<> nothing_of(const Result<http::Reply>& reply) {
    if (!reply) return reply.error();
    return {};
}

http::Call call_to(const ApiAddress& api, std::string_view path, std::chrono::milliseconds limit) {
    http::Call call{.verb = "POST", .url = api.url(path), .limit = limit};
    call.headers.add("authorization", "Bearer " + api.token);
    call.headers.add(std::string(jobs::version_header), std::to_string(jobs::version));
    if (!api.capacity.empty()) call.headers.add(std::string(jobs::capacity_header), api.capacity);
    return call;
}

Task<Result<http::Reply>> send_body(http::Client& client, http::Call call, std::string type,
                                    std::string body) {
    call.headers.add("content-type", std::move(type));
    call.body = std::move(body);
    Result<http::Reply> reply = co_await client.send(std::move(call));
    co_return checked(std::move(reply));
}

}  // namespace

std::string ApiAddress::url(std::string_view path) const {
    return fmt::format("{}/api/v1/worker/{}", server, path);
}

Task<Result<http::Reply>> post(http::Client& client, ApiAddress api, std::string path,
                               std::string body, std::chrono::milliseconds limit) {
    http::Call call = call_to(api, path, limit);
    co_return co_await send_body(client, std::move(call), "application/json", std::move(body));
}

Task<Result<http::Reply>> post_bytes(http::Client& client, ApiAddress api, std::string path,
                                     std::string body, std::chrono::milliseconds limit) {
    http::Call call = call_to(api, path, limit);
    co_return co_await send_body(client, std::move(call), "application/octet-stream",
                                 std::move(body));
}

HttpJobApi::HttpJobApi(http::Client& client, ApiAddress api, std::string job, std::int64_t epoch,
                       std::chrono::milliseconds patience, const builds::Stop& stop)
    : client_(client),
      api_(std::move(api)),
      job_(std::move(job)),
      epoch_(epoch),
      patience_(patience),
      stop_(stop) {}

std::string HttpJobApi::path(std::string_view what) const {
    return fmt::format("jobs/{}/{}", job_, what);
}

/// Ends with an answer that is not "unavailable", when patience is over, or when `stop` is asked.
Task<Result<http::Reply>> HttpJobApi::retry(Attempt attempt, const builds::Stop* stop) {
    const std::int64_t end_ms = steady_now_ms() + patience_.count();
    Backoff backoff(100ms, 2s);
    bool told = false;
    for (int failed = 1;; ++failed) {
        Result<http::Reply> reply = co_await attempt();
        if (reply || reply.error().failure != Failure::unavailable) co_return reply;
        if (waiting_ && !told && failed >= told_after && is_of_others(reply.error())) {
            told = true;
            waiting_(reply.error());
        }
        if (steady_now_ms() >= end_ms || (stop != nullptr && stop->asked())) co_return reply;
        const std::chrono::milliseconds pause = backoff.next();
        co_await sleep_for(pause);
    }
}

Task<Result<http::Reply>> HttpJobApi::post_once(std::string what, std::string body) {
    std::string target = path(what);
    co_return co_await post(client_, api_, std::move(target), std::move(body), call_limit);
}

Task<Result<http::Reply>> HttpJobApi::post_json(std::string what, std::string body) {
    const Attempt attempt = [this, &what, &body] { return post_once(what, body); };
    co_return co_await retry(attempt, &stop_);
}

Task<Result<std::int64_t>> HttpJobApi::append(jobs::LogAppend batch) {
    batch.epoch = epoch_;
    std::string body = json::text(batch);
    const Attempt attempt = [this, &body] { return append_once(body); };
    const Result<http::Reply> reply = co_await retry(attempt, &stop_);
    if (!reply) co_return reply.error();
    const Result<json::value> parsed = json::parse(reply->body);
    const bj::value* next =
        parsed && parsed->is_object() ? parsed->get_object().if_contains("next") : nullptr;
    if (next == nullptr || !next->is_int64()) {
        co_return fail(Failure::invalid, "the api's answer to a log has no `next`");
    }
    co_return next->get_int64();
}

/// A 409 that names the next line is an answer, not an error.
Task<Result<http::Reply>> HttpJobApi::append_once(std::string body) {
    http::Call call = call_to(api_, path("log"), call_limit);
    call.headers.add("content-type", "application/json");
    call.body = std::move(body);
    Result<http::Reply> reply = co_await client_.send(std::move(call));
    if (reply && reply->status == 409 && problem(*reply).code == "wrong_line") co_return reply;
    co_return checked(std::move(reply));
}

Task<Result<>> HttpJobApi::advance(jobs::Advance step) {
    step.epoch = epoch_;
    std::string body = json::text(step);
    const Result<http::Reply> reply = co_await post_json("advance", std::move(body));
    co_return nothing_of(reply);
}

Task<Result<jobs::ReuseReply>> HttpJobApi::reuse(std::string key) {
    const jobs::ReuseRequest request{.epoch = epoch_, .key = std::move(key)};
    std::string body = json::text(request);
    const Result<http::Reply> reply = co_await post_json("reuse", std::move(body));
    co_return body_of<jobs::ReuseReply>(reply);
}

Task<Result<std::vector<std::string>>> HttpJobApi::missing(std::vector<std::string> names) {
    constexpr std::size_t names_per_call = 10'000;
    std::vector<std::string> lacking;
    for (std::size_t begin = 0; begin < names.size(); begin += names_per_call) {
        const auto first = names.begin() + static_cast<std::ptrdiff_t>(begin);
        const std::size_t count = std::min(names_per_call, names.size() - begin);
        const jobs::NameList some{
            epoch_, std::vector<std::string>(first, first + static_cast<std::ptrdiff_t>(count))};
        std::string body = json::text(some);
        const Result<http::Reply> reply = co_await post_json("missing", std::move(body));
        const auto answer = body_of<jobs::NameList>(reply);
        if (!answer) co_return answer.error();
        lacking.insert(lacking.end(), answer->items.begin(), answer->items.end());
    }
    co_return lacking;
}

Task<Result<http::Reply>> HttpJobApi::upload_once(std::string target, builds::ByteSource stream) {
    http::Call call = call_to(api_, target, transfer_limit);
    call.headers.add("content-type", "application/octet-stream");
    call.source = std::move(stream);
    Result<http::Reply> reply = co_await client_.send(std::move(call));
    co_return checked(std::move(reply));
}

Task<Result<>> HttpJobApi::upload(std::string target, builds::MakeByteSource stream) {
    const Attempt attempt = [this, &target, &stream] { return upload_once(target, stream()); };
    const Result<http::Reply> reply = co_await retry(attempt, &stop_);
    co_return nothing_of(reply);
}

Task<Result<>> HttpJobApi::upload_blobs(builds::MakeByteSource stream) {
    std::string target = path(fmt::format("blobs?epoch={}", epoch_));
    co_return co_await upload(std::move(target), std::move(stream));
}

Task<Result<>> HttpJobApi::upload_source(std::string sha256, builds::MakeByteSource stream) {
    std::string target = path(fmt::format("source?epoch={}&sha256={}", epoch_, sha256));
    co_return co_await upload(std::move(target), std::move(stream));
}

Task<Result<http::Reply>> HttpJobApi::download_once(int into) {
    if (::ftruncate(into, 0) != 0 || ::lseek(into, 0, SEEK_SET) != 0) throw_errno("ftruncate");
    http::Call call = call_to(api_, path(fmt::format("source?epoch={}", epoch_)), transfer_limit);
    call.verb = "GET";
    call.sink = [into](std::string_view piece) {
        return ::write(into, piece.data(), piece.size()) == static_cast<ssize_t>(piece.size());
    };
    Result<http::Reply> reply = co_await client_.send(std::move(call));
    co_return checked(std::move(reply));
}

Task<Result<>> HttpJobApi::download_source(int into) {
    const Attempt attempt = [this, into] { return download_once(into); };
    const Result<http::Reply> reply = co_await retry(attempt, &stop_);
    co_return nothing_of(reply);
}

Task<Result<jobs::RenewReply>> HttpJobApi::renew(std::chrono::milliseconds limit) {
    std::string target = path("renew");
    const jobs::RenewRequest request{epoch_};
    std::string body = json::text(request);
    const Result<http::Reply> reply =
        co_await post(client_, api_, std::move(target), std::move(body), limit);
    co_return body_of<jobs::RenewReply>(reply);
}

Task<Result<>> HttpJobApi::finish(jobs::Finish finish) {
    finish.epoch = epoch_;
    const std::string body = json::text(finish);
    const Attempt attempt = [this, &body] { return post_once("finish", body); };
    const Result<http::Reply> reply = co_await retry(attempt, nullptr);
    co_return nothing_of(reply);
}

}  // namespace berth::worker
