#pragma once
/// Asks the responders that certificates name, and keeps what they say for stapling.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/task.hpp"
#include "http/certificates.hpp"
#include "http/client.hpp"

namespace berth::roles {

class Stapler {
public:
    /// `directory` is ours, made if missing: answers survive a restart there.
    Stapler(http::Client& client, std::string directory);

    /// The certificates from now on. A pair that came with an answer keeps it and is not asked for.
    void take(std::vector<http::CertificatePair> pairs);

    /// The same with the answers that hold now.
    const std::vector<http::CertificatePair>& pairs() const { return pairs_; }

    /// Asks for what is due, one after another, at most `questions_max` of them: an answer is asked
    /// for again when half of its time is over, a responder that fails after 5 minutes, then twice
    /// as long each time up to an hour. True: pairs() has changed.
    Task<bool> ask_due(std::int64_t now_ms);

    static constexpr std::size_t questions_max = 50;

private:
    struct Known {
        std::string staple{};  // base64url; "": none that holds
        std::int64_t until_ms = 0;
        std::int64_t ask_at_ms = 0;
        std::int64_t pause_ms = 0;
        bool used = true;
    };

    void restore(const http::CertificatePair& pair, Known& known, std::int64_t now_ms) const;
    void keep(const std::string& name, const std::string& bytes) const;
    Task<Result<std::string>> ask(const http::CertificatePair& pair);
    bool renew_pairs(std::int64_t now_ms);
    std::string path_of(const std::string& certificate) const;
    void forget_unused();

    http::Client& client_;
    std::string directory_;
    std::vector<http::CertificatePair> pairs_{};
    std::map<std::string, Known> known_{};  // by the certificate's SHA-256, those we ask for
    std::vector<std::string> names_{};      // of pairs_, ditto; "": not ours to ask for
};

}  // namespace berth::roles
