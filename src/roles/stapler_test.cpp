#include "roles/stapler.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/file.hpp"
#include "base/task.hpp"
#include "edge/testing.hpp"
#include "http/ocsp_testing.hpp"

namespace berth::roles {
namespace {

using http::testing_support::TestIssuer;

/// A responder that says what it is told to.
class Responder final : public http::Client {
public:
    Task<Result<http::Reply>> send(http::Call call) override {
        asked.push_back(call.url);
        EXPECT_EQ(call.verb, "POST");
        EXPECT_FALSE(call.body.empty());
        if (status == 0) co_return fail(Failure::unavailable, "nobody is there");
        http::Reply reply;
        reply.status = status;
        reply.body = body;
        co_return reply;
    }

    std::vector<std::string> asked{};
    unsigned status = 200;
    std::string body{};
};

class StaplerTest : public testing::Test {
protected:
    std::string staple() { return stapler_.pairs().front().staple; }
    bool ask(std::int64_t later_ms = 0) { return wait(stapler_.ask_due(now_ + later_ms)); }

    edge::testing_support::TemporaryDirectory directory_{};
    Responder responder_{};
    TestIssuer issuer_{};
    http::CertificatePair pair_ = issuer_.issue("shop.test", "http://responder.test/");
    Stapler stapler_{responder_, directory_ / "ocsp"};
    std::int64_t now_ = unix_now_ms();
};

TEST_F(StaplerTest, asks_once_and_staples_the_answer) {
    responder_.body = issuer_.answer(pair_, {});
    stapler_.take({pair_});
    EXPECT_EQ(staple(), "");
    EXPECT_TRUE(ask());
    EXPECT_EQ(staple(), base64url(responder_.body));
    EXPECT_FALSE(ask(60'000));
    EXPECT_EQ(responder_.asked, std::vector<std::string>{"http://responder.test/"});
}

TEST_F(StaplerTest, asks_again_when_half_of_the_time_is_over) {
    responder_.body = issuer_.answer(pair_, {.since_s = 0, .until_s = 7'200});
    stapler_.take({pair_});
    EXPECT_TRUE(ask());
    const std::string first = staple();
    EXPECT_FALSE(ask(3'500'000));
    responder_.body = issuer_.answer(pair_, {.since_s = 0, .until_s = 14'400});
    EXPECT_TRUE(ask(3'700'000));
    EXPECT_NE(staple(), first);
    EXPECT_EQ(responder_.asked.size(), 2U);
}

TEST_F(StaplerTest, keeps_an_answer_while_the_responder_is_away_but_not_past_its_end) {
    responder_.body = issuer_.answer(pair_, {.since_s = 0, .until_s = 7'200});
    stapler_.take({pair_});
    EXPECT_TRUE(ask());
    responder_.status = 0;
    EXPECT_FALSE(ask(3'700'000));
    EXPECT_NE(staple(), "");
    EXPECT_TRUE(ask(7'300'000));
    EXPECT_EQ(staple(), "");
}

TEST_F(StaplerTest, waits_longer_each_time_a_responder_fails) {
    stapler_.take({pair_});
    responder_.status = 503;
    EXPECT_FALSE(ask());
    EXPECT_FALSE(ask(200'000));
    EXPECT_EQ(responder_.asked.size(), 1U);
    EXPECT_FALSE(ask(310'000));
    EXPECT_FALSE(ask(700'000));
    EXPECT_EQ(responder_.asked.size(), 2U);
    responder_.status = 200;
    responder_.body = issuer_.answer(pair_, {.status = V_OCSP_CERTSTATUS_REVOKED});
    EXPECT_FALSE(ask(920'000));
    EXPECT_EQ(responder_.asked.size(), 3U);
    EXPECT_EQ(staple(), "") << "what is not good is not shown";
}

TEST_F(StaplerTest, leaves_what_it_need_not_ask_for_alone) {
    http::CertificatePair given = pair_;
    given.staple = base64url("from a file");
    stapler_.take({given, http::testing_support::make_certificate("self", {"self.test"})});
    EXPECT_FALSE(ask());
    EXPECT_TRUE(responder_.asked.empty());
    EXPECT_EQ(staple(), given.staple);
}

TEST_F(StaplerTest, remembers_answers_over_a_restart) {
    responder_.body = issuer_.answer(pair_, {});
    stapler_.take({pair_});
    EXPECT_TRUE(ask());
    Stapler next(responder_, directory_ / "ocsp");
    next.take({pair_});
    EXPECT_EQ(next.pairs().front().staple, staple());
    EXPECT_FALSE(wait(next.ask_due(now_)));
    EXPECT_EQ(responder_.asked.size(), 1U);
}

TEST_F(StaplerTest, does_not_believe_its_own_disk) {
    responder_.body = issuer_.answer(pair_, {});
    stapler_.take({pair_});
    EXPECT_TRUE(ask());
    for (const auto& entry : std::filesystem::directory_iterator(directory_ / "ocsp"))
        write_file(entry.path(), "something else", 0600);
    Stapler next(responder_, directory_ / "ocsp");
    next.take({pair_});
    EXPECT_EQ(next.pairs().front().staple, "");
    EXPECT_TRUE(wait(next.ask_due(now_)));
}

TEST_F(StaplerTest, forgets_certificates_that_are_gone) {
    responder_.body = issuer_.answer(pair_, {});
    stapler_.take({pair_});
    EXPECT_TRUE(ask());
    stapler_.take({issuer_.issue("other.test", "")});
    EXPECT_TRUE(std::filesystem::is_empty(directory_ / "ocsp"));
}

}  // namespace
}  // namespace berth::roles
