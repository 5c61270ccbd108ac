#include "roles/admin.hpp"

#include "accounts/accounts.hpp"
#include "api/body.hpp"
#include "api/problem.hpp"
#include "base/log.hpp"
#include "deployments/route_publisher.hpp"
#include "roles/garbage.hpp"
#include "roles/seal_key.hpp"

namespace berth::roles {
namespace {

struct ResetBody {
    std::string email{};
};
BOOST_DESCRIBE_STRUCT(ResetBody, (), (email))

struct ResetReply {
    std::string email{};
    std::string password{};
};
BOOST_DESCRIBE_STRUCT(ResetReply, (), (email, password))

struct JoinTokens {
    std::string worker{};
    std::string edge{};
};
BOOST_DESCRIBE_STRUCT(JoinTokens, (), (worker, edge))

Task<Result<http::Response>> reset_password(AdminServices services, http::Request& request) {
    const Result<ResetBody> body = api::parse_body<ResetBody>(request);
    if (!body) co_return body.error();
    const auto reset = co_await services.accounts.users.reset_password_of(body->email);
    if (!reset) co_return reset.error();
    const ResetReply reply{reset->user.email, reset->password.value_or("")};
    co_return http::json_response(200, reply);
}

Task<Result<http::Response>> sweep(AdminServices services) {
    const Swept swept =
        co_await collect_garbage(services.database, services.objects, services.api.now_ms());
    co_return http::json_response(200, swept);
}

Task<Result<http::Response>> republish(AdminServices services) {
    co_await services.api.publisher->publish_everything();
    co_return http::empty_response(204);
}

Task<Result<http::Response>> dispatch(AdminServices services, http::Request& request) {
    const bool post = request.verb == http::Verb::post;
    if (post && request.path == "/reset-password")
        co_return co_await reset_password(services, request);
    if (post && request.path == "/gc") co_return co_await sweep(services);
    if (post && request.path == "/rotate-key") {
        begin_key_change(services.seal_key);
        co_return http::empty_response(204);
    }
    if (post && request.path == "/republish") co_return co_await republish(services);
    if (!post && request.path == "/tokens") {
        const JoinTokens tokens{services.accounts.secrets().worker_token,
                                services.accounts.secrets().edge_token};
        co_return http::json_response(200, tokens);
    }
    co_return fail(Failure::not_found, "no such admin call");
}

}  // namespace

Task<http::Response> answer_admin(AdminServices services, http::Request& request) {
    try {
        Result<http::Response> response = co_await dispatch(services, request);
        if (response) co_return std::move(*response);
        co_return api::problem(response.error(), "admin");
    } catch (const std::exception& broken) {
        log::error("admin call broke", {{"path", request.path}, {"why", broken.what()}});
        const Error error = fail(Failure::unavailable, "{}", broken.what());
        co_return api::problem(error, "admin");
    }
}

}  // namespace berth::roles
