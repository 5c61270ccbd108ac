#pragma once
/// The system calls that a sandboxed command may make: an allow-list as data, in the form of the
/// OCI runtime's configuration. What is not named is refused with EPERM.

#include <boost/json.hpp>

namespace berth::engines {

boost::json::object seccomp_profile();

}  // namespace berth::engines
