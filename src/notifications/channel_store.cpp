#include "notifications/channel_store.hpp"

#include <array>

#include "accounts/audit.hpp"
#include "base/id.hpp"
#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::notifications {

struct ChannelRow {
    std::string id{};
    std::string sealed_config{};
};
BOOST_DESCRIBE_STRUCT(ChannelRow, (), (id, sealed_config))

struct DueRow {
    std::string id{};
    std::string channel{};
    std::string message{};
    std::int64_t attempts = 0;
};
BOOST_DESCRIBE_STRUCT(DueRow, (), (id, channel, message, attempts))

namespace {

constexpr std::size_t name_bytes_max = 100;
constexpr std::size_t error_bytes_max = 300;

Error not_found() {
    return fail(Failure::not_found, "no such channel");
}

std::string context_of(const std::string& id) {
    return "channel/" + id;
}

std::string sealed(const Sealer& sealer, const std::string& id, const ChannelConfig& config) {
    return sealer.seal(context_of(id), json::text(config));
}

std::optional<Channel> channel_of(soci::session& sql, const std::string& team,
                                  const std::string& id) {
    return db::select_one<Channel>(
        sql, "from notification_channels where id = :id and team = :team", id, team);
}

Result<ChannelConfig> config_of(soci::session& sql, const Sealer& sealer, const std::string& id) {
    const auto row =
        db::select_one<ChannelRow>(sql, "from notification_channels where id = :id", id);
    if (!row) return not_found();
    const Result<std::string> text = sealer.open(context_of(id), row->sealed_config);
    if (!text) return text.error();
    return json::parse_as<ChannelConfig>(*text);
}

Result<> check_text(const std::string& name, const std::vector<Event>& events) {
    if (name.empty() || name.size() > name_bytes_max) {
        return fail_as(Failure::invalid, "invalid_name", "/name", "name: 1 to {} bytes",
                       name_bytes_max);
    }
    if (events.empty() || std::ranges::count(events, Event::test) > 0) {
        return fail_as(Failure::invalid, "invalid_events", "/events",
                       "events: one at least, of those that happen by themselves");
    }
    return {};
}

void audit(soci::session& sql, std::int64_t now_ms, const accounts::AuditActor& actor,
           const char* action, const Channel& channel) {
    accounts::write_audit(sql, now_ms, {actor, action, channel.id, channel.name});
}

}  // namespace

std::string enqueue(soci::session& sql, const std::string& channel, const Message& message,
                    std::int64_t now_ms) {
    const std::string id = new_id("not");
    db::execute(sql,
                "insert into notifications (id, channel, event, title, message, state, attempts, "
                "next_at_ms, error, created_at_ms) values (:id, :channel, :event, :title, "
                ":message, 'waiting', 0, :now, '', :now2)",
                id, channel, message.event, message.title, json::text(message), now_ms, now_ms);
    db::execute(sql,
                "delete from notifications where channel = :channel and id not in (select id from "
                "notifications where channel = :same order by id desc limit :kept)",
                channel, channel, ChannelStore::kept_max);
    return id;
}

std::optional<std::int64_t> retry_delay_ms(std::int64_t attempts, double random) {
    constexpr std::int64_t minute = 60'000, hour = 60 * minute;
    constexpr std::array delays = {std::int64_t{5'000}, 5 * minute, 30 * minute, 2 * hour, 5 * hour,
                                   10 * hour,           14 * hour,  20 * hour,   24 * hour};
    if (attempts < 1 || std::cmp_greater(attempts, delays.size())) return std::nullopt;
    const auto delay = static_cast<double>(delays[static_cast<std::size_t>(attempts - 1)]);
    return static_cast<std::int64_t>(delay * (0.9 + 0.2 * random));
}

Task<Result<AddedChannel>> ChannelStore::add(NewChannel wanted, accounts::AuditActor actor) {
    const Result<> words = check_text(wanted.name, wanted.events);
    if (!words) co_return words.error();
    const Result<> fits = check(wanted.kind, wanted.config);
    if (!fits) co_return fits.error();
    const std::int64_t now = now_ms_();
    Channel channel;
    channel.id = new_id("ntf");
    channel.team = wanted.team;
    channel.project = wanted.project;
    channel.kind = wanted.kind;
    channel.name = wanted.name;
    channel.target = target_of(wanted.kind, wanted.config);
    channel.events = wanted.events;
    channel.created_at_ms = now;
    const auto work = [&](soci::session& sql) -> Result<AddedChannel> {
        const auto count = db::value<std::int64_t>(
            sql, "select count(*) from notification_channels where team = :team", channel.team);
        if (std::cmp_greater_equal(count.value_or(0), channels_max)) {
            return fail_as(Failure::conflict, "too_many_channels", "",
                           "a team has at most {} channels", channels_max);
        }
        if (channel.project) {
            const auto owner = db::value<std::string>(
                sql, "select team from projects where id = :id and deleted_at_ms is null",
                *channel.project);
            if (owner != channel.team) {
                return fail_as(Failure::not_found, "project_not_found", "/project",
                               "project: none of the team's");
            }
        }
        db::insert(sql, "notification_channels", channel);
        db::execute(sql, "update notification_channels set sealed_config = :sealed where id = :id",
                    sealed(sealer_, channel.id, wanted.config), channel.id);
        audit(sql, now, actor, "channel_added", channel);
        return AddedChannel{channel, wanted.config.secret};
    };
    co_return co_await database_.write(work);
}

Task<std::vector<Channel>> ChannelStore::list(std::string team) {
    const auto query = [&](soci::session& sql) {
        return db::select<Channel>(sql, "from notification_channels where team = :team order by id",
                                   team);
    };
    co_return co_await database_.read(query);
}

Task<Result<Channel>> ChannelStore::find(std::string team, std::string id) {
    const auto query = [&](soci::session& sql) { return channel_of(sql, team, id); };
    const std::optional<Channel> found = co_await database_.read(query);
    if (!found) co_return not_found();
    co_return *found;
}

Task<Result<Channel>> ChannelStore::change(std::string team, std::string id, std::int64_t version,
                                           ChannelChange change, accounts::AuditActor actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<Channel> {
        std::optional<Channel> channel = channel_of(sql, team, id);
        if (!channel) return not_found();
        if (channel->version != version) {
            return fail_as(Failure::precondition, "precondition_failed", "",
                           "it was changed by somebody else in the meantime");
        }
        if (change.name) channel->name = *change.name;
        if (change.events) channel->events = *change.events;
        if (change.enabled) channel->enabled = *change.enabled;
        const Result<> words = check_text(channel->name, channel->events);
        if (!words) return words.error();
        if (change.config) {
            const Result<> fits = check(channel->kind, *change.config);
            if (!fits) return fits.error();
            channel->target = target_of(channel->kind, *change.config);
            db::execute(sql,
                        "update notification_channels set sealed_config = :sealed where id = :id",
                        sealed(sealer_, id, *change.config), id);
        }
        channel->version = version + 1;
        db::execute(sql,
                    "update notification_channels set name = :name, events = :events, enabled = "
                    ":enabled, target = :target, version = :version where id = :id",
                    channel->name, channel->events, channel->enabled, channel->target,
                    channel->version, id);
        audit(sql, now, actor, "channel_changed", *channel);
        return *channel;
    };
    co_return co_await database_.write(work);
}

Task<Result<>> ChannelStore::remove(std::string team, std::string id, accounts::AuditActor actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<> {
        const std::optional<Channel> channel = channel_of(sql, team, id);
        if (!channel) return not_found();
        audit(sql, now, actor, "channel_removed", *channel);
        db::execute(sql, "delete from notifications where channel = :id", id);
        db::execute(sql, "delete from notification_channels where id = :id", id);
        return {};
    };
    co_return co_await database_.write(work);
}

Task<Result<std::vector<Notification>>> ChannelStore::notifications(std::string team,
                                                                    std::string id) {
    const auto query = [&](soci::session& sql) -> Result<std::vector<Notification>> {
        if (!channel_of(sql, team, id)) return not_found();
        return db::select<Notification>(
            sql, "from notifications where channel = :id order by id desc limit :kept", id,
            kept_max);
    };
    co_return co_await database_.read(query);
}

Task<Result<Notification>> ChannelStore::redeliver(std::string team, std::string id,
                                                   std::string notification) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<Notification> {
        if (!channel_of(sql, team, id)) return not_found();
        const long long changed = db::execute(
            sql,
            "update notifications set state = 'waiting', attempts = 0, next_at_ms = :now where id "
            "= :id and channel = :channel and state <> 'waiting'",
            now, notification, id);
        const auto found = db::select_one<Notification>(
            sql, "from notifications where id = :id and channel = :channel", notification, id);
        if (!found) return fail(Failure::not_found, "no such notification");
        // One that waits already is only brought forward.
        if (changed == 0) {
            db::execute(sql, "update notifications set next_at_ms = :now where id = :id", now,
                        notification);
        }
        return *db::select_one<Notification>(sql, "from notifications where id = :id",
                                             notification);
    };
    co_return co_await database_.write(work);
}

Task<Result<std::string>> ChannelStore::add_test(std::string team, std::string id,
                                                 std::string dashboard) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<std::string> {
        const std::optional<Channel> channel = channel_of(sql, team, id);
        if (!channel) return not_found();
        Message message;
        message.event = Event::test;
        message.title = "Berth: a test of " + channel->name;
        message.text = "What you asked to hear of will come here.";
        message.link = dashboard;
        message.at_ms = now;
        return enqueue(sql, id, message, now);
    };
    co_return co_await database_.write(work);
}

Task<Result<Notification>> ChannelStore::notification(std::string id) {
    const auto query = [&](soci::session& sql) {
        return db::select_one<Notification>(sql, "from notifications where id = :id", id);
    };
    const std::optional<Notification> found = co_await database_.read(query);
    if (!found) co_return fail(Failure::not_found, "no such notification");
    co_return *found;
}

Task<std::vector<Due>> ChannelStore::take_due(std::int64_t max) {
    const std::int64_t now = now_ms_();
    const auto look = [&](soci::session& sql) {
        return db::value<std::int64_t>(sql,
                                       "select count(*) from notifications where state = "
                                       "'waiting' and next_at_ms <= :now",
                                       now)
            .value_or(0);
    };
    if (co_await database_.read(look) == 0) co_return std::vector<Due>{};
    const auto work = [&](soci::session& sql) {
        std::vector<Due> taken;
        const auto rows = db::select<DueRow>(
            sql,
            "from notifications where state = 'waiting' and next_at_ms <= :now order by "
            "next_at_ms limit :max",
            now, max);
        for (const DueRow& row : rows) {
            db::execute(sql,
                        "update notifications set attempts = attempts + 1, next_at_ms = :until "
                        "where id = :id",
                        now + lease_ms, row.id);
            const auto channel = db::select_one<Channel>(
                sql, "from notification_channels where id = :id", row.channel);
            const Result<ChannelConfig> config = config_of(sql, sealer_, row.channel);
            const auto message = json::parse_as<Message>(row.message);
            const bool test = message && message->event == Event::test;
            if (!channel || !config || !message || (!channel->enabled && !test)) {
                db::execute(sql,
                            "update notifications set state = 'failed', next_at_ms = null, error = "
                            ":why where id = :id",
                            std::string(channel && config && message ? "the channel is switched off"
                                                                     : "it cannot be read"),
                            row.id);
                continue;
            }
            taken.push_back({row.id, *channel, *config, *message, row.attempts + 1});
        }
        return taken;
    };
    co_return co_await database_.write(work);
}

Task<> ChannelStore::finish(std::string notification, Attempt attempt) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) {
        const auto row =
            db::select_one<DueRow>(sql, "from notifications where id = :id", notification);
        if (!row) return;
        if (attempt.arrived) {
            db::execute(sql,
                        "update notifications set state = 'sent', next_at_ms = null, error = '', "
                        "sent_at_ms = :now where id = :id",
                        now, row->id);
            db::execute(sql,
                        "update notification_channels set failures = 0, last_sent_ms = :now, "
                        "last_error = '', last_error_ms = null where id = :id",
                        now, row->channel);
            return;
        }
        const std::string why = attempt.error.substr(0, error_bytes_max);
        constexpr double resolution = 256;
        const double random = static_cast<unsigned char>(random_bytes(1)[0]) / resolution;
        std::optional<std::int64_t> delay = retry_delay_ms(row->attempts, random);
        if (attempt.gone) delay.reset();
        if (delay) {
            *delay = std::max(*delay, std::min(attempt.retry_after_ms, retry_after_max_ms));
        }
        const std::string state = delay ? "waiting" : "failed";
        const auto next = delay ? std::optional(now + *delay) : std::nullopt;
        db::execute(sql,
                    "update notifications set state = :state, next_at_ms = :next, error = :why "
                    "where id = :id",
                    state, next, why, row->id);
        db::execute(sql,
                    "update notification_channels set failures = failures + 1, last_error = :why, "
                    "last_error_ms = :now where id = :id",
                    why, now, row->channel);
        if (attempt.gone) {
            db::execute(sql,
                        "update notification_channels set enabled = 0, version = version + 1 "
                        "where id = :id",
                        row->channel);
        }
    };
    co_await database_.write(work);
}

}  // namespace berth::notifications
