#pragma once
/// Watches the frames that an HTTP/2 client sends, before anybody decodes them: what is cheap to
/// send and dear to take is counted, and a flood ends the connection. Covers rapid reset
/// (CVE-2023-44487), CONTINUATION (CVE-2024-27316), PING, SETTINGS, PRIORITY and WINDOW_UPDATE
/// floods, empty frames, and resets that a client provokes (CVE-2025-8671).

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace berth::http {

class H2Guard {
public:
    /// `frames_max`: as many dear frames at once; after that as many more as come back: ten a
    /// second, and one for every 4 KiB that the client was sent.
    /// `header_bytes_max`: of one header block over all its frames.
    H2Guard(unsigned frames_max, std::size_t header_bytes_max, std::int64_t now_ms);

    /// Takes what was received, cut anywhere, after the client's 24 bytes of preface. `crowded`:
    /// there are as many streams as allowed. False: it is a flood; end the connection.
    bool receive(std::string_view bytes, bool crowded, std::int64_t now_ms);

    /// The client made us reset a stream. False as above.
    bool reset_provoked();
    void sent(std::size_t bytes);

private:
    bool begin_frame(bool crowded);
    bool spend();

    double left_;
    double most_;
    std::size_t header_bytes_max_;
    std::int64_t refilled_ms_;
    unsigned char head_[9]{};
    std::size_t head_bytes_ = 0;    // of the frame's head, received
    std::size_t payload_left_ = 0;  // of the frame at hand
    std::size_t header_bytes_ = 0;  // of the header block at hand
};

}  // namespace berth::http
