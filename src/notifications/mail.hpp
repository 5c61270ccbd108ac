#pragma once
/// Mails as they go over the wire (RFC 5322, RFC 2047), and the key of a webhook's secret.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace berth::notifications {

struct Mail {
    std::string from{};  // an address
    std::vector<std::string> to{};
    std::string bytes{};  // header and body
};

/// Whether it can stand in a header and an envelope as it is: one `@`, no blanks, no controls, at
/// most 254 bytes. Not whether anybody reads there.
bool is_mail_address(std::string_view text);

/// A whole mail of plain text. Nothing in `subject` or `text` can end the header or the body: what
/// is not plain goes as an encoded word, the body as base64. `id` makes its Message-ID.
Mail make_mail(const std::string& from, const std::vector<std::string>& to,
               const std::string& subject, const std::string& text, const std::string& id,
               std::int64_t now_ms);

/// The bytes behind "whsec_…", which is base64; "" when it is not.
std::string webhook_key(std::string_view secret);

}  // namespace berth::notifications
