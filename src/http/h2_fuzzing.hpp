#pragma once
/// What must hold for every HTTP/2 connection, whatever the client sends.

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/fuzzing.hpp"
#include "http/h2_session.hpp"

namespace berth::http::fuzzing {

/// A body of that many bytes; one that waits gives nothing until it is told to.
class CountedBody final : public H2Body {
public:
    CountedBody(std::size_t bytes, std::shared_ptr<bool> open)
        : left_(bytes), open_(std::move(open)) {}

    Piece read(std::span<char> into) override {
        if (!*open_) return {};
        const std::size_t count = std::min(left_, into.size());
        std::fill_n(into.begin(), count, 'x');
        left_ -= count;
        return {.bytes = count, .over = left_ == 0};
    }

private:
    std::size_t left_;
    std::shared_ptr<bool> open_;
};

/// A server that answers each request as soon as it is there, in the way that `manner` says, and
/// holds the session to its word.
class H2Judge final : private H2Session::Handler {
public:
    H2Judge(std::string_view input, unsigned manner)
        : input_(input), manner_(manner), session_(*this, {}) {}

    /// The connection's bytes, `piece` at a time. False: it was ended for what they are.
    bool take(std::string_view bytes, std::size_t piece) {
        while (!bytes.empty()) {
            const std::size_t size = std::min(piece, bytes.size());
            receiving_ = true;
            const bool lives = session_.receive(bytes.substr(0, size));
            receiving_ = false;
            bytes.remove_prefix(size);
            if (!drain() || !lives || session_.is_over()) return false;
            *open_ = true;
            for (const auto& [id, stream] : streams_)
                session_.resume(id);
            *open_ = (manner_ & 1) == 0;
        }
        return true;
    }

    /// The requests that were given, as HTTP/1.1 has them, in order.
    const std::vector<std::string>& requests() const { return requests_; }

private:
    struct Stream {
        bool body_over = false;
    };

    void on_request(std::int32_t id, const H2Request& request, bool whole) override {
        must(receiving_, "a request out of nothing", input_);
        must(!streams_.contains(id), "a stream begins twice", input_);
        streams_[id].body_over = whole;
        std::string text;
        const Refusal refused = request.head(whole, text);
        requests_.push_back(refused ? "refused" : text);
        if (!refused) check(request, whole, text);
        answer(id);
    }

    void check(const H2Request& request, bool whole, std::string text) const {
        std::size_t scanned = 0;
        must(find_head_end(text, scanned).bytes == text.size(), "not one head", text);
        const std::string before = text;  // parsing works in place
        HeadView head;
        if (parse_head(text, head)) return;  // and it is answered with that
        check_unambiguous(before, head);
        must((head.framing == Framing::chunked) == request.is_chunked(whole), "framed in two ways",
             before);
        must(!whole || head.framing != Framing::length || head.content_bytes == 0,
             "a body that never comes", before);
    }

    void answer(std::int32_t id) {
        const std::array<H2Session::Field, 1> fields{{{"content-type", "text/plain"}}};
        const std::size_t bytes = manner_ % 7 * 3'000;
        sent_bytes_max_ += bytes + bytes / 8 + 200;
        if (manner_ % 5 == 4) return session_.reset(id);
        session_.respond(id, 200, fields,
                         bytes == 0 ? nullptr : std::make_unique<CountedBody>(bytes, open_));
    }

    void on_body(std::int32_t id, std::string_view bytes) override {
        must(streams_.contains(id), "a body without a request", input_);
        must(!streams_[id].body_over, "a body goes on behind its end", input_);
        session_.consume(id, bytes.size());
    }

    void on_body_end(std::int32_t id) override {
        must(streams_.contains(id) && !streams_[id].body_over, "an end of nothing", input_);
        streams_[id].body_over = true;
    }

    void on_closed(std::int32_t id) override {
        must(streams_.erase(id) == 1, "closed twice, or never begun", input_);
    }

    /// What is sent has a bound: nobody gets much for little. False: broken.
    bool drain() {
        must(streams_.size() <= H2Limits().streams_max, "more streams than allowed", input_);
        std::string out;
        do {
            out.clear();
            if (!session_.produce(out, 16 << 10)) return false;
            sent_bytes_ += out.size();
            must(sent_bytes_ <= 1'024 + 4 * input_.size() + sent_bytes_max_, "much for little",
                 input_);
        } while (!out.empty());
        return true;
    }

    std::string_view input_;
    unsigned manner_;
    std::shared_ptr<bool> open_ = std::make_shared<bool>((manner_ & 1) == 0);
    bool receiving_ = false;
    std::size_t sent_bytes_ = 0;
    std::size_t sent_bytes_max_ = 0;
    std::map<std::int32_t, Stream> streams_{};
    std::vector<std::string> requests_{};
    H2Session session_;  // last: it calls us until it is gone
};

/// `input`: how requests are answered, a byte; then frames, as they come behind the preface.
inline void check_h2(std::string_view input) {
    if (input.empty()) return;
    const unsigned manner = static_cast<unsigned char>(input.front());
    const std::string bytes = std::string(h2_preface) + std::string(input.substr(1));
    H2Judge at_once(input, manner);
    const bool whole = at_once.take(bytes, bytes.size());
    H2Judge slowly(input, manner);
    if (!slowly.take(bytes, 1 + manner % 13) || !whole) return;
    // More at once than are allowed at a time are refused; one after another they are not.
    if (slowly.requests().size() > H2Limits().streams_max) return;
    must(at_once.requests() == slowly.requests(), "other requests when they come slowly", input);
}

}  // namespace berth::http::fuzzing
