#include "accounts/user_rows.hpp"

#include "db/records.hpp"

namespace berth::accounts {

User view_of(const UserRow& row) {
    return {.id = row.id,
            .email = row.email,
            .role = row.role,
            .created_at_ms = row.created_at_ms,
            .disabled = row.disabled,
            .must_change_password = row.must_change_password};
}

bool email_exists(soci::session& sql, const std::string& email) {
    return db::value<std::int64_t>(sql, "select count(*) from users where email = :email", email)
               .value_or(0) > 0;
}

Result<> add_user_row(soci::session& sql, const UserRow& row) {
    if (email_exists(sql, row.email)) {
        return fail_as(Failure::conflict, "email_taken", "/email", "{} has an account already",
                       row.email);
    }
    db::insert(sql, "users", row);
    return {};
}

}  // namespace berth::accounts
