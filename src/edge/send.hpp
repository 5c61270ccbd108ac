#pragma once
/// Sends a site's answer over its connection.

#include "edge/loop.hpp"
#include "edge/site_answer.hpp"

namespace berth::edge {

struct Sending {
    bool head_only = false;
    bool keep_alive = false;
    bool over_tls = false;  // of a host that we have a certificate for
};

/// What an answer with that head has to say about the transport's security, as a field's line: ""
/// in the clear, without a certificate for the host, or where the site says it itself.
std::string_view hsts_line(const Connection& connection, std::string_view head);

/// Tries without waiting: false when `answer` needs send_rest(). `sent` says how much went out of
/// head and body; of a file, that part is taken off `answer`. Negative `sent`: broken.
bool send_at_once(Connection& connection, SiteAnswer& answer, Sending sending,
                  std::ptrdiff_t& sent);

/// The rest of what send_at_once() left. False: broken or too slow.
Task<bool> send_rest(Connection& connection, SiteAnswer& answer, Sending sending,
                     std::ptrdiff_t sent);

/// All of it. False: broken or too slow.
Task<bool> send_answer(Connection& connection, SiteAnswer& answer, Sending sending);

}  // namespace berth::edge
