#include "http/chunked.hpp"

#include <algorithm>

#include "http/head_parser.hpp"

namespace berth::http {

namespace {

/// A trailer must be a field, and not one that frames, routes or says who asks.
bool is_harmless_trailer(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == line.npos || !is_token(line.substr(0, colon))) return false;
    if (!is_field_value(line.substr(colon + 1))) return false;
    for (const std::string_view refused :
         {"content-length", "transfer-encoding", "host", "connection", "trailer", "te", "upgrade",
          "content-encoding", "content-type", "content-range", "authorization", "cookie", "expect",
          "set-cookie"}) {
        if (equal_but_for_case(line.substr(0, colon), refused)) return false;
    }
    return true;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

ChunkedDecoder::Step ChunkedDecoder::step(std::string_view received) {
    Step step;
    while (step.consumed < received.size() && !done() && !broken()) {
        if (state_ == State::data) {
            const std::size_t left = received.size() - step.consumed;
            const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, left));
            step.data = received.substr(step.consumed, size);
            step.consumed += size;
            left_ -= size;
            if (left_ == 0) state_ = State::data_return;
            return step;
        }
        take_framing(received[step.consumed++]);
    }
    return step;
}

void ChunkedDecoder::take_framing(char c) {
    switch (state_) {
        case State::size:
            if (c == '\r' && digits_ > 0) {
                state_ = State::size_feed;
            } else if (const int digit = hex_digit(c); digit >= 0 && digits_ < 15) {
                left_ = left_ * 16 + static_cast<unsigned>(digit);
                ++digits_;
            } else {
                state_ = State::broken;
            }
            break;
        case State::size_feed:
            c == '\n' ? end_size() : void(state_ = State::broken);
            break;
        case State::data_return:
            state_ = c == '\r' ? State::data_feed : State::broken;
            break;
        case State::data_feed:
            state_ = c == '\n' ? State::size : State::broken;
            break;
        case State::trailer:
            take_trailer(c);
            break;
        default:
            state_ = State::broken;
    }
}

void ChunkedDecoder::end_size() {
    state_ = left_ == 0 ? State::trailer : State::data;
    digits_ = 0;
}

void ChunkedDecoder::take_trailer(char c) {
    if (++trailer_bytes_ > trailer_bytes_max) {
        state_ = State::broken;
        return;
    }
    if (c != '\n') {
        line_.push_back(c);
        return;
    }
    if (line_ == "\r") {
        state_ = State::done;
        line_ = {};
        return;
    }
    const bool ended = line_.ends_with('\r');
    if (ended) line_.pop_back();
    if (!ended || !is_harmless_trailer(line_)) state_ = State::broken;
    line_.clear();
}

}  // namespace berth::http
