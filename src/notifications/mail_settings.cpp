#include "notifications/mail_settings.hpp"

#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::notifications {
namespace {

constexpr const char* context = "instance/mail_server";
constexpr std::size_t text_bytes_max = 255;

bool is_host(std::string_view text) {
    return !text.empty() && text.size() <= text_bytes_max && std::ranges::all_of(text, [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == ':';
    });
}

}  // namespace

Task<Result<std::optional<MailServer>>> mail_server(db::Database& database, const Sealer& sealer) {
    const auto query = [](soci::session& sql) {
        return db::value<std::string>(sql, "select value from instance where name = 'mail_server'");
    };
    const std::optional<std::string> sealed = co_await database.read(query);
    if (!sealed) co_return std::optional<MailServer>();
    const Result<std::string> text = sealer.open(context, *sealed);
    if (!text) co_return text.error();
    const Result<MailServer> server = json::parse_as<MailServer>(*text);
    if (!server) co_return server.error();
    co_return std::optional<MailServer>(*server);
}

Result<> check(const MailServer& server) {
    if (!is_host(server.host)) {
        return fail_as(Failure::invalid, "invalid_host", "/host",
                       "host: the name of a mail server");
    }
    if (server.port < 1 || server.port > 65535) {
        return fail_as(Failure::invalid, "out_of_range", "/port", "port: from 1 to 65535");
    }
    if (!is_mail_address(server.from)) {
        return fail_as(Failure::invalid, "invalid_address", "/from",
                       "from: an address that the server lets you send from");
    }
    if (server.username.size() > text_bytes_max || server.password.size() > text_bytes_max) {
        return fail_as(Failure::invalid, "too_long", "/username", "username: at most {} bytes",
                       text_bytes_max);
    }
    if (!server.username.empty() && server.security == MailSecurity::none) {
        return fail_as(Failure::invalid, "password_in_the_open", "/security",
                       "security: a password is sent over starttls or tls alone");
    }
    return {};
}

Task<> set_mail_server(db::Database& database, const Sealer& sealer,
                       std::optional<MailServer> server, accounts::AuditActor actor,
                       std::int64_t now_ms) {
    const auto work = [&](soci::session& sql) {
        db::execute(sql, "delete from instance where name = 'mail_server'");
        if (server) {
            db::execute(sql, "insert into instance (name, value) values ('mail_server', :sealed)",
                        sealer.seal(context, json::text(*server)));
        }
        accounts::write_audit(
            sql, now_ms, {actor, "mail_server_changed", "instance", server ? server->host : ""});
    };
    co_await database.write(work);
}

}  // namespace berth::notifications
