#pragma once
/// The audit log as a file: NDJSON for programs (and for checking the chain elsewhere), CSV for
/// spreadsheets.

#include <string>
#include <vector>

#include "accounts/audit_log.hpp"
#include "http/message.hpp"

namespace berth::accounts {
class AuditLog;
}

namespace berth::api {

enum class AuditFormat { ndjson, csv };
BOOST_DESCRIBE_ENUM(AuditFormat, ndjson, csv)

/// One cell (RFC 4180). A text that a spreadsheet would take for a formula (it begins with one of
/// = + - @ or a control character) gets an apostrophe before it.
std::string csv_cell(std::string_view text);

/// The rows as lines of that format; CSV without its head.
std::string audit_lines(AuditFormat format, const std::vector<accounts::AuditRow>& rows);

/// The first line of a CSV file; "" of NDJSON.
std::string audit_head(AuditFormat format);

/// Writes everything that fits `filter`, oldest first, a thousand rows at a time.
Task<> write_audit_file(accounts::AuditLog& log, accounts::AuditFilter filter, AuditFormat format,
                        http::BodySink& sink);

}  // namespace berth::api
