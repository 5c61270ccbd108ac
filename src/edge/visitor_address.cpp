#include "edge/visitor_address.hpp"

#include <charconv>

namespace berth::edge {

namespace {

namespace ip = boost::asio::ip;

std::optional<ip::address_v6::bytes_type> parse_address(std::string_view text) {
    boost::system::error_code bad;
    const ip::address address = ip::make_address(std::string(text), bad);
    if (bad) return std::nullopt;
    if (address.is_v6()) return address.to_v6().to_bytes();
    return ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes();
}

bool same_prefix(const std::array<std::uint8_t, 16>& a, const std::array<std::uint8_t, 16>& b,
                 unsigned bits) {
    for (unsigned at = 0; at < 16 && bits > 0; ++at) {
        const unsigned here = std::min(bits, 8U);
        const auto mask = static_cast<std::uint8_t>(0xff00U >> here);
        if ((a[at] & mask) != (b[at] & mask)) return false;
        bits -= here;
    }
    return true;
}

/// "192.0.2.1:8080" and "[2001:db8::1]:8080" without their ports.
std::string_view without_port(std::string_view text) {
    if (text.starts_with('[')) return text.substr(1, text.find(']') - 1);
    const std::size_t colon = text.find(':');
    if (colon != text.npos && text.find(':', colon + 1) == text.npos) return text.substr(0, colon);
    return text;
}

/// What the nearest proxy said: the last element of the last such field. In front of it stands
/// what the visitor may have sent.
std::string last_word(const http::HeadView& head, std::string_view name) {
    std::string_view value;
    for (const http::FieldView& field : head.all()) {
        if (field.name == name) value = field.value;
    }
    const std::size_t comma = value.rfind(',');
    std::string word(http::trim(comma == value.npos ? value : value.substr(comma + 1)));
    for (char& c : word)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    return word;
}

}  // namespace

Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& cidrs) {
    TrustedProxies proxies;
    for (const std::string& cidr : cidrs) {
        const std::size_t slash = cidr.find('/');
        const std::string text = cidr.substr(0, slash);
        const auto address = parse_address(text);
        if (!address) return fail(Failure::invalid, "'{}' is not an address or a network", cidr);
        const bool v4 = text.find(':') == text.npos;
        unsigned bits = v4 ? 32 : 128;
        if (slash != cidr.npos) {
            unsigned said = 0;
            const char* end = cidr.data() + cidr.size();
            const auto read = std::from_chars(cidr.data() + slash + 1, end, said);
            if (read.ec != std::errc{} || read.ptr != end || said > bits) {
                return fail(Failure::invalid, "'{}' has a malformed prefix length", cidr);
            }
            bits = said;
        }
        proxies.networks_.push_back({*address, v4 ? bits + 96 : bits});
    }
    return proxies;
}

bool TrustedProxies::contains(std::string_view address) const {
    if (networks_.empty()) return false;
    const auto bytes = parse_address(address);
    if (!bytes) return false;
    return std::ranges::any_of(networks_, [&](const Network& network) {
        return same_prefix(network.prefix, *bytes, network.bits);
    });
}

Visitor TrustedProxies::visitor_of(const std::string& peer, const http::HeadView& head) const {
    Visitor visitor{peer, false};
    if (!contains(peer)) return visitor;
    visitor.secure = last_word(head, "x-forwarded-proto") == "https";
    // From the nearest to the farthest; the first that is not ours is the visitor. What stands
    // further left anybody may have written.
    const auto fields = head.all();
    for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
        if (field->name != "x-forwarded-for") continue;
        std::string_view list = field->value;
        while (!list.empty()) {
            const std::size_t comma = list.rfind(',');
            const std::size_t begin = comma == list.npos ? 0 : comma + 1;
            const std::string_view hop = without_port(http::trim(list.substr(begin)));
            if (!parse_address(hop)) return visitor;
            visitor.address = hop;
            if (!contains(hop)) return visitor;
            list = list.substr(0, comma == list.npos ? 0 : comma);
        }
    }
    return visitor;
}

}  // namespace berth::edge
