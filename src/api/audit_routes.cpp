// The audit log: all of it for owners of the instance, a team's rows for its admins.
#include <charconv>

#include "accounts/accounts.hpp"
#include "api/audit_export.hpp"
#include "api/body.hpp"
#include "api/paging.hpp"
#include "api/routes.hpp"

namespace berth::api {
namespace {

Result<std::int64_t> time_of(const http::Request& request, std::string_view name) {
    const auto text = request.parameter(name);
    if (!text) return 0;
    std::int64_t time = 0;
    const char* end = text->data() + text->size();
    const auto read = std::from_chars(text->data(), end, time);
    if (read.ec != std::errc{} || read.ptr != end || time < 0) {
        return fail_as(Failure::invalid, "invalid_time", "", "{}: Unix milliseconds", name);
    }
    return time;
}

/// What the query asks for; `team` "" is the whole instance. Errors: invalid — invalid_time.
Result<accounts::AuditFilter> filter_of(const Context& context) {
    const http::Request& request = context.request;
    const Result<std::int64_t> since = time_of(request, "since_ms");
    if (!since) return since.error();
    const Result<std::int64_t> until = time_of(request, "until_ms");
    if (!until) return until.error();
    return accounts::AuditFilter{.team = context.team.id,
                                 .project = request.parameter("project").value_or(""),
                                 .actor = request.parameter("actor").value_or(""),
                                 .action = request.parameter("action").value_or(""),
                                 .since_ms = *since,
                                 .until_ms = *until};
}

/// A cursor belongs to its filters.
std::string name_of(const accounts::AuditFilter& filter) {
    return fmt::format("audit/{}/{}/{}/{}/{}/{}", filter.team, filter.project, filter.actor,
                       filter.action, filter.since_ms, filter.until_ms);
}

/// GET /api/v1/audit, /api/v1/teams/{team}/audit → {items: [AuditRow], next}, newest first
///
/// Errors: invalid — bad_limit, bad_cursor, cursor_mismatch, invalid_time
Task<Result<http::Response>> list_audit(Services& services, Context& context) {
    const Result<accounts::AuditFilter> filter = filter_of(context);
    if (!filter) co_return filter.error();
    const std::string name = name_of(*filter);
    const Result<Page> page = page_of(context.request, name);
    if (!page) co_return page.error();
    const Result<std::int64_t> before = number_after(*page);
    if (!before) co_return before.error();
    const auto rows = co_await services.accounts.audit.newest(*filter, *before, page->limit + 1);
    boost::json::array items;
    std::optional<std::string> next;
    for (const accounts::AuditRow& row : rows) {
        if (std::cmp_equal(items.size(), page->limit)) {
            next = cursor_after(name, std::to_string(row.id + 1));
            break;
        }
        items.push_back(json::from(row));
    }
    co_return list_response(std::move(items), next);
}

/// GET /api/v1/audit/export, /api/v1/teams/{team}/audit/export: a file of all of it, oldest first
///
/// Errors: invalid — invalid_format, invalid_time
Task<Result<http::Response>> export_audit(Services& services, Context& context) {
    const Result<accounts::AuditFilter> filter = filter_of(context);
    if (!filter) co_return filter.error();
    const std::string word = context.request.parameter("format").value_or("ndjson");
    AuditFormat format = AuditFormat::ndjson;
    if (!boost::describe::enum_from_string(word.c_str(), format)) {
        co_return fail_as(Failure::invalid, "invalid_format", "", "format: ndjson or csv");
    }
    http::Response response;
    response.headers.set("content-type", format == AuditFormat::csv ? "text/csv; charset=utf-8"
                                                                    : "application/x-ndjson");
    response.headers.set("content-disposition",
                         "attachment; filename=\"berth-audit." + word + "\"");
    response.headers.set("x-accel-buffering", "no");
    accounts::AuditLog* log = &services.accounts.audit;
    response.body = [log, wanted = *filter, format](http::BodySink& sink) {
        return write_audit_file(*log, wanted, format, sink);
    };
    co_return response;
}

/// GET /api/v1/audit/verification → AuditVerdict: reads the whole log
Task<Result<http::Response>> verify_audit(Services& services, Context&) {
    const accounts::AuditVerdict verdict = co_await services.accounts.audit.check();
    co_return http::json_response(200, verdict);
}

constexpr std::string_view list_query = "limit cursor actor action project since_ms until_ms";
constexpr std::string_view export_query = "format actor action project since_ms until_ms";

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/audit",
     .policy = Policy::instance_owner,
     .handler = list_audit,
     .query = list_query},
    {.verb = http::Verb::get,
     .pattern = "/api/v1/audit/export",
     .policy = Policy::instance_owner,
     .handler = export_audit,
     .query = export_query},
    {.verb = http::Verb::get,
     .pattern = "/api/v1/audit/verification",
     .policy = Policy::instance_owner,
     .handler = verify_audit},
    {.verb = http::Verb::get,
     .pattern = "/api/v1/teams/{team}/audit",
     .policy = Policy::team_manage,
     .handler = list_audit,
     .query = list_query},
    {.verb = http::Verb::get,
     .pattern = "/api/v1/teams/{team}/audit/export",
     .policy = Policy::team_manage,
     .handler = export_audit,
     .query = export_query},
};

}  // namespace

std::span<const Route> audit_routes() {
    return table;
}

}  // namespace berth::api
