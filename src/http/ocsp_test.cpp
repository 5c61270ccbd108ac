#include "http/ocsp.hpp"

#include <gtest/gtest.h>

#include "http/ocsp_testing.hpp"

namespace berth::http {
namespace {

using testing_support::make_certificate;
using testing_support::TestIssuer;

class OcspTest : public testing::Test {
protected:
    std::string verdict(const std::string& bytes) {
        const Result<OcspAnswer> answer = check_ocsp_answer(pair_, bytes);
        return answer ? "good" : answer.error().message;
    }

    TestIssuer issuer_{};
    CertificatePair pair_ = issuer_.issue("shop.test", "http://responder.test/ocsp");
};

TEST_F(OcspTest, asks_the_responder_that_the_certificate_names) {
    const auto question = ocsp_question(pair_);
    ASSERT_TRUE(question);
    EXPECT_EQ(question->responder, "http://responder.test/ocsp");
    const auto* at = reinterpret_cast<const unsigned char*>(question->request.data());
    OCSP_REQUEST* request =
        d2i_OCSP_REQUEST(nullptr, &at, static_cast<long>(question->request.size()));
    ASSERT_NE(request, nullptr);
    EXPECT_EQ(OCSP_request_onereq_count(request), 1);
    OCSP_REQUEST_free(request);
}

TEST_F(OcspTest, asks_nobody_without_a_responder_or_an_issuer) {
    EXPECT_FALSE(ocsp_question(issuer_.issue("shop.test", "")));
    EXPECT_FALSE(ocsp_question(issuer_.issue("shop.test", "ldap://responder.test")));
    CertificatePair alone = pair_;
    alone.chain.resize(alone.chain.find("-----END CERTIFICATE-----") + 26);
    EXPECT_FALSE(ocsp_question(alone));
    EXPECT_FALSE(ocsp_question(make_certificate("self", {"shop.test"})));
    EXPECT_FALSE(ocsp_question({.name = "no", .chain = "certificate"}));
}

TEST_F(OcspTest, takes_an_answer_that_holds) {
    const auto answer = check_ocsp_answer(pair_, issuer_.answer(pair_, {}));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->until_ms - answer->since_ms, 7'200'000);
    const auto endless = check_ocsp_answer(pair_, issuer_.answer(pair_, {.until_s = 0}));
    ASSERT_TRUE(endless);
    EXPECT_EQ(endless->until_ms, 0);
}

TEST_F(OcspTest, takes_the_word_of_those_whom_the_issuer_lets_answer) {
    EXPECT_EQ(verdict(issuer_.answer(pair_, {.signer = TestIssuer::Signer::delegate})), "good");
    EXPECT_EQ(verdict(issuer_.answer(pair_, {.signer = TestIssuer::Signer::other_server})),
              "it is not signed by the certificate's issuer");
}

TEST_F(OcspTest, says_why_an_answer_is_not_stapled) {
    EXPECT_EQ(verdict(issuer_.answer(pair_, {})), "good");
    EXPECT_EQ(verdict("no answer"), "it is no OCSP response");
    EXPECT_EQ(verdict(""), "it is no OCSP response");
    EXPECT_EQ(verdict(TestIssuer::refusal()), "the responder says trylater");
    EXPECT_EQ(verdict(issuer_.answer(pair_, {.status = V_OCSP_CERTSTATUS_REVOKED})),
              "the certificate is revoked");
    EXPECT_EQ(verdict(issuer_.answer(pair_, {.status = V_OCSP_CERTSTATUS_UNKNOWN})),
              "the certificate is unknown");
    EXPECT_EQ(verdict(issuer_.answer(pair_, {.since_s = -7'200, .until_s = -3'600})),
              "it is out of date, or of the future");
    EXPECT_EQ(verdict(issuer_.answer(pair_, {.since_s = 3'600, .until_s = 7'200})),
              "it is out of date, or of the future");
    const CertificatePair other = issuer_.issue("shop.test", "");
    EXPECT_EQ(verdict(issuer_.answer(other, {})), "it is about another certificate");
    TestIssuer impostor;
    impostor.issue("shop.test", "");  // the same serial number as ours
    EXPECT_EQ(verdict(impostor.answer(pair_, {})), "it is not signed by the certificate's issuer");
}

TEST_F(OcspTest, an_answer_with_a_changed_byte_never_holds) {
    const std::string good = issuer_.answer(pair_, {});
    std::size_t held = 0;
    for (std::size_t at = 0; at < good.size(); ++at) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 1);
        if (check_ocsp_answer(pair_, bad)) ++held;
    }
    EXPECT_EQ(held, 0U);
}

}  // namespace
}  // namespace berth::http
