#include "objects/s3_answers.hpp"

#include <gtest/gtest.h>

#include "objects/s3_refusals.hpp"

namespace berth::objects {
namespace {

constexpr std::int64_t then_ms = 1'795'997'144'000;  // 2026-11-30T00:05:44Z

TEST(S3Answers, reads_a_page_of_a_listing) {
    const S3Page page = parse_s3_page(R"(<?xml version="1.0" encoding="UTF-8"?>
        <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>shop</Name>
        <IsTruncated>true</IsTruncated><NextContinuationToken>1/w==</NextContinuationToken>
        <Contents><Key>a &amp; b/ü &lt;1&gt;</Key><LastModified>2026-11-30T00:05:44.120Z</LastModified>
        <ETag>"x"</ETag><Size>5368709120</Size></Contents>
        <Contents><Key>c</Key><LastModified>2026-11-30T00:05:44Z</LastModified><Size>0</Size>
        </Contents></ListBucketResult>)")
                            .value();
    ASSERT_EQ(page.objects.size(), 2U);
    EXPECT_EQ(page.objects[0].key, "a & b/ü <1>");
    EXPECT_EQ(page.objects[0].bytes, 5'368'709'120U);
    EXPECT_EQ(page.objects[0].modified_ms, then_ms + 120);
    EXPECT_EQ(page.objects[1].modified_ms, then_ms);
    EXPECT_TRUE(page.more);
}

TEST(S3Answers, knows_the_last_page) {
    const S3Page page = parse_s3_page(
                            "<ListBucketResult><IsTruncated>false</IsTruncated>"
                            "</ListBucketResult>")
                            .value();
    EXPECT_FALSE(page.more);
    EXPECT_TRUE(page.objects.empty());
}

TEST(S3Answers, takes_nothing_else_for_a_listing) {
    for (const char* text :
         {"", "no XML", "<ListBucketResult>", "<Error><Code>SlowDown</Code></Error>",
          "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
          "<!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]><x>&y;</x>"}) {
        EXPECT_EQ(parse_s3_page(text).error().failure, Failure::unavailable) << text;
    }
}

TEST(S3Answers, resolves_no_entity_of_a_documents_own) {
    const S3Refusal refusal = parse_s3_refusal(
        "<!DOCTYPE Error [<!ENTITY y SYSTEM \"file:///etc/passwd\">]>"
        "<Error><Code>&y;</Code><Message>two\nlines</Message></Error>");
    EXPECT_EQ(refusal.code, "&y;");
    EXPECT_EQ(refusal.message, "two lines");
}

TEST(S3Answers, sees_a_refusal_in_a_200) {
    EXPECT_TRUE(
        check_s3_completed("\n \n<CompleteMultipartUploadResult><ETag>x</ETag>"
                           "</CompleteMultipartUploadResult>"));
    const Result<> failed = check_s3_completed(
        "  <Error><Code>InternalError</Code><Message>Please try again.</Message></Error>");
    EXPECT_EQ(failed.error().failure, Failure::unavailable);
    EXPECT_NE(failed.error().message.find("InternalError"), std::string::npos);
    EXPECT_FALSE(check_s3_completed(""));
}

TEST(S3Answers, reads_and_writes_the_rest_of_an_upload) {
    EXPECT_EQ(parse_s3_upload_id("<InitiateMultipartUploadResult><UploadId>2~a/b</UploadId>"
                                 "</InitiateMultipartUploadResult>")
                  .value(),
              "2~a/b");
    EXPECT_FALSE(parse_s3_upload_id("<InitiateMultipartUploadResult/>"));
    EXPECT_EQ(s3_completion({"\"e1\"", "\"<2>\""}),
              "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"e1\"</ETag></Part>"
              "<Part><PartNumber>2</PartNumber><ETag>\"&lt;2&gt;\"</ETag></Part>"
              "</CompleteMultipartUpload>");
    const std::vector<S3Upload> uploads =
        parse_s3_uploads(
            "<ListMultipartUploadsResult><Upload><Key>k</Key><UploadId>u</UploadId>"
            "<Initiated>2026-11-30T00:05:44.000Z</Initiated></Upload>"
            "</ListMultipartUploadsResult>")
            .value();
    ASSERT_EQ(uploads.size(), 1U);
    EXPECT_EQ(uploads[0].begun_ms, then_ms);
}

TEST(S3Answers, reads_times) {
    EXPECT_EQ(parse_http_time("Mon, 30 Nov 2026 00:05:44 GMT"), then_ms);
    EXPECT_EQ(parse_iso_time("2026-11-30T00:05:44.5Z"), then_ms + 5);
    EXPECT_EQ(parse_http_time("yesterday"), std::nullopt);
    EXPECT_EQ(parse_iso_time(""), std::nullopt);
}

S3Config config() {
    S3Config made{.bucket = "shop", .endpoint = "http://h", .region = "us-east-1"};
    made.now_ms = [] { return then_ms; };
    return made;
}

http::Reply reply(unsigned status, const std::string& code, const std::string& more = "") {
    http::Reply made;
    made.status = status;
    made.headers.add("date", "Mon, 30 Nov 2026 00:25:44 GMT");
    made.body =
        fmt::format("<Error><Code>{}</Code><Message>the words</Message>{}</Error>", code, more);
    return made;
}

struct Meant {
    http::Reply reply;
    Failure failure;
    std::string code;
    bool again;
    std::string word;  // of the message
};

TEST(S3Refusals, mean_what_can_be_done_about_them) {
    const std::vector<Meant> cases{
        {reply(404, "NoSuchKey"), Failure::not_found, "not_found", false, ""},
        {reply(404, "NoSuchUpload"), Failure::conflict, "conflict", false, ""},
        {reply(416, "InvalidRange"), Failure::precondition, "precondition", false, ""},
        {reply(404, "NoSuchBucket"), Failure::unavailable, "object_store_refused", false,
         "make the bucket"},
        {reply(403, "SignatureDoesNotMatch"), Failure::unavailable, "object_store_refused", false,
         "403 SignatureDoesNotMatch (the words): check BERTH_S3_SECRET_KEY"},
        {reply(403, "InvalidAccessKeyId"), Failure::unavailable, "object_store_refused", false,
         "check BERTH_S3_ACCESS_KEY"},
        {reply(403, "AccessDenied"), Failure::unavailable, "object_store_refused", false,
         "what this key may do"},
        {reply(403, "RequestTimeTooSkewed"), Failure::unavailable, "object_store_refused", false,
         "1200 s behind"},
        {reply(400, "AuthorizationHeaderMalformed", "<Region>eu-west-3</Region>"),
         Failure::unavailable, "object_store_refused", false,
         "the region is eu-west-3, not us-east-1"},
        {reply(301, "PermanentRedirect"), Failure::unavailable, "object_store_refused", false,
         "check the region"},
        {reply(400, "XAmzContentSHA256Mismatch"), Failure::unavailable, "object_store_refused",
         false, "400 XAmzContentSHA256Mismatch"},
        {reply(503, "SlowDown"), Failure::unavailable, "object_store_unavailable", true,
         "SlowDown"},
        {reply(400, "RequestTimeout"), Failure::unavailable, "object_store_unavailable", true, ""},
        {reply(429, ""), Failure::unavailable, "object_store_unavailable", true, "429"},
        {reply(500, "InternalError"), Failure::unavailable, "object_store_unavailable", true, ""},
        {reply(502, ""), Failure::unavailable, "object_store_unavailable", true, ""},
        {reply(504, ""), Failure::unavailable, "object_store_unavailable", true, ""},
        {reply(404, ""), Failure::unavailable, "object_store_refused", false, "check the endpoint"},
    };
    for (const Meant& each : cases) {
        const S3Failure failure = s3_failure(config(), each.reply);
        const std::string what = each.reply.body;
        EXPECT_EQ(failure.error.failure, each.failure) << what;
        EXPECT_EQ(failure.error.code, each.code) << what;
        EXPECT_EQ(failure.again, each.again) << what;
        EXPECT_NE(failure.error.message.find(each.word), std::string::npos)
            << failure.error.message;
    }
}

TEST(S3Retry, pauses_with_full_jitter_up_to_a_bound) {
    using std::chrono::milliseconds;
    const S3RetryPolicy policy{
        .attempts_max = 9, .pause_first = milliseconds(100), .pause_max = milliseconds(1'000)};
    EXPECT_EQ(retry_pause(policy, 1, 0), milliseconds(0));
    EXPECT_EQ(retry_pause(policy, 1, 100), milliseconds(100));
    EXPECT_EQ(retry_pause(policy, 1, 101), milliseconds(0));
    EXPECT_EQ(retry_pause(policy, 3, 400), milliseconds(400));
    EXPECT_EQ(retry_pause(policy, 5, 1'000), milliseconds(1'000));
    EXPECT_EQ(retry_pause(policy, 4'000'000'000, 1'001), milliseconds(0));
}

TEST(S3Retry, spends_no_more_on_a_store_in_trouble_than_the_budget) {
    S3RetryBudget budget;
    int spent = 0;
    while (budget.spend())
        ++spent;
    EXPECT_EQ(spent, 20);
    for (int i = 0; i < 5; ++i) {
        EXPECT_FALSE(budget.spend());
        budget.earn();
    }
    EXPECT_TRUE(budget.spend());
}

}  // namespace
}  // namespace berth::objects
