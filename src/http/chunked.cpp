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

void skip_blanks(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

bool take_token(std::string_view& text) {
    std::size_t size = 0;
    while (size < text.size() && is_token(text.substr(size, 1)))
        ++size;
    text.remove_prefix(size);
    return size > 0;
}

bool take_quoted(std::string_view& text) {
    if (!text.starts_with('"')) return false;
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (!is_field_value(text.substr(at, 1))) return false;
        if (text[at] == '\\') {
            ++at;
            if (!is_field_value(text.substr(at, 1))) return false;
        } else if (text[at] == '"') {
            text.remove_prefix(at + 1);
            return true;
        }
    }
    return false;
}

/// *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] ): RFC 9112 §7.1.1. Who follows
/// it less strictly finds line ends in extensions where others find none.
bool are_extensions(std::string_view text) {
    while (!text.empty()) {
        skip_blanks(text);
        if (!text.starts_with(';')) return false;
        text.remove_prefix(1);
        skip_blanks(text);
        if (!take_token(text)) return false;
        std::string_view value = text;
        skip_blanks(value);
        if (!value.starts_with('=')) continue;
        text = value.substr(1);
        skip_blanks(text);
        if (!take_token(text) && !take_quoted(text)) return false;
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
            take_size(c);
            break;
        case State::extension:
            take_extension(c);
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

void ChunkedDecoder::take_size(char c) {
    const int digit = hex_digit(c);
    if (digit >= 0 && digits_ < 15) {
        left_ = left_ * 16 + static_cast<unsigned>(digit);
        ++digits_;
    } else if (c == '\r' && digits_ > 0) {
        state_ = State::size_feed;
    } else if ((c == ';' || c == ' ' || c == '\t') && digits_ > 0) {
        state_ = State::extension;
        take_extension(c);
    } else {
        state_ = State::broken;
    }
}

void ChunkedDecoder::take_extension(char c) {
    if (c == '\r') {
        state_ = are_extensions(line_) ? State::size_feed : State::broken;
        line_.clear();
        return;
    }
    line_.push_back(c);
    if (line_.size() > extension_bytes_max || ++extensions_bytes_ > extensions_bytes_max)
        state_ = State::broken;
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
