#include "notifications/collect.hpp"

#include "db/database.hpp"
#include "db/records.hpp"
#include "notifications/channel_store.hpp"

namespace berth::notifications {

/// The end of a deployment.
struct EndRow {
    std::int64_t id = 0;
    std::string deployment{};
    std::int64_t at_ms = 0;
    std::string state{};
};
BOOST_DESCRIBE_STRUCT(EndRow, (), (id, deployment, at_ms, state))

/// A move of production by a person's word.
struct MoveRow {
    std::int64_t generation = 0;
    std::string deployment{};
    std::string kind{};
    std::string actor{};
    std::string reason{};
    std::int64_t at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(MoveRow, (), (generation, deployment, kind, actor, reason, at_ms))

/// What is said of a deployment.
struct StoryRow {
    std::string id{};
    std::string project{};
    std::string project_name{};
    std::string team{};
    std::string state{};
    std::string environment{};
    std::string ref{};
    std::string commit{};
    std::string message{};
    std::string actor{};
    std::string detail{};
    std::string first_error{};
    std::int64_t intent = 0;
};
BOOST_DESCRIBE_STRUCT(StoryRow, (),
                      (id, project, project_name, team, state, environment, ref, commit, message,
                       actor, detail, first_error, intent))

/// A stranger's request that waits, and of which nobody was told.
struct AskingRow {
    std::string project{};
    std::string project_name{};
    std::string team{};
    std::int64_t number = 0;
    std::string title{};
    std::string author{};
    std::string target{};
    std::string commit{};
};
BOOST_DESCRIBE_STRUCT(AskingRow, (),
                      (project, project_name, team, number, title, author, target, commit))

struct ListenerRow {
    std::string id{};
    std::vector<Event> events{};
};
BOOST_DESCRIBE_STRUCT(ListenerRow, (), (id, events))

namespace {

constexpr std::int64_t batch_max = 200;

std::int64_t cursor_of(soci::session& sql, const std::string& name) {
    return db::value<std::int64_t>(
               sql, "select position from notification_cursors where name = :name", name)
        .value_or(0);
}

void move_cursor(soci::session& sql, const std::string& name, std::int64_t position) {
    db::execute(sql, "update notification_cursors set position = :position where name = :name",
                position, name);
}

std::optional<StoryRow> story_of(soci::session& sql, const std::string& deployment) {
    return db::select_one<StoryRow>(
        sql,
        "from (select d.id as id, d.project as project, p.name as project_name, p.team as team, "
        "d.state as state, d.environment as environment, d.ref as ref, d.\"commit\" as \"commit\", "
        "d.message as message, d.actor as actor, d.detail as detail, d.first_error as "
        "first_error, d.intent as intent from deployments d join projects p on p.id = d.project "
        "where d.id = :id and p.deleted_at_ms is null) story",
        deployment);
}

/// How the deployment of the branch before this one ended: "ready", "failed", or "" for neither.
std::string end_before(soci::session& sql, const StoryRow& story) {
    return db::value<std::string>(
               sql,
               "select state from deployments where project = :project and ref = :ref and intent < "
               ":intent and state in ('ready', 'failed') order by intent desc limit 1",
               story.project, story.ref, story.intent)
        .value_or("");
}

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

Message message_of(soci::session& sql, const Addresses& addresses, const StoryRow& story,
                   Event event, std::int64_t at_ms) {
    Message message;
    message.event = event;
    message.link = fmt::format("{}/p/{}/d/{}", addresses.dashboard, story.project_name, story.id);
    message.project = story.project;
    message.project_name = story.project_name;
    message.deployment = story.id;
    message.state = story.state;
    message.environment = story.environment;
    message.ref = story.ref;
    message.commit = story.commit;
    message.at_ms = at_ms;
    const auto host = db::value<std::string>(
        sql,
        "select r.host from routes r join hosts h on h.host = r.host where r.deployment = :id "
        "order by case h.kind when 'production' then 0 when 'branch' then 1 else 2 end limit 1",
        story.id);
    if (host && addresses.url_of) message.url = addresses.url_of(*host);
    return message;
}

std::string commit_words(const StoryRow& story) {
    const std::string subject = first_line(story.message);
    if (story.commit.empty()) return story.ref;
    return fmt::format("{} at {}{}", story.ref, story.commit.substr(0, 7),
                       subject.empty() ? "" : ": " + subject);
}

/// Gives it to every channel of the team that listens for that event there.
void tell(soci::session& sql, const StoryRow& story, const Message& message, std::int64_t now_ms) {
    const auto listeners = db::select<ListenerRow>(
        sql,
        "from notification_channels where team = :team and enabled = 1 and (project is null or "
        "project = :project)",
        story.team, story.project);
    for (const ListenerRow& one : listeners) {
        if (std::ranges::count(one.events, message.event) == 0) continue;
        enqueue(sql, one.id, message, now_ms);
    }
}

void tell_end(soci::session& sql, const Addresses& addresses, const EndRow& end,
              std::int64_t now_ms) {
    const std::optional<StoryRow> story = story_of(sql, end.deployment);
    if (!story) return;
    const bool good = end.state == "ready";
    const std::string before = end_before(sql, *story);
    Message message =
        message_of(sql, addresses, *story,
                   good ? Event::deployment_ready : Event::deployment_failed, end.at_ms);
    message.text = commit_words(*story);
    // Of a good one: that its checks failed, and so it is not live.
    if (!story->detail.empty()) message.text += "\n" + story->detail;
    if (!good && !story->first_error.empty()) message.text += "\n" + story->first_error;
    if (good && !message.url.empty()) message.text += "\n" + message.url;
    message.title = fmt::format("{}: {} {}", story->project_name, story->environment,
                                good ? "is ready" : "failed");
    tell(sql, *story, message, now_ms);
    if (good && before == "failed") {
        message.event = Event::deployment_recovered;
        message.title = fmt::format("{}: {} works again", story->project_name, story->environment);
        tell(sql, *story, message, now_ms);
    } else if (!good && before == "ready") {
        message.event = Event::deployment_broke;
        message.title =
            fmt::format("{}: {} fails since this commit", story->project_name, story->environment);
        tell(sql, *story, message, now_ms);
    }
}

void tell_move(soci::session& sql, const Addresses& addresses, const MoveRow& move,
               std::int64_t now_ms) {
    const std::optional<StoryRow> story = story_of(sql, move.deployment);
    if (!story) return;
    Message message = message_of(sql, addresses, *story, Event::production_changed, move.at_ms);
    message.title = fmt::format("{}: production was {}", story->project_name,
                                move.kind == "roll_back" ? "rolled back" : "promoted");
    message.text = commit_words(*story);
    if (!move.actor.empty()) message.text += "\nby " + move.actor;
    if (!move.reason.empty()) message.text += "\n" + move.reason;
    tell(sql, *story, message, now_ms);
}

constexpr const char* asking_rows =
    "from (select r.project as project, p.name as project_name, p.team as team, r.number as "
    "number, r.title as title, r.author as author, r.target as target, r.\"commit\" as \"commit\" "
    "from git_requests r join projects p on p.id = r.project where r.approval = 'waiting' and "
    "r.state = 'open' and p.deleted_at_ms is null and not exists (select 1 from told_approvals t "
    "where t.project = r.project and t.number = r.number)) as asking";

void tell_asking(soci::session& sql, const Addresses& addresses, const AskingRow& asking,
                 std::int64_t now_ms) {
    Message message;
    message.event = Event::approval_wanted;
    message.title =
        fmt::format("{}: pull request {} waits for your word", asking.project_name, asking.number);
    message.text = fmt::format(
        "{}\nby {}, from a fork, to {}: nothing of it is built before "
        "somebody approves it",
        first_line(asking.title), asking.author, asking.target);
    message.link = fmt::format("{}/p/{}/settings", addresses.dashboard, asking.project_name);
    message.project = asking.project;
    message.project_name = asking.project_name;
    message.commit = asking.commit;
    message.at_ms = now_ms;
    const StoryRow where{.project = asking.project, .team = asking.team};
    tell(sql, where, message, now_ms);
    db::execute(sql, "insert into told_approvals (project, number) values (:project, :number)",
                asking.project, asking.number);
}

}  // namespace

Task<std::int64_t> collect(db::Database& database, const Addresses& addresses,
                           std::int64_t now_ms) {
    const auto look = [](soci::session& sql) {
        const auto newest = [&](const char* query) {
            return db::value<std::int64_t>(sql, query).value_or(0);
        };
        return newest("select max(id) from deployment_events") > cursor_of(sql, "deployments") ||
               newest("select max(generation) from promotions") > cursor_of(sql, "promotions") ||
               newest((std::string("select count(*) ") + asking_rows).c_str()) > 0;
    };
    if (!co_await database.read(look)) co_return 0;
    const auto work = [&](soci::session& sql) {
        const auto ends = db::select<EndRow>(
            sql, "from deployment_events where id > :from order by id limit :max",
            cursor_of(sql, "deployments"), batch_max);
        for (const EndRow& end : ends) {
            if (end.state == "ready" || end.state == "failed") {
                tell_end(sql, addresses, end, now_ms);
            }
        }
        if (!ends.empty()) move_cursor(sql, "deployments", ends.back().id);
        const auto moves = db::select<MoveRow>(
            sql, "from promotions where generation > :from order by generation limit :max",
            cursor_of(sql, "promotions"), batch_max);
        for (const MoveRow& move : moves) {
            if (move.kind != "deploy") tell_move(sql, addresses, move, now_ms);
        }
        if (!moves.empty()) move_cursor(sql, "promotions", moves.back().generation);
        const auto asking = db::select<AskingRow>(
            sql, std::string(asking_rows) + " order by project, number limit :max", batch_max);
        for (const AskingRow& one : asking)
            tell_asking(sql, addresses, one, now_ms);
        return static_cast<std::int64_t>(ends.size() + moves.size() + asking.size());
    };
    co_return co_await database.write(work);
}

}  // namespace berth::notifications
