#include "roles/stapler.hpp"

#include <algorithm>
#include <filesystem>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "http/ocsp.hpp"

namespace berth::roles {

namespace fs = std::filesystem;

namespace {

using namespace std::chrono_literals;

constexpr std::size_t answer_bytes_max = 64 << 10;
constexpr auto answer_limit = 10s;
constexpr std::int64_t pause_min_ms = 5 * 60'000;
constexpr std::int64_t pause_max_ms = 60 * 60'000;
constexpr std::int64_t unsaid_ms = 24 * 60 * 60'000;  // how long an answer without an end holds

void schedule(const http::OcspAnswer& answer, std::int64_t now_ms, std::int64_t& until_ms,
              std::int64_t& ask_at_ms) {
    until_ms = answer.until_ms > 0 ? answer.until_ms : now_ms + unsaid_ms;
    const std::int64_t half = answer.since_ms + (until_ms - answer.since_ms) / 2;
    ask_at_ms = std::max(half, now_ms + pause_min_ms);
}

}  // namespace

Stapler::Stapler(http::Client& client, std::string directory)
    : client_(client), directory_(std::move(directory)) {
    fs::create_directories(directory_);
}

std::string Stapler::path_of(const std::string& certificate) const {
    return directory_ + "/" + certificate + ".der";
}

void Stapler::take(std::vector<http::CertificatePair> pairs) {
    pairs_ = std::move(pairs);
    names_.assign(pairs_.size(), "");
    for (auto& [name, known] : known_)
        known.used = false;
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        http::CertificatePair& pair = pairs_[i];
        if (!pair.staple.empty() || !http::ocsp_question(pair)) continue;
        names_[i] = sha256_hex(pair.chain);
        const auto [found, fresh] = known_.try_emplace(names_[i]);
        found->second.used = true;
        if (fresh) restore(pair, found->second, unix_now_ms());
        pair.staple = found->second.staple;
    }
    forget_unused();
}

void Stapler::restore(const http::CertificatePair& pair, Known& known, std::int64_t now_ms) const {
    const Result<std::string> bytes = read_file(path_of(sha256_hex(pair.chain)), answer_bytes_max);
    if (!bytes) return;
    const Result<http::OcspAnswer> answer = http::check_ocsp_answer(pair, *bytes);
    if (!answer) return;  // it is asked for now
    known.staple = base64url(*bytes);
    schedule(*answer, now_ms, known.until_ms, known.ask_at_ms);
}

void Stapler::forget_unused() {
    std::erase_if(known_, [](const auto& entry) { return !entry.second.used; });
    for (const fs::directory_entry& entry : fs::directory_iterator(directory_)) {
        if (!known_.contains(entry.path().stem())) fs::remove(entry.path());
    }
}

void Stapler::keep(const std::string& name, const std::string& bytes) const {
    try {
        write_file(path_of(name), bytes, 0600);
    } catch (const std::exception& broken) {  // it is asked for again after a restart
        log::warning("answer for stapling not kept", {{"why", broken.what()}});
    }
}

/// Errors: those of the client; invalid — not an answer that may be stapled.
Task<Result<std::string>> Stapler::ask(const http::CertificatePair& pair) {
    const auto question = http::ocsp_question(pair);
    if (!question) co_return fail(Failure::invalid, "the certificate names no responder");
    http::Call call{.verb = "POST",
                    .url = question->responder,
                    .body = question->request,
                    .limit = answer_limit,
                    .reply_bytes_max = answer_bytes_max};
    call.headers.set("content-type", "application/ocsp-request");
    call.headers.set("accept", "application/ocsp-response");
    const Result<http::Reply> reply = co_await client_.send(std::move(call));
    if (!reply) co_return reply.error();
    if (reply->status != 200)
        co_return fail(Failure::unavailable, "the responder answers {}", reply->status);
    if (const auto holds = http::check_ocsp_answer(pair, reply->body); !holds)
        co_return holds.error();
    co_return reply->body;
}

/// What is known now goes to the pairs; an answer that is too old is worse than none. True: they
/// changed.
bool Stapler::renew_pairs(std::int64_t now_ms) {
    bool changed = false;
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        const auto found = known_.find(names_[i]);
        if (found == known_.end()) continue;
        Known& known = found->second;
        if (!known.staple.empty() && known.until_ms <= now_ms) known.staple.clear();
        if (pairs_[i].staple == known.staple) continue;
        pairs_[i].staple = known.staple;
        changed = true;
    }
    return changed;
}

Task<bool> Stapler::ask_due(std::int64_t now_ms) {
    bool changed = renew_pairs(now_ms);
    std::size_t asked = 0;
    // By name: the certificates may be others when an answer comes.
    std::vector<std::pair<std::string, http::CertificatePair>> due;
    for (std::size_t i = 0; i < pairs_.size() && due.size() < questions_max; ++i) {
        const auto found = known_.find(names_[i]);
        if (found == known_.end() || found->second.ask_at_ms > now_ms) continue;
        found->second.ask_at_ms = now_ms + pause_min_ms;  // pairs may be twice the same
        due.emplace_back(names_[i], pairs_[i]);
    }
    for (auto& [name, pair] : due) {
        const Result<std::string> bytes = co_await ask(pair);
        const auto found = known_.find(name);
        if (found == known_.end()) continue;
        Known& known = found->second;
        if (!bytes) {
            known.pause_ms = std::clamp(known.pause_ms * 2, pause_min_ms, pause_max_ms);
            known.ask_at_ms = now_ms + known.pause_ms;
            log::warning("nothing to staple", {{"certificate", pair.name},
                                               {"why", bytes.error().message},
                                               {"again_in_s", known.pause_ms / 1'000}});
            continue;
        }
        known.pause_ms = 0;
        known.staple = base64url(*bytes);
        if (const auto answer = http::check_ocsp_answer(pair, *bytes))
            schedule(*answer, now_ms, known.until_ms, known.ask_at_ms);
        keep(name, *bytes);
        ++asked;
    }
    if (asked > 0) log::info("certificates stapled", {{"answers", asked}});
    changed = renew_pairs(now_ms) || changed;
    co_return changed;
}

}  // namespace berth::roles
