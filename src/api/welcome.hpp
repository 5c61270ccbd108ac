#pragma once
/// A stream goes on long after the request that opened it was admitted. This asks again, now and
/// then, whether its reader may still have it.

#include "api/caller.hpp"
#include "api/services.hpp"

namespace berth::api {

class Welcome {
public:
    /// `project`: whose team the reader has to be in, by id, or "". `services` must outlive this.
    Welcome(Services& services, Caller caller, std::string project);

    /// Whether the session or token holds and the membership is there. Looks at the database every
    /// 10 s at most; once it was false it stays so.
    Task<bool> holds();

private:
    Task<bool> look();

    Services& services_;
    Caller caller_;
    std::string project_;
    std::int64_t looked_at_ms_;
    bool holds_ = true;
};

}  // namespace berth::api
