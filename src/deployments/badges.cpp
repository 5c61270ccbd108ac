#include "deployments/badges.hpp"

#include "base/crypto.hpp"
#include "db/database.hpp"
#include "db/records.hpp"
#include "deployments/deployment.hpp"
#include "deployments/rows.hpp"

namespace berth::deployments {

struct LastRow {
    jobs::State state{};
    std::int64_t checks_failed = 0;
};
BOOST_DESCRIBE_STRUCT(LastRow, (), (state, checks_failed))

namespace {

constexpr std::size_t key_bytes = 16;

struct Look {
    std::string_view word{};
    std::string_view colour{};  // at least 4.5 : 1 with white
};

Look look_of(BadgeState state) {
    switch (state) {
        case BadgeState::ready:
            return {"ready", "#1a7f37"};
        case BadgeState::checks_failed:
            return {"checks failed", "#b35900"};
        case BadgeState::failed:
            return {"failed", "#c1121f"};
        case BadgeState::building:
            return {"building", "#0550ae"};
        case BadgeState::none:
            return {"not deployed", "#57606a"};
    }
    return {};
}

/// In pixels, at 11 pixels of DejaVu Sans; a little is left over.
std::size_t width_of(std::string_view word) {
    return word.size() * 7 + 10;
}

BadgeState state_of(const LastRow& row) {
    if (!jobs::is_terminal(row.state)) return BadgeState::building;
    if (row.state != jobs::State::ready) return BadgeState::failed;
    return row.checks_failed > 0 ? BadgeState::checks_failed : BadgeState::ready;
}

}  // namespace

Task<std::optional<std::string>> Badges::key_of(std::string project) {
    const auto look = [&](soci::session& sql) {
        return db::value<std::string>(sql, "select key from badges where project = :project",
                                      project);
    };
    co_return co_await database_.read(look);
}

Task<std::string> Badges::turn_on(std::string project, accounts::AuditActor actor) {
    const std::int64_t now = clock_();
    const std::string key = "bdg_" + hex(random_bytes(key_bytes));
    const auto work = [&](soci::session& sql) {
        db::execute(sql,
                    "insert into badges (project, key) values (:project, :key) on conflict "
                    "(project) do update set key = excluded.key",
                    project, key);
        accounts::write_audit(sql, now, {actor, "badge_made", project, ""});
    };
    co_await database_.write(work);
    co_return key;
}

Task<> Badges::turn_off(std::string project, accounts::AuditActor actor) {
    const std::int64_t now = clock_();
    const auto work = [&](soci::session& sql) {
        const auto gone = db::execute(sql, "delete from badges where project = :project", project);
        if (gone > 0) accounts::write_audit(sql, now, {actor, "badge_removed", project, ""});
    };
    co_await database_.write(work);
}

Task<std::optional<BadgeState>> Badges::state(std::string key, std::string branch) {
    const auto look = [&](soci::session& sql) -> std::optional<BadgeState> {
        const auto id =
            db::value<std::string>(sql, "select project from badges where key = :key", key);
        const auto project = id ? find_project(sql, *id) : std::nullopt;
        if (!project) return std::nullopt;
        const std::string ref = branch.empty() ? project->branch : branch;
        // What was canceled, superseded or skipped says nothing of the branch.
        const auto last = db::select_one<LastRow>(
            sql,
            "from deployments where project = :project and ref = :ref and deleted_at_ms is null "
            "and fork = 0 and state not in ('canceled', 'superseded', 'skipped') "
            "order by intent desc limit 1",
            project->id, ref);
        return last ? state_of(*last) : BadgeState::none;
    };
    co_return co_await database_.read(look);
}

std::string badge_svg(BadgeState state) {
    const Look look = look_of(state);
    constexpr std::string_view label = "berth";
    const std::size_t left = width_of(label);
    const std::size_t right = width_of(look.word);
    return fmt::format(
        R"svg(<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="20" role="img" )svg"
        R"svg(aria-label="{1}: {2}"><title>{1}: {2}</title>)svg"
        R"svg(<clipPath id="r"><rect width="{0}" height="20" rx="3"/></clipPath>)svg"
        R"svg(<g clip-path="url(#r)"><rect width="{3}" height="20" fill="#3d444d"/>)svg"
        R"svg(<rect x="{3}" width="{4}" height="20" fill="{5}"/></g>)svg"
        R"svg(<g fill="#fff" text-anchor="middle" font-size="11" )svg"
        R"svg(font-family="Verdana,DejaVu Sans,sans-serif">)svg"
        R"svg(<text x="{6}" y="14">{1}</text><text x="{7}" y="14">{2}</text></g></svg>)svg",
        left + right, label, look.word, left, right, look.colour, left / 2, left + right / 2);
}

}  // namespace berth::deployments
