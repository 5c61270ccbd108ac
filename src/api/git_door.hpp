#pragma once
/// What Git clients do in their own way: `…/PROJECT.git` in paths, tokens as passwords, and errors
/// that are shown only as plain text.

#include "http/message.hpp"

namespace berth::api {

bool is_git_request(const http::Request& request);

/// "/git/team/shop.git/info/refs" → "/git/team/shop/info/refs", as routes have it.
std::string git_route_path(std::string path);

/// Makes the path that of a route and the password of Basic authentication a bearer token; the
/// user's name has no meaning.
void open_git_request(http::Request& request);

/// Makes a problem an answer that Git shows ("remote: …"), and asks for a password where one is
/// missing.
void close_git_answer(http::Response& response);

}  // namespace berth::api
