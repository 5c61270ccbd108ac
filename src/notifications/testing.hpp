#pragma once
/// For tests only: a database with a team, a project and deployments of it.

#include "db/database.hpp"
#include "db/records.hpp"
#include "notifications/channel_store.hpp"

namespace berth::notifications {

struct TestChannels {
    TestChannels() {
        database.migrate();
        write(
            "insert into teams (id, slug, name, created_at_ms) values ('tea_1', 'crew', 'Crew', "
            "1)");
        write(
            "insert into teams (id, slug, name, created_at_ms) values ('tea_2', 'away', 'Away', "
            "1)");
        write(
            "insert into projects (id, team, name, repo_url, branch, created_at_ms) values "
            "('prj_1', 'tea_1', 'shop', 'x', 'main', 1)");
        write(
            "insert into projects (id, team, name, repo_url, branch, created_at_ms) values "
            "('prj_2', 'tea_2', 'blog', 'x', 'main', 1)");
    }

    void write(const std::string& text) {
        const auto work = [&](soci::session& sql) { db::execute(sql, text); };
        wait(database.write(work));
    }

    /// A deployment of `project` that ended so.
    std::string ended(const std::string& state, const std::string& project = "prj_1",
                      const std::string& ref = "main") {
        const std::string number = std::to_string(++deployments);
        write(
            "insert into deployments (id, project, intent, state, environment, ref, \"commit\", "
            "message, \"trigger\", created_at_ms) values ('dpl_" +
            number + "', '" + project + "', " + number + ", '" + state + "', 'production', '" +
            ref + "', 'abcdef0123', 'Subject" + number + "', 'push', 1)");
        write("insert into deployment_events (id, deployment, at_ms, state) values (" + number +
              ", 'dpl_" + number + "', 5, '" + state + "')");
        return "dpl_" + number;
    }

    Channel add(ChannelKind kind, std::vector<Event> events, ChannelConfig config,
                std::optional<std::string> project = std::nullopt) {
        NewChannel wanted{.team = "tea_1",
                          .project = std::move(project),
                          .kind = kind,
                          .name = "c",
                          .events = std::move(events),
                          .config = std::move(config)};
        return wait(channels.add(std::move(wanted), "ann@example.com")).value().channel;
    }

    /// "event title" of all that a channel was or will be told, oldest first.
    std::vector<std::string> told(const Channel& channel) {
        std::vector<std::string> lines;
        for (const Notification& one : wait(channels.notifications("tea_1", channel.id)).value()) {
            lines.insert(lines.begin(),
                         boost::describe::enum_to_string(one.event, "") + (" " + one.title));
        }
        return lines;
    }

    std::int64_t now = 1'800'000'000'000;
    int deployments = 0;
    db::Database database{"sqlite::memory:"};
    Sealer sealer{std::string(32, 'k')};
    ChannelStore channels{database, sealer, [this] { return now; }};
};

}  // namespace berth::notifications
