#include "visitors/pass.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "visitors/access_page.hpp"
#include "visitors/pass_cookie.hpp"

namespace berth::visitors {
namespace {

constexpr std::int64_t now_ms = 1'800'000'000'000;

class PassTest : public testing::Test {
protected:
    static Pass pass() {
        return {.aud = "shop.test",
                .project = "prj_1",
                .generation = 3,
                .iat = now_ms / 1000,
                .exp = now_ms / 1000 + 60};
    }
    bool opens_now(const std::string& token, std::string_view host = "shop.test",
                   std::string_view project = "prj_1", std::int64_t generation = 3,
                   std::int64_t at_ms = now_ms) const {
        const std::optional<Pass> found = check_->verify(token);
        const Guarded guarded{
            .host = host, .project = project, .generation = generation, .revoked_links = revoked_};
        return found && opens(*found, guarded, at_ms);
    }
    /// A token with that head, signed with our own key.
    std::string with_head(const std::string& head) const {
        const std::string text = base64url(head) + "." + base64url(json::text(pass()));
        return text + "." + base64url(SigningKey(pem_).sign(text));
    }

    std::string pem_ = make_signing_key();
    PassSigner signer_{pem_};
    std::shared_ptr<const PassCheck> check_ = PassCheck::make(signer_.public_keys()).value();
    std::string good_ = signer_.issue(pass());
    std::vector<std::string> revoked_{};
};

TEST_F(PassTest, opens_its_own_host_while_it_lasts) {
    EXPECT_TRUE(opens_now(good_));
    EXPECT_FALSE(opens_now(good_, "other.test"));
    EXPECT_FALSE(opens_now(good_, "shop.test", "prj_2"));
    EXPECT_FALSE(opens_now(good_, "shop.test", "prj_1", 4)) << "everybody was signed out";
    EXPECT_FALSE(opens_now(good_, "shop.test", "prj_1", 2)) << "a store put back from a backup";
    EXPECT_TRUE(opens_now(good_, "shop.test", "prj_1", 3, now_ms + 59'000));
    EXPECT_FALSE(opens_now(good_, "shop.test", "prj_1", 3, now_ms + 60'000));
}

TEST_F(PassTest, of_a_revoked_link_opens_nothing) {
    Pass by_link = pass();
    by_link.link = "shl_a";
    const std::string token = signer_.issue(by_link);
    EXPECT_TRUE(opens_now(token));
    revoked_ = {"shl_b", "shl_a"};
    EXPECT_FALSE(opens_now(token));
    EXPECT_TRUE(opens_now(good_)) << "the others stay";
}

TEST_F(PassTest, is_nothing_unless_our_key_signed_it_to_the_byte) {
    const std::string kid = signer_.public_keys().keys[0].kid;
    const std::string head = R"({"alg":"ES256","kid":")" + kid + R"(","typ":"berth-pass+jwt"})";
    EXPECT_TRUE(opens_now(with_head(head)));
    const std::string body = good_.substr(good_.find('.') + 1);
    const std::vector<std::pair<const char*, std::string>> wrong{
        {"another key", PassSigner(make_signing_key()).issue(pass())},
        {"another typ", with_head(R"({"alg":"ES256","kid":")" + kid + R"(","typ":"at+jwt"})")},
        {"no typ", with_head(R"({"alg":"ES256","kid":")" + kid + R"("})")},
        {"members in another order",
         with_head(R"({"kid":")" + kid + R"(","alg":"ES256","typ":"berth-pass+jwt"})")},
        {"alg none",
         base64url(R"({"alg":"none","kid":")" + kid + R"(","typ":"berth-pass+jwt"})") + "." + body},
        {"alg none, unsigned",
         base64url(R"({"alg":"none"})") + "." + base64url(json::text(pass())) + "."},
        {"HMAC", base64url(R"({"alg":"HS256","kid":")" + kid + R"(","typ":"berth-pass+jwt"})") +
                     "." + body},
        {"no signature", good_.substr(0, good_.rfind('.') + 1)},
        {"no body", good_.substr(0, good_.find('.') + 1)},
        {"zeros", good_.substr(0, good_.rfind('.') + 1) + base64url(std::string(64, '\0'))},
        {"a longer one", good_ + "A"},
        {"padding", good_ + "="},
        {"nothing", ""},
        {"dots", std::string(5'000, '.')},
        {"garbage", "\x80\xff garbage"},
    };
    for (const auto& [what, token] : wrong)
        EXPECT_FALSE(check_->verify(token).has_value()) << what;
    for (std::size_t at = 0; at < good_.size(); ++at) {
        std::string flipped = good_;
        flipped[at] = flipped[at] == 'A' ? 'B' : 'A';
        // The last digit of the signature carries bits that say nothing.
        if (at + 1 < good_.size()) EXPECT_FALSE(check_->verify(flipped).has_value()) << at;
    }
}

TEST_F(PassTest, of_the_older_key_holds_while_keys_change) {
    const PassSigner next(make_signing_key());
    PublicKeys both = next.public_keys();
    both.keys.push_back(signer_.public_keys().keys[0]);
    const auto check = PassCheck::make(both).value();
    EXPECT_TRUE(check->verify(good_).has_value());
    EXPECT_TRUE(check->verify(next.issue(pass())).has_value());
    EXPECT_FALSE(PassCheck::make(next.public_keys()).value()->verify(good_).has_value());
}

TEST_F(PassTest, keys_that_are_none_are_refused) {
    EXPECT_FALSE(PassCheck::make({}).has_value());
    EXPECT_FALSE(PassCheck::make({.keys = {{"0011223344556677", "no key"}}}).has_value());
    PublicKeys renamed = signer_.public_keys();
    renamed.keys[0].kid = "0011223344556677";
    EXPECT_FALSE(PassCheck::make(renamed).has_value());
    PublicKeys many;
    many.keys.assign(PassCheck::keys_max + 1, signer_.public_keys().keys[0]);
    EXPECT_FALSE(PassCheck::make(many).has_value());
}

std::vector<std::string_view> passes_in(std::string_view cookies, bool secure) {
    std::vector<std::string_view> passes;
    add_passes(cookies, secure, passes);
    return passes;
}

TEST(PassCookie, is_found_among_others_and_taken_away) {
    using List = std::vector<std::string_view>;
    EXPECT_EQ(passes_in("a=1; berth_pass=x; b=2", false), List{"x"});
    EXPECT_EQ(passes_in("__Host-berth_pass=x; berth_pass=y", true), List{"x"})
        << "over TLS only the one that no other host can set";
    EXPECT_EQ(passes_in("__Host-berth_pass=x; berth_pass=y", false), List{"y"});
    EXPECT_EQ(passes_in("berth_pass=1;berth_pass=2", false), (List{"1", "2"}));
    EXPECT_EQ(passes_in("xberth_pass=1; berth_passx=1; berth_pass", false), List{});
    const std::string many = "berth_pass=1;berth_pass=2;berth_pass=3;berth_pass=4;berth_pass=5";
    EXPECT_EQ(passes_in(many, false).size(), passes_max);

    EXPECT_EQ(without_passes("a=1; berth_pass=x; b=2"), "a=1; b=2");
    EXPECT_EQ(without_passes("__Host-berth_pass=x;berth_pass=y"), "");
    EXPECT_EQ(without_passes(" berth_pass = x ; a=1"), "a=1");
    EXPECT_EQ(without_passes("berth_pass; a"), "a");
    EXPECT_EQ(without_passes("a=1"), "a=1");
    EXPECT_EQ(without_passes(""), "");
}

TEST(PassCookie, is_host_only_and_hidden_from_scripts) {
    EXPECT_EQ(set_pass_cookie("x", 60, true),
              "__Host-berth_pass=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure");
    EXPECT_EQ(set_pass_cookie("x", 60, false),
              "berth_pass=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
}

TEST(AccessPage, asks_for_what_opens_the_site_and_escapes_what_it_is_given) {
    const std::string asked = access_page(
        {.access = Access::password, .return_to = "/a?b=\"><script>", .wrong = "No <b>."});
    EXPECT_NE(asked.find("action=\"/.berth/access\""), asked.npos);
    EXPECT_NE(asked.find("value=\"/a?b=&quot;&gt;&lt;script&gt;\""), asked.npos) << asked;
    EXPECT_NE(asked.find("No &lt;b&gt;."), asked.npos);
    EXPECT_EQ(asked.find("<script"), asked.npos);
    EXPECT_NE(asked.find("sign_in=1&amp;return=%2Fa%3Fb%3D%22%3E%3Cscript%3E"), asked.npos);
    const std::string members = access_page({.access = Access::members});
    EXPECT_EQ(members.find("<form"), members.npos);
    EXPECT_NE(members.find("Sign in with Berth"), members.npos);
}

}  // namespace
}  // namespace berth::visitors
