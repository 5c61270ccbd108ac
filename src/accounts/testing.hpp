#pragma once
/// For tests only: accounts over a database in memory, with cheap password hashes and a clock that
/// stands still.

#include <memory>

#include "accounts/accounts.hpp"
#include "db/database.hpp"

namespace berth::accounts {

struct TestAccounts {
    TestAccounts() {
        database.migrate();
        make();
    }

    /// As after a restart.
    void make() {
        constexpr PasswordCost cheap{.passes = 1, .memory_bytes = 8192};
        const Clock clock = [this] { return now; };
        accounts = std::make_unique<Accounts>(
            database, clock, wait(ensure_instance_secrets(database, sealer)), cheap);
    }

    std::int64_t now = 1'800'000'000'000;
    db::Database database{"sqlite::memory:"};
    Sealer sealer{std::string(32, 'k')};
    std::unique_ptr<Accounts> accounts{};
};

}  // namespace berth::accounts
