#pragma once
/// Git's pkt-lines, as far as a push's answer needs them: what receive-pack said goes through as it
/// is, but its last packet is held back, so that lines of ours can come before it.
/// Source: gitprotocol-common(5), gitprotocol-pack(5) "side-band, side-band-64k".

#include <cstdint>
#include <string>
#include <string_view>

namespace berth::api {

/// Reads the answer of `git receive-pack`, piece by piece.
class SideBandTail {
public:
    /// What may be sent on by now.
    std::string pass(std::string_view piece);

    /// Whether the answer's bytes are in bands, and its end was seen: then lines may follow, and
    /// `end` after them.
    bool takes_lines() const { return banded_ && ended_; }

    /// What is still held back.
    std::string end();

private:
    std::string held_{};
    bool banded_ = false;
    bool ended_ = false;
    bool passing_ = false;  // no pkt-lines as we know them: all of it goes through
};

/// "Ready\n" as a packet of the band that clients print as "remote: Ready". Control characters but
/// line ends become spaces; what is over a packet is cut.
std::string remote_line(std::string_view text);

}  // namespace berth::api
