#pragma once
/// The mail server that an owner of the instance entered; its password is sealed.

#include <optional>

#include "accounts/audit.hpp"
#include "base/crypto.hpp"
#include "notifications/carrier.hpp"

namespace berth::db {
class Database;
}

namespace berth::notifications {

/// Nothing: none was entered. Errors: invalid — seal_broken.
Task<Result<std::optional<MailServer>>> mail_server(db::Database& database, const Sealer& sealer);

/// Errors: invalid — at /host, /port, /from, /username.
Result<> check(const MailServer& server);

/// Nothing takes it away.
Task<> set_mail_server(db::Database& database, const Sealer& sealer,
                       std::optional<MailServer> server, accounts::AuditActor actor,
                       std::int64_t now_ms);

}  // namespace berth::notifications
