#include "accounts/audit_chain.hpp"

#include "accounts/audit.hpp"
#include "base/crypto.hpp"
#include "db/records.hpp"

namespace berth::accounts {

struct ChainEnds {
    std::int64_t last_id = 0;
    std::string last_hash{};
    std::int64_t anchor_id = 0;  // the last row that was taken off; 0: none was
    std::string anchor_hash{};
};
BOOST_DESCRIBE_STRUCT(ChainEnds, (), (last_id, last_hash, anchor_id, anchor_hash))

namespace {

constexpr std::int64_t rows_at_once = 1000;

std::vector<AuditRow> rows_after(soci::session& sql, std::int64_t id) {
    return db::select<AuditRow>(sql, "from audit where id > :id order by id limit :count", id,
                                rows_at_once);
}

ChainEnds ends_of(soci::session& sql) {
    return db::select_one<ChainEnds>(sql, "from audit_chain where name = 'audit'").value();
}

/// Chains what an earlier version of Berth wrote, which had no hashes.
ChainEnds adopt_history(soci::session& sql) {
    ChainEnds ends;
    while (true) {  // ends with the last row
        const std::vector<AuditRow> rows = rows_after(sql, ends.last_id);
        if (rows.empty()) break;
        if (ends.last_id == 0) ends.anchor_id = rows.front().id - 1;
        for (AuditRow row : rows) {
            row.previous_hash = ends.last_hash;
            row.hash = hash_of(row);
            db::execute(sql,
                        "update audit set previous_hash = :previous, hash = :hash where id = :id",
                        row.previous_hash, row.hash, row.id);
            ends.last_id = row.id;
            ends.last_hash = row.hash;
        }
    }
    db::execute(sql,
                "update audit_chain set last_id = :id, last_hash = :hash, anchor_id = :anchor "
                "where name = 'audit'",
                ends.last_id, ends.last_hash, ends.anchor_id);
    return ends;
}

/// What is wrong with a row that should come after `id` with that hash; "" when nothing is.
std::string fault_of(const AuditRow& row, std::int64_t id, const std::string& hash) {
    if (row.id != id + 1) return "missing";
    if (row.hash != hash_of(row)) return "changed";
    return row.previous_hash == hash ? "" : "misplaced";
}

}  // namespace

std::string hash_of(const AuditRow& row) {
    const boost::json::array fields{row.id,    row.at_ms,  row.actor,        row.address,
                                    row.token, row.action, row.target,       row.project,
                                    row.team,  row.detail, row.previous_hash};
    return sha256_hex(boost::json::serialize(fields));
}

void append_to_chain(soci::session& sql, AuditRow row) {
    // An update first, also where it changes nothing: it holds the row until the transaction ends.
    db::execute(sql, "update audit_chain set last_id = last_id where name = 'audit'");
    ChainEnds ends = ends_of(sql);
    if (ends.last_hash.empty()) ends = adopt_history(sql);
    row.id = ends.last_id + 1;
    row.previous_hash = ends.last_hash;
    row.hash = hash_of(row);
    db::insert(sql, "audit", row);
    db::execute(sql, "update audit_chain set last_id = :id, last_hash = :hash where name = 'audit'",
                row.id, row.hash);
}

AuditVerdict check_chain(soci::session& sql) {
    const soci::transaction at_one_moment(sql);
    const ChainEnds ends = ends_of(sql);
    AuditVerdict verdict{.last_id = ends.last_id, .last_hash = ends.last_hash};
    if (ends.last_id > ends.anchor_id) verdict.first_id = ends.anchor_id + 1;
    const auto at_fault = [&](std::int64_t id, std::string fault) {
        verdict.at = id;
        verdict.fault = std::move(fault);
        return verdict;
    };

    // A number below the first one is out of its place, too.
    const auto lowest = db::value<std::int64_t>(sql, "select min(id) from audit");
    if (lowest && *lowest <= ends.anchor_id) return at_fault(*lowest, "misplaced");
    std::int64_t id = ends.anchor_id;
    std::string hash = ends.anchor_hash;
    while (true) {  // ends with the last row
        const std::vector<AuditRow> rows = rows_after(sql, id);
        if (rows.empty()) break;
        for (const AuditRow& row : rows) {
            const std::string fault = fault_of(row, id, hash);
            if (!fault.empty()) return at_fault(id + 1, fault);
            id = row.id;
            hash = row.hash;
            ++verdict.rows;
        }
    }
    if (id < ends.last_id) return at_fault(id + 1, "missing");
    if (id > ends.last_id) return at_fault(ends.last_id + 1, "misplaced");
    if (hash != ends.last_hash) return at_fault(id, "changed");
    verdict.intact = true;
    return verdict;
}

std::int64_t shorten_chain(soci::session& sql, std::int64_t before_ms, std::int64_t now_ms) {
    const ChainEnds ends = ends_of(sql);
    const auto kept =
        db::value<std::int64_t>(sql, "select min(id) from audit where at_ms >= :before", before_ms);
    const std::int64_t up_to = kept.value_or(ends.last_id) - 1;
    const auto last = db::select_one<AuditRow>(sql, "from audit where id = :id", up_to);
    if (!last || last->hash.empty()) return 0;
    const long long gone = db::execute(sql, "delete from audit where id <= :id", up_to);
    db::execute(sql,
                "update audit_chain set anchor_id = :id, anchor_hash = :hash where name = 'audit'",
                last->id, last->hash);
    write_audit(sql, now_ms,
                {"", "audit_shortened", "",
                 fmt::format("rows up to {}, the last of hash {}", last->id, last->hash)});
    return gone;
}

}  // namespace berth::accounts
