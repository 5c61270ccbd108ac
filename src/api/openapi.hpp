#pragma once
/// The description of the API (openapi.json, compiled in). openapi_test.cpp holds it against the
/// router, both ways.

#include <string_view>

namespace berth::api {

std::string_view openapi_text();

}  // namespace berth::api
