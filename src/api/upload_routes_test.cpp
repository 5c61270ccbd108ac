// Uploaded directories, as a client sees them.
#include <gtest/gtest.h>

#include "api/testing.hpp"
#include "base/crypto.hpp"
#include "bus/bus.hpp"
#include "db/records.hpp"
#include "deployments/deployments.hpp"
#include "deployments/uploads.hpp"
#include "logs/log_store.hpp"

namespace berth::api {
namespace {

using deployments::UploadTree;

/// A body in pieces.
class Sent final : public http::BodySource {
public:
    explicit Sent(std::string bytes) : bytes_(std::move(bytes)) {}

    Task<Result<std::size_t>> read(std::span<char> into) override {
        const std::size_t count = std::min({into.size(), std::size_t{9}, bytes_.size() - at_});
        bytes_.copy(into.data(), count, at_);
        at_ += count;
        co_return count;
    }

private:
    std::string bytes_;
    std::size_t at_ = 0;
};

template <class Number>
std::string little_endian(Number number) {
    return {reinterpret_cast<const char*>(&number), sizeof number};
}

std::string framed(const std::string& name, const std::string& bytes) {
    return little_endian(static_cast<std::uint16_t>(name.size())) + name +
           little_endian(static_cast<std::uint64_t>(bytes.size())) + bytes;
}

Task<Result<std::string>> pack(std::string, UploadTree tree) {
    co_return deployments::hash_of(tree);
}

class UploadRoutesTest : public testing::Test, protected TestApi {
protected:
    UploadRoutesTest() {
        services.deployments = &deployments_;
        services.logs = &logs_;
        services.bus = bus_.get();
        services.objects = objects_.get();
        services.publisher = &publisher_;
        services.uploads = &uploads_;
        services.job_inputs = [](const deployments::Deployment&) {
            deployments::JobInputs inputs;
            inputs.source = {.repo_url = "https://git.example/a.git",
                             .root = "web",
                             .credential = {.kind = jobs::CredentialKind::token, .secret = "s"}};
            inputs.settings.build_command = "npm run build";
            return answered(Result<deployments::JobInputs>(inputs));
        };
        made_ = post("/api/v1/projects", R"({"name":"shop"})", ann_);
    }

    static deployments::DeploymentsConfig config() {
        deployments::DeploymentsConfig config;
        config.url_of = [](const std::string& host) { return "http://" + host; };
        return config;
    }

    static std::string offered(const std::string& bytes, const std::string& path = "index.html") {
        return fmt::format(R"({{"files":[{{"path":"{}","sha256":"{}","bytes":{}}}]}})", path,
                           sha256_hex(bytes), bytes.size());
    }
    TestReply offer(const std::string& body) {
        return post("/api/v1/projects/shop/uploads", body, ann_);
    }

    /// The code of the refusal, or "".
    std::string send_blobs(const std::string& stream) {
        Sent sent(stream);
        http::Request request;
        request.verb = http::Verb::post;
        request.path = "/api/v1/projects/shop/uploads/blobs";
        request.host = "localhost";
        request.source = &sent;
        request.headers.set("authorization", "Bearer " + ann_.bearer);
        const http::Response response = wait(answer(services, request));
        if (response.status == 200) return "";
        const auto body = boost::json::parse(std::get<std::string>(response.body));
        return std::string(body.at("code").as_string());
    }

    std::string uploaded() {
        send_blobs(framed(sha256_hex("page"), "page"));
        return offer(offered("page")).at("id");
    }

    TestReply deploy(const std::string& body) {
        return post("/api/v1/projects/shop/deployments", body, ann_);
    }

    boost::json::value claimed() {
        return post("/api/v1/worker/claim", R"({"worker":"wrk_1","name":"w","kinds":["build"]})",
                    {.bearer = accounts->secrets().worker_token})
            .json()
            .at("job");
    }

    Sender ann_ = owner();
    std::unique_ptr<objects::ObjectStore> objects_ = objects::make_memory_object_store();
    std::unique_ptr<bus::Bus> bus_ = bus::make_local_bus();
    deployments::RoutePublisher publisher_{database, *objects_, *bus_};
    logs::LogStore logs_{database, *objects_, *bus_};
    deployments::Deployments deployments_{database,   *objects_, *bus_, [this] { return now; },
                                          publisher_, config()};
    deployments::Uploads uploads_{database, *objects_, [this] { return now; }, &pack};
    TestReply made_{};
};

TEST_F(UploadRoutesTest, a_project_needs_no_repository) {
    EXPECT_EQ(made_.status, 201u) << made_.text;
    EXPECT_EQ(made_.at("branch"), "main");
    EXPECT_EQ(made_.at("repo_url"), "");
    EXPECT_EQ(deploy("{}").code(), "no_repository");
    const TestReply empty = post("/api/v1/projects", R"({"name":"blog","repo_url":""})", ann_);
    EXPECT_EQ(empty.status, 422u) << "a form that was sent too early";
    EXPECT_EQ(empty.code(), "invalid_repo_url");
}

TEST_F(UploadRoutesTest, only_what_is_missing_is_asked_for) {
    const TestReply first = offer(offered("page"));
    EXPECT_EQ(first.status, 200u);
    EXPECT_EQ(first.json().at("missing").at(0).as_string(), sha256_hex("page"));
    EXPECT_EQ(send_blobs(framed(sha256_hex("page"), "page")), "");
    const TestReply second = offer(offered("page"));
    EXPECT_EQ(second.status, 201u);
    EXPECT_TRUE(second.at("id").starts_with("upl_"));
    EXPECT_TRUE(second.json().at("missing").as_array().empty());
    EXPECT_EQ(offer(offered("page", "renamed.html")).status, 201u);
}

TEST_F(UploadRoutesTest, refuses_bad_trees) {
    EXPECT_EQ(offer(offered("page", "../x")).code(), "unsafe_path");
    EXPECT_EQ(offer(offered("page", "../x")).pointer(), "/files/0");
    EXPECT_EQ(offer(R"({"files":[]})").code(), "no_files");
    std::string twice = offered("page");
    twice.insert(twice.size() - 2,
                 ",{\"path\":\"index.html\",\"sha256\":\"" + sha256_hex("b") + "\",\"bytes\":1}");
    EXPECT_EQ(offer(twice).code(), "duplicate_path");
}

TEST_F(UploadRoutesTest, keeps_what_came_whole_and_refuses_the_rest) {
    const std::string good = framed(sha256_hex("page"), "page");
    EXPECT_EQ(send_blobs(good + framed(sha256_hex("other"), "forged")), "blob_hash_mismatch");
    EXPECT_EQ(send_blobs(framed(sha256_hex("page") + ".br", "page")), "bad_blob_name");
    EXPECT_EQ(send_blobs(framed("../../etc/passwd", "page")), "bad_blob_name");
    EXPECT_EQ(send_blobs(good.substr(0, good.size() - 1)), "blob_stream_cut");
    EXPECT_EQ(wait(objects_->list("public/", "", 10)).size(), 0u);
}

TEST_F(UploadRoutesTest, an_upload_is_a_deployment_of_a_branch) {
    const std::string id = uploaded();
    const TestReply live = deploy(R"({"upload":")" + id + "\"}");
    EXPECT_EQ(live.status, 201u) << live.text;
    EXPECT_EQ(live.at("environment"), "production");
    EXPECT_EQ(live.at("source"), "upload");
    EXPECT_EQ(live.json().at("has_source").as_bool(), true);
    const TestReply preview = deploy(R"({"upload":")" + id + R"(","ref":"cart"})");
    EXPECT_EQ(preview.at("environment"), "preview");
    EXPECT_EQ(deploy(R"({"upload":"upl_none"})").code(), "upload_not_found");
    EXPECT_EQ(deploy(R"({"upload":")" + id + R"(","ref":")" + std::string(40, 'a') + "\"}").code(),
              "invalid_ref");
    post("/api/v1/projects", R"({"name":"other"})", ann_);
    EXPECT_EQ(
        post("/api/v1/projects/other/deployments", R"({"upload":")" + id + "\"}", ann_).code(),
        "upload_not_found");
}

TEST_F(UploadRoutesTest, its_job_has_neither_repository_nor_credential) {
    deploy(R"({"upload":")" + uploaded() + "\"}");
    const boost::json::value job = claimed();
    EXPECT_EQ(job.at("source").at("repo_url").as_string(), "");
    EXPECT_FALSE(boost::json::serialize(job).contains("\"secret\":\"s\""));
    EXPECT_EQ(job.at("source").at("root").as_string(), "web");
    EXPECT_EQ(job.at("settings").at("build_command").as_string(), "npm run build");
    EXPECT_TRUE(job.at("source_sha256").is_string());
}

TEST_F(UploadRoutesTest, what_was_built_elsewhere_is_published_as_it_is) {
    const std::string id = uploaded();
    EXPECT_EQ(deploy(R"({"prebuilt":"dist"})").code(), "prebuilt_without_upload");
    EXPECT_EQ(deploy(R"({"upload":")" + id + R"(","prebuilt":"../x"})").code(), "invalid_path");
    const TestReply made = deploy(R"({"upload":")" + id + R"(","prebuilt":"./dist/"})");
    EXPECT_EQ(made.at("prebuilt"), "dist");
    const boost::json::value job = claimed();
    EXPECT_EQ(job.at("settings").at("output_dir").as_string(), "dist");
    EXPECT_EQ(job.at("settings").at("build_command").as_string(), "");
    EXPECT_EQ(job.at("source").at("root").as_string(), "");
    const TestReply again = post("/api/v1/deployments/" + made.at("id") + "/redeploy", "{}", ann_);
    EXPECT_EQ(again.at("prebuilt"), "dist");
    EXPECT_EQ(again.at("source"), "upload");
}

}  // namespace
}  // namespace berth::api
