#pragma once
/// The version of this program.

namespace berth::roles {

/// "0.1.0"; kept as one text of the program, not folded into code: a journey makes other versions
/// of Berth by writing over it.
const char* own_version();

}  // namespace berth::roles
