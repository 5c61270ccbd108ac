#include "notifications/mail.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"

namespace berth::notifications {
namespace {

constexpr std::int64_t now = 1'800'000'000'000;

std::string decoded(std::string text) {
    std::erase_if(text, [](char c) { return c == '\r' || c == '\n' || c == '='; });
    for (char& c : text)
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    return from_base64url(text).value();
}

std::string field(const Mail& mail, const std::string& name) {
    const std::size_t begin = mail.bytes.find("\r\n" + name + ": ") + 2;
    std::size_t end = mail.bytes.find("\r\n", begin);
    while (mail.bytes.compare(end + 2, 1, " ") == 0)
        end = mail.bytes.find("\r\n", end + 2);
    return mail.bytes.substr(begin, end - begin);
}

TEST(Mail, has_a_header_and_its_text) {
    const Mail mail = make_mail("berth@example.com", {"ann@example.com", "bob@example.com"},
                                "shop: production is ready", "line\n.\nümlaut", "not_1", now);
    EXPECT_TRUE(mail.bytes.starts_with("Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n")) << mail.bytes;
    EXPECT_EQ(field(mail, "Subject"), "Subject: shop: production is ready");
    EXPECT_EQ(field(mail, "To"), "To: ann@example.com,\r\n bob@example.com");
    EXPECT_EQ(field(mail, "Message-ID"), "Message-ID: <not_1@example.com>");
    EXPECT_EQ(decoded(mail.bytes.substr(mail.bytes.find("\r\n\r\n") + 4)), "line\n.\nümlaut");
}

TEST(Mail, lets_nothing_of_a_subject_become_a_field) {
    const Mail mail = make_mail("a@b.example", {"c@d.example"},
                                "x\r\nBcc: evil@example.com\r\n\r\nbody", "t", "not_1", now);
    EXPECT_EQ(mail.bytes.find("\nBcc:"), std::string::npos);
    EXPECT_TRUE(field(mail, "Subject").starts_with("Subject: =?UTF-8?B?"));
}

TEST(Mail, cuts_long_words_between_characters) {
    std::string subject;
    for (int i = 0; i < 60; ++i)
        subject += "ä";
    const std::string header =
        field(make_mail("a@b.example", {"c@d.example"}, subject, "t", "n", now), "Subject");
    std::string whole;
    for (std::size_t at = header.find("?B?"); at != header.npos; at = header.find("?B?", at + 1)) {
        const std::string word = header.substr(at + 3, header.find("?=", at) - at - 3);
        EXPECT_LE(word.size() + 12, 75u);
        const std::string bytes = decoded(word);
        EXPECT_EQ(bytes.size() % 2, 0u) << "half a character";
        whole += bytes;
    }
    EXPECT_EQ(whole, subject);
}

TEST(Mail, knows_addresses) {
    for (const char* good : {"ann@example.com", "a.b+c@sub.example.com", "x@localhost"})
        EXPECT_TRUE(is_mail_address(good)) << good;
    for (const char* bad : {"", "ann", "@example.com", "ann@", "a@b@c", "a b@c.d", "a@c.d\r\nX: y",
                            "<a@c.d>", "a@c.d,b@c.d", "\"a\"@c.d", "ä@c.d"})
        EXPECT_FALSE(is_mail_address(bad)) << bad;
}

}  // namespace
}  // namespace berth::notifications
