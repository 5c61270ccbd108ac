#include "api/audit_export.hpp"

#include <chrono>

namespace berth::api {
namespace {

constexpr std::int64_t rows_at_once = 1000;

/// "2026-11-30T14:05:00.123Z".
std::string utc(std::int64_t at_ms) {
    const std::chrono::sys_time<std::chrono::milliseconds> at{std::chrono::milliseconds(at_ms)};
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(at - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       time.hours().count(), time.minutes().count(), time.seconds().count(),
                       time.subseconds().count());
}

std::string csv_line(const accounts::AuditRow& row) {
    const std::string cells[] = {
        std::to_string(row.id), utc(row.at_ms),       csv_cell(row.actor),  csv_cell(row.address),
        csv_cell(row.token),    csv_cell(row.action), csv_cell(row.target), csv_cell(row.project),
        csv_cell(row.team),     csv_cell(row.detail), row.previous_hash,    row.hash};
    return fmt::format("{}\r\n", fmt::join(cells, ","));
}

}  // namespace

std::string csv_cell(std::string_view text) {
    std::string cell;
    const bool formula = !text.empty() && (std::string_view("=+-@").contains(text.front()) ||
                                           static_cast<unsigned char>(text.front()) < ' ');
    if (formula) cell += '\'';
    bool quoted = false;
    for (const char c : text) {
        quoted = quoted || c == ',' || c == '"' || c == '\n' || c == '\r';
        if (c == '"') cell += '"';
        cell += c;
    }
    return quoted ? "\"" + cell + "\"" : cell;
}

std::string audit_head(AuditFormat format) {
    if (format == AuditFormat::ndjson) return "";
    return "id,at,actor,address,token,action,target,project,team,detail,previous_hash,hash\r\n";
}

std::string audit_lines(AuditFormat format, const std::vector<accounts::AuditRow>& rows) {
    std::string lines;
    for (const accounts::AuditRow& row : rows)
        lines += format == AuditFormat::csv ? csv_line(row) : json::text(row) + "\n";
    return lines;
}

Task<> write_audit_file(accounts::AuditLog& log, accounts::AuditFilter filter, AuditFormat format,
                        http::BodySink& sink) {
    std::string text = audit_head(format);
    std::int64_t after = 0;
    while (true) {  // ends with the last row, or when the reader goes away
        const auto rows = co_await log.oldest(filter, after, rows_at_once);
        text += audit_lines(format, rows);
        if (!text.empty()) {
            const bool written = co_await sink.write(text);
            if (!written) co_return;
        }
        if (rows.empty()) co_return;
        after = rows.back().id;
        text.clear();
    }
}

}  // namespace berth::api
