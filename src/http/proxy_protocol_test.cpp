#include "http/proxy_protocol.hpp"

#include <gtest/gtest.h>

namespace berth::http {
namespace {

using Kind = ProxyHeader::Kind;
using namespace std::string_literals;

const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string binary(char version_and_command, char family, const std::string& rest) {
    std::string header = signature;
    header += version_and_command;
    header += family;
    header += static_cast<char>(rest.size() >> 8);
    header += static_cast<char>(rest.size());
    return header + rest;
}

const std::string four = "\xc0\x00\x02\x07\xc6\x33\x64\x01\x10\x92\x01\xbb"s;
const std::string six = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x07"s +
                        "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x08"s + "\x10\x92\x01\xbb"s;

struct Case {
    std::string bytes;
    Kind kind;
    std::string peer;
};

TEST(ProxyProtocol, reads_what_balancers_send) {
    const Case cases[] = {
        {"PROXY TCP4 192.0.2.7 198.51.100.1 4242 443\r\n", Kind::whole, "192.0.2.7"},
        {"PROXY TCP6 2001:db8::7 2001:DB8::8 4242 443\r\n", Kind::whole, "2001:db8::7"},
        {"PROXY TCP6 ::ffff:192.0.2.7 ::1 1 65535\r\n", Kind::whole, "::ffff:192.0.2.7"},
        {"PROXY UNKNOWN\r\n", Kind::whole, ""},
        {"PROXY UNKNOWN ffff:f...f:ffff 1 2 3\r\n", Kind::whole, ""},
        {binary('\x21', '\x11', four), Kind::whole, "192.0.2.7"},
        {binary('\x21', '\x21', six), Kind::whole, "2001:db8::7"},
        {binary('\x21', '\x11', four + "\x04\x00\x01x"s), Kind::whole, "192.0.2.7"},
        {binary('\x20', '\x00', ""), Kind::whole, ""},
        {binary('\x21', '\x31', std::string(216, 'x')), Kind::whole, ""},
    };
    for (const Case& good : cases) {
        const ProxyHeader header = parse_proxy_header(good.bytes + "GET / HTTP/1.1\r\n");
        EXPECT_EQ(header.kind, good.kind) << good.bytes;
        EXPECT_EQ(header.peer, good.peer) << good.bytes;
        EXPECT_EQ(header.bytes, good.bytes.size()) << good.bytes;
        for (std::size_t cut = 0; cut < good.bytes.size(); ++cut) {
            EXPECT_EQ(parse_proxy_header(good.bytes.substr(0, cut)).kind, Kind::more_needed)
                << good.bytes << " cut at " << cut;
        }
    }
}

TEST(ProxyProtocol, refuses_everything_else) {
    const std::string cases[] = {
        "GET / HTTP/1.1\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 4242\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 4242 443 1\r\n",
        "PROXY TCP4 192.0.2.7  198.51.100.1 4242 443\r\n",
        "PROXY TCP4 192.0.2.777 198.51.100.1 4242 443\r\n",
        "PROXY TCP4 2001:db8::7 198.51.100.1 4242 443\r\n",
        "PROXY TCP6 192.0.2.7 198.51.100.1 4242 443\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 04242 443\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 4242 65536\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 -1 443\r\n",
        "PROXY TCP5 192.0.2.7 198.51.100.1 4242 443\r\n",
        "proxy TCP4 192.0.2.7 198.51.100.1 4242 443\r\n",
        "PROXY TCP4 " + std::string(200, '1'),
        binary('\x11', '\x11', four),
        binary('\x22', '\x11', four),
        binary('\x21', '\x11', four.substr(1)),
        binary('\x21', '\x21', four),
        binary('\x21', '\x11', std::string(1'025, 'x')),
        "\r\n\r\nGET / HTTP/1.1\r\n",
    };
    for (const std::string& bad : cases)
        EXPECT_EQ(parse_proxy_header(bad).kind, Kind::malformed) << bad;
}

}  // namespace
}  // namespace berth::http
