#pragma once
/// Brings messages out of the house. The real one speaks HTTP and SMTP through libcurl.

#include <memory>
#include <string>

#include "base/task.hpp"
#include "notifications/mail.hpp"
#include "notifications/message.hpp"
#include "notifications/reach.hpp"

namespace berth::notifications {

enum class MailSecurity { starttls, tls, none };
BOOST_DESCRIBE_ENUM(MailSecurity, starttls, tls, none)

/// The mail server of the instance.
struct MailServer {
    std::string host{};
    std::int64_t port = 587;
    MailSecurity security = MailSecurity::starttls;
    std::string username{};  // "": without signing in
    std::string password{};
    std::string from{};  // the sender's address
};
BOOST_DESCRIBE_STRUCT(MailServer, (), (host, port, security, username, password, from))

/// What the other side said.
struct Answer {
    unsigned status = 0;  // of HTTP, or SMTP's last
    std::int64_t retry_after_s = 0;
};

class Carrier {
public:
    static constexpr std::int64_t limit_ms = 15'000;  // of one message

    virtual ~Carrier() = default;

    /// Any status is an answer. Redirects are not followed.
    /// Errors: unavailable — no connection, or it broke; timed_out; forbidden — the address is not
    ///         one that may be reached.
    virtual Task<Result<Answer>> post(Post post) = 0;
    /// Errors: the same; invalid — the server refused the mail, in its own words' number.
    virtual Task<Result<Answer>> mail(MailServer server, Mail mail) = 0;
};

/// At most `threads` messages at a time. `ca_file`: extra trust, or "". The reach holds for posts;
/// the mail server is the operator's own word.
std::unique_ptr<Carrier> make_curl_carrier(std::size_t threads, Reach reach, std::string ca_file);

}  // namespace berth::notifications
