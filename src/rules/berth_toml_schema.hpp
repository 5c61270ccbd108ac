#pragma once
/// The JSON schema (draft 2020-12) of `berth.toml`, for editors: berth_toml.schema.json, compiled
/// in. berth_toml_schema_test.cpp holds it against the readers, both ways.

#include <string_view>

namespace berth::rules {

/// Where an instance serves it; editors are told this path (docs/rules.md), so it stays.
inline constexpr std::string_view berth_toml_schema_path = "/schema/berth.toml.json";

std::string_view berth_toml_schema();

}  // namespace berth::rules
