#include "api/idempotency.hpp"

#include "api/problem.hpp"
#include "base/crypto.hpp"
#include "base/id.hpp"
#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::api {

/// The table's row; `body` is a sealed KeptAnswer, since answers may hold a new token; while the
/// request is under way, the id of the deployment that it may make.
struct IdempotencyRow {
    std::string principal{};
    std::string key{};
    std::string target{};
    std::string fingerprint{};
    std::int64_t status = 0;  // 0: under way
    std::string body{};
    std::int64_t created_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(IdempotencyRow, (),
                      (principal, key, target, fingerprint, status, body, created_at_ms))

struct KeptAnswer {
    std::map<std::string, std::string> headers{};
    std::string body{};
};
BOOST_DESCRIBE_STRUCT(KeptAnswer, (), (headers, body))

namespace {

constexpr std::int64_t kept_ms = 24ll * 3600 * 1000;
constexpr std::int64_t running_ms = 120'000;  // then the first one died with its process

constexpr const char* of_row = "where principal = :principal and key = :key and target = :target";

bool is_key(std::string_view key) {
    const auto visible = [](char c) { return c > ' ' && c < 127; };
    return !key.empty() && key.size() <= 255 && std::ranges::all_of(key, visible);
}

std::string context_of(const IdempotencyRow& row) {
    return "idempotency/" + row.principal + "/" + row.target + "/" + row.key;
}

/// Takes the key, or returns the row that has it. One of a request that ended with its process,
/// which nobody answered, is taken over: what is made again has the same id.
std::optional<IdempotencyRow> take(soci::session& sql, IdempotencyRow& row,
                                   std::int64_t started_ms) {
    db::execute(sql, "delete from idempotency where created_at_ms < :before",
                row.created_at_ms - kept_ms);
    if (db::insert(sql, "idempotency", row, "on conflict do nothing")) return std::nullopt;
    auto first = db::select_one<IdempotencyRow>(sql, std::string("from idempotency ") + of_row,
                                                row.principal, row.key, row.target);
    const std::int64_t since = std::max(started_ms, row.created_at_ms - running_ms);
    const bool died = first->status == 0 && first->created_at_ms < since;
    if (!died || first->fingerprint != row.fingerprint) return first;
    db::execute(sql, std::string("update idempotency set created_at_ms = :now ") + of_row,
                row.created_at_ms, row.principal, row.key, row.target);
    row.body = first->body;
    return std::nullopt;
}

Result<http::Response> replay(const Sealer& sealer, const IdempotencyRow& first,
                              const IdempotencyRow& now) {
    if (first.fingerprint != now.fingerprint) {
        return fail_as(Failure::invalid, "idempotency_mismatch", "",
                       "this Idempotency-Key came with another body before");
    }
    if (first.status == 0) {
        return fail_as(Failure::conflict, "idempotency_running", "",
                       "the first request with this Idempotency-Key is still under way");
    }
    const Result<std::string> text = sealer.open(context_of(first), first.body);
    if (!text) return text.error();
    const Result<KeptAnswer> kept = json::parse_as<KeptAnswer>(*text);
    if (!kept) return kept.error();
    http::Response response;
    response.status = static_cast<unsigned>(first.status);
    response.body = kept->body;
    for (const auto& [name, value] : kept->headers)
        response.headers.set(name, value);
    response.headers.set("idempotency-replayed", "?1");
    return response;
}

Task<> forget(db::Database& database, IdempotencyRow row) {
    const auto work = [&](soci::session& sql) {
        db::execute(sql, std::string("delete from idempotency ") + of_row, row.principal, row.key,
                    row.target);
    };
    co_await database.write(work);
}

/// Whether the same request might be answered otherwise a moment later.
bool is_passing(unsigned status) {
    return status >= 500 || status == 401 || status == 429;
}

Task<> keep(Services& services, IdempotencyRow row, const http::Response& response) {
    const std::string* body = std::get_if<std::string>(&response.body);
    if (is_passing(response.status) || body == nullptr) {
        co_await forget(services.database, row);
        co_return;
    }
    KeptAnswer answer{.headers = {}, .body = *body};
    for (const auto& [name, value] : response.headers)
        answer.headers[name] = value;
    const std::string sealed = services.sealer.seal(context_of(row), json::text(answer));
    const auto status = static_cast<std::int64_t>(response.status);
    const auto work = [&](soci::session& sql) {
        db::execute(sql,
                    std::string("update idempotency set status = :status, body = :body ") + of_row,
                    status, sealed, row.principal, row.key, row.target);
    };
    co_await services.database.write(work);
}

/// What the handler said or threw; a coroutine cannot await in a catch.
struct Outcome {
    std::optional<http::Response> response{};
    std::exception_ptr broken{};
};

Task<Outcome> run(Services& services, const Route& route, Context& context) {
    Outcome outcome;
    try {
        Result<http::Response> result = co_await route.handler(services, context);
        outcome.response =
            result ? std::move(*result) : problem(result.error(), context.request_id);
    } catch (...) {
        outcome.broken = std::current_exception();
    }
    co_return outcome;
}

}  // namespace

Task<Result<http::Response>> run_once(Services& services, const Route& route, Context& context) {
    if (!context.caller.is_person()) co_return co_await route.handler(services, context);
    const http::Request& request = context.request;
    IdempotencyRow row;
    row.principal = context.caller.user.id;
    row.key = request.headers.get("idempotency-key");
    row.target = "POST " + request.path;
    row.fingerprint = sha256_hex(request.body);
    row.body = new_id("dpl");
    row.created_at_ms = services.now_ms();
    if (!is_key(row.key)) {
        co_return fail_as(Failure::invalid, "invalid_idempotency_key", "",
                          "Idempotency-Key: 1 to 255 visible characters");
    }
    const auto taking = [&](soci::session& sql) { return take(sql, row, services.started_ms); };
    const std::optional<IdempotencyRow> first = co_await services.database.write(taking);
    if (first) co_return replay(services.sealer, *first, row);

    context.new_deployment = row.body;
    Outcome outcome = co_await run(services, route, context);
    if (outcome.broken) {
        co_await forget(services.database, row);
        std::rethrow_exception(outcome.broken);
    }
    co_await keep(services, row, *outcome.response);
    co_return std::move(*outcome.response);
}

}  // namespace berth::api
