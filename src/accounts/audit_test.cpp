// The chain of the audit log: every way to tamper with its rows, and what is left of an old log.
#include "accounts/audit.hpp"

#include <gtest/gtest.h>

#include "accounts/testing.hpp"
#include "db/records.hpp"

namespace berth::accounts {
namespace {

class AuditTest : public testing::Test, protected TestAccounts {
protected:
    void SetUp() override {
        for (int i = 0; i < 5; ++i)
            write({"ann@example.com", "192.0.2.1", ""}, "project_changed", "prj_x");
    }

    void write(const AuditActor& actor, const std::string& action, const std::string& target) {
        const auto work = [&](soci::session& sql) {
            write_audit(sql, now, {actor, action, target, "what"});
        };
        wait(database.write(work));
    }
    void tamper(const std::string& statement) {
        const auto work = [&](soci::session& sql) { db::execute(sql, statement); };
        wait(database.write(work));
    }
    AuditVerdict check() { return wait(accounts->audit.check()); }
    std::string verdict() {
        const AuditVerdict now = check();
        return now.intact ? "intact" : fmt::format("{} {}", *now.at, now.fault);
    }
    std::vector<AuditRow> rows(const AuditFilter& filter = {}) {
        return wait(accounts->audit.newest(filter, 0, 100));
    }
};

TEST_F(AuditTest, rows_follow_one_another_and_name_the_one_before) {
    const std::vector<AuditRow> all = rows();
    ASSERT_EQ(all.size(), 5U);
    EXPECT_EQ(all.back().previous_hash, "");
    for (std::size_t i = 0; i + 1 < all.size(); ++i) {
        EXPECT_EQ(all[i].id, all[i + 1].id + 1);
        EXPECT_EQ(all[i].previous_hash, all[i + 1].hash);
    }
    EXPECT_EQ(all.front().address, "192.0.2.1");
    const AuditVerdict found = check();
    EXPECT_TRUE(found.intact);
    EXPECT_EQ(found.rows, 5);
    EXPECT_EQ(found.first_id, 1);
    EXPECT_EQ(found.last_id, 5);
    EXPECT_EQ(found.last_hash, all.front().hash);
}

// What docs/audit.md tells people who check an export with a program of their own.
TEST_F(AuditTest, the_hash_is_that_of_a_json_list) {
    const AuditRow row{.id = 7,
                       .at_ms = 1'800'000'000'000,
                       .actor = "ann@example.com",
                       .address = "192.0.2.1",
                       .action = "token_created",
                       .target = "tok_1",
                       .detail = "\"ci\"",
                       .previous_hash = "ab"};
    EXPECT_EQ(hash_of(row),
              sha256_hex(R"([7,1800000000000,"ann@example.com","192.0.2.1","","token_created",)"
                         R"("tok_1","","","\"ci\"","ab"])"));
}

TEST_F(AuditTest, every_field_that_is_changed_is_found) {
    for (const char* field :
         {"actor", "address", "token", "action", "target", "project", "team", "detail"}) {
        const std::string name(field);
        const auto before = [&](soci::session& sql) {
            return db::value<std::string>(sql, "select " + name + " from audit where id = 3")
                .value();
        };
        const std::string was = wait(database.read(before));
        tamper("update audit set " + name + " = 'x' where id = 3");
        EXPECT_EQ(verdict(), "3 changed") << field;
        tamper("update audit set " + name + " = '" + was + "' where id = 3");
        EXPECT_EQ(verdict(), "intact") << field;
    }
    tamper("update audit set at_ms = at_ms + 1 where id = 4");
    EXPECT_EQ(verdict(), "4 changed");
}

TEST_F(AuditTest, a_row_that_was_removed_is_found_wherever_it_stood) {
    tamper("delete from audit where id = 3");
    EXPECT_EQ(verdict(), "3 missing");
}

TEST_F(AuditTest, the_first_row_may_not_be_missing) {
    tamper("delete from audit where id = 1");
    EXPECT_EQ(verdict(), "1 missing");
}

TEST_F(AuditTest, the_last_row_may_not_be_missing) {
    tamper("delete from audit where id = 5");
    EXPECT_EQ(verdict(), "5 missing");
}

TEST_F(AuditTest, all_rows_may_not_be_missing) {
    tamper("delete from audit");
    EXPECT_EQ(verdict(), "1 missing");
}

TEST_F(AuditTest, rows_that_changed_places_are_found) {
    tamper("update audit set id = 100 where id = 2");
    tamper("update audit set id = 2 where id = 3");
    tamper("update audit set id = 3 where id = 100");
    EXPECT_EQ(verdict(), "2 changed");
}

TEST_F(AuditTest, a_row_with_a_hash_of_its_own_does_not_fit_the_next_one) {
    AuditRow forged = rows().at(2);
    forged.actor = "mallory@example.com";
    tamper("update audit set actor = '" + forged.actor + "', hash = '" + hash_of(forged) +
           "' where id = 3");
    EXPECT_EQ(verdict(), "4 misplaced");
}

TEST_F(AuditTest, a_row_that_was_added_behind_the_last_is_found) {
    AuditRow added = rows().front();
    added.previous_hash = added.hash;
    added.id = 6;
    const auto work = [&](soci::session& sql) {
        added.hash = hash_of(added);
        db::insert(sql, "audit", added);
    };
    wait(database.write(work));
    EXPECT_EQ(verdict(), "6 misplaced");
}

TEST_F(AuditTest, a_chain_that_is_written_anew_has_another_last_hash) {
    const std::string noted = check().last_hash;
    tamper("update audit set actor = 'mallory@example.com' where id = 2");
    tamper("update audit set hash = '', previous_hash = ''");
    tamper("update audit_chain set last_hash = ''");
    write("ann@example.com", "project_changed", "prj_x");  // chains it again
    EXPECT_EQ(verdict(), "intact");
    const auto with_noted = [&](const AuditRow& row) { return row.hash == noted; };
    EXPECT_FALSE(std::ranges::any_of(rows(), with_noted));
}

TEST_F(AuditTest, writers_at_once_make_one_chain) {
    asio::io_context loop;
    for (int i = 0; i < 50; ++i) {
        spawn(loop.get_executor(), accounts->audit.note("ann", "sign_in_failed", ""), "a note");
    }
    loop.run();
    EXPECT_EQ(check().rows, 55);
    EXPECT_EQ(verdict(), "intact");
}

TEST_F(AuditTest, what_is_undone_leaves_no_gap) {
    const auto breaks = [&](soci::session& sql) {
        write_audit(sql, now, {"", "lost", "", ""});
        throw std::runtime_error("undone");
    };
    EXPECT_THROW(wait(database.write(breaks)), std::runtime_error);
    write("ann@example.com", "project_changed", "prj_x");
    EXPECT_EQ(verdict(), "intact");
    EXPECT_EQ(check().rows, 6);
}

TEST_F(AuditTest, rows_of_an_earlier_berth_are_chained_with_the_next_one) {
    tamper("delete from audit");
    tamper("update audit_chain set last_id = 0, last_hash = ''");
    for (const char* id : {"1", "2", "3"}) {
        tamper(std::string("insert into audit (id, at_ms, actor, action, target) values (") + id +
               ", 5, 'old', 'user_created', 'usr_x')");
    }
    write("ann@example.com", "project_changed", "prj_x");
    EXPECT_EQ(verdict(), "intact");
    EXPECT_EQ(check().rows, 4);
    tamper("update audit set actor = 'x' where id = 1");
    EXPECT_EQ(verdict(), "1 changed");
}

TEST_F(AuditTest, old_rows_go_and_the_rest_still_checks) {
    EXPECT_EQ(wait(accounts->audit.shorten(30)), 0);
    now += 40ll * 24 * 3600 * 1000;
    write("ann@example.com", "project_changed", "prj_x");
    EXPECT_EQ(wait(accounts->audit.shorten(30)), 5);
    EXPECT_EQ(verdict(), "intact");
    const AuditVerdict found = check();
    EXPECT_EQ(found.first_id, 6);
    EXPECT_EQ(rows().front().action, "audit_shortened");
    EXPECT_TRUE(rows().front().detail.starts_with("rows up to 5, the last of hash "));
    EXPECT_EQ(wait(accounts->audit.shorten(30)), 0);
    // The first of those that are left is held to the last that went.
    tamper("delete from audit where id = 6");
    EXPECT_EQ(verdict(), "6 missing");
}

TEST_F(AuditTest, the_last_row_always_stays) {
    now += 400ll * 24 * 3600 * 1000;
    EXPECT_EQ(wait(accounts->audit.shorten(30)), 4);
    EXPECT_EQ(verdict(), "intact");
    EXPECT_EQ(rows().back().id, 5);
}

TEST_F(AuditTest, search_holds_a_row_to_all_that_is_given) {
    now += 1000;
    write({"bob@example.com", "192.0.2.2", "tok_1"}, "token_created", "tok_2");
    EXPECT_EQ(rows({.actor = "bob@example.com"}).size(), 1U);
    EXPECT_EQ(rows({.action = "project_changed"}).size(), 5U);
    EXPECT_EQ(rows({.actor = "bob@example.com", .action = "project_changed"}).size(), 0U);
    EXPECT_EQ(rows({.project = "prj_x"}).size(), 5U);
    EXPECT_EQ(rows({.since_ms = now}).size(), 1U);
    EXPECT_EQ(rows({.until_ms = now}).size(), 5U);
    EXPECT_EQ(rows({.actor = "' or 1=1 --"}).size(), 0U);
    const std::vector<AuditRow> page = wait(accounts->audit.newest({}, 5, 2));
    ASSERT_EQ(page.size(), 2U);
    EXPECT_EQ(page.front().id, 4);
    EXPECT_EQ(wait(accounts->audit.oldest({}, 4, 10)).front().id, 5);
}

TEST_F(AuditTest, a_team_and_a_project_are_found_by_the_target) {
    const User ann = wait(accounts->users.add_first("ann@example.com", "correct horse")).value();
    const Team crew = wait(accounts->teams.add({.slug = "crew"}, ann)).value();
    const std::vector<AuditRow> found = rows({.team = crew.id});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.front().action, "team_created");
}

TEST_F(AuditTest, failed_sign_ins_are_kept_without_what_was_typed) {
    const User ann = wait(accounts->users.add_first("ann@example.com", "correct horse")).value();
    (void)wait(accounts->sign_in("ann@example.com", "wrong horse", "192.0.2.7"));
    (void)wait(accounts->sign_in("secret@typed-into-the-wrong.field", "x", "192.0.2.7"));
    const std::vector<AuditRow> failed = rows({.action = "sign_in_failed"});
    ASSERT_EQ(failed.size(), 2U);
    EXPECT_EQ(failed[1].actor, "ann@example.com");
    EXPECT_EQ(failed[1].address, "192.0.2.7");
    EXPECT_EQ(failed[0].actor, "");
    EXPECT_EQ(failed[0].detail, "no such account");
}

}  // namespace
}  // namespace berth::accounts
