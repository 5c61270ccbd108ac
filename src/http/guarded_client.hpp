#pragma once
/// A client for addresses that people type in: what a name leads to is looked at when the
/// connection is made, so that no name, redirect or second answer of a DNS server leads inside.

#include <functional>

#include "http/client.hpp"

namespace berth::http {

/// Whether a connection may be made. `address`: an IPv4 or IPv6 address as text, without brackets.
/// Called on the client's threads.
using AddressCheck = std::function<bool(const std::string& address, std::uint16_t port)>;

/// As make_curl_client, without proxies: connections go to where `may_connect` says.
/// Errors of its calls: also forbidden — address_blocked, its message being the address.
std::unique_ptr<Client> make_guarded_client(std::size_t threads, std::string ca_file,
                                            AddressCheck may_connect);

}  // namespace berth::http
