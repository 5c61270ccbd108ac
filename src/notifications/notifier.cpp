#include "notifications/notifier.hpp"

#include "base/log.hpp"
#include "notifications/mail_settings.hpp"

namespace berth::notifications {
namespace {

using namespace std::chrono_literals;

constexpr unsigned gone = 410;

/// SMTP's 2xx and HTTP's mean the same here.
Attempt attempt_of(const Result<Answer>& answer) {
    if (!answer) return {.error = answer.error().message};
    if (answer->status >= 200 && answer->status < 300) return {.arrived = true};
    return {.arrived = false,
            .gone = answer->status == gone,
            .error = fmt::format("it answered {}", answer->status),
            .retry_after_ms = answer->retry_after_s * 1000};
}

}  // namespace

Notifier::Notifier(db::Database& database, const Sealer& sealer, ChannelStore& channels,
                   Carrier& carrier, Addresses addresses, Clock now_ms, std::string telegram)
    : database_(database),
      sealer_(sealer),
      channels_(channels),
      carrier_(carrier),
      addresses_(std::move(addresses)),
      now_ms_(std::move(now_ms)),
      telegram_(std::move(telegram)) {}

Task<> Notifier::run() {
    while (true) {  // until canceled
        try {
            co_await turn();
        } catch (const std::runtime_error& broken) {
            log::error("notifications broke", {{"why", broken.what()}});
        }
        co_await sleep_for(1s);
    }
}

Task<> Notifier::turn() {
    const std::int64_t now = now_ms_();
    co_await collect(database_, addresses_, now);
    const auto here = co_await asio::this_coro::executor;
    const std::int64_t room = at_once_max - under_way_;
    if (room <= 0) co_return;
    std::vector<Due> taken = co_await channels_.take_due(room);
    for (Due& due : taken) {
        ++under_way_;
        spawn(here, send(std::move(due)), "notification");
    }
}

Task<> Notifier::send(Due due) {
    Attempt attempt{.error = "the sender broke; the operator has the details"};
    try {
        const Result<Answer> answer = co_await carry(due);
        attempt = attempt_of(answer);
    } catch (const std::exception& broken) {
        log::error("a notification broke", {{"notification", due.id}, {"why", broken.what()}});
    }
    if (!attempt.arrived) {
        log::warning("a notification did not arrive", {{"notification", due.id},
                                                       {"channel", due.channel.id},
                                                       {"attempt", due.attempts},
                                                       {"why", attempt.error}});
    }
    --under_way_;
    const std::string id = due.id;
    co_await channels_.finish(id, attempt);
}

Task<Result<Answer>> Notifier::carry(const Due& due) {
    const std::int64_t now = now_ms_();
    if (due.channel.kind != ChannelKind::email) {
        Post post = post_of(due.channel.kind, due.config, due.message, due.id, now, telegram_);
        co_return co_await carrier_.post(std::move(post));
    }
    const Result<std::optional<MailServer>> server = co_await mail_server(database_, sealer_);
    if (!server) co_return server.error();
    if (!*server) {
        co_return fail(Failure::unavailable,
                       "no mail server is set: an owner of this Berth does so in its settings");
    }
    std::string text = due.message.text;
    if (!due.message.link.empty()) text += "\n\n" + due.message.link;
    Mail mail = make_mail((**server).from, due.config.addresses, due.message.title, text + "\n",
                          due.id, now);
    MailServer to = **server;
    co_return co_await carrier_.mail(std::move(to), std::move(mail));
}

}  // namespace berth::notifications
