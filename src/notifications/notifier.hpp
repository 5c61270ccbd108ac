#pragma once
/// Sends what waits: collects what happened, takes what is due and brings it out, a few at a time,
/// so that a channel that does not answer holds up nobody.

#include "notifications/carrier.hpp"
#include "notifications/channel_store.hpp"
#include "notifications/collect.hpp"

namespace berth::notifications {

class Notifier {
public:
    static constexpr std::int64_t at_once_max = 8;

    /// All must outlive this. `telegram`: where its bots are spoken to.
    Notifier(db::Database& database, const Sealer& sealer, ChannelStore& channels, Carrier& carrier,
             Addresses addresses, Clock now_ms, std::string telegram = telegram_base);

    /// Looks once a second. Until canceled.
    Task<> run();

    /// One look: what happened is queued, what is due is sent to its end.
    Task<> turn();

private:
    Task<> send(Due due);
    Task<Result<Answer>> carry(const Due& due);

    db::Database& database_;
    const Sealer& sealer_;
    ChannelStore& channels_;
    Carrier& carrier_;
    Addresses addresses_;
    Clock now_ms_;
    std::string telegram_;
    std::int64_t under_way_ = 0;
};

}  // namespace berth::notifications
