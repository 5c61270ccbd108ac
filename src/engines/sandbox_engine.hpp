#pragma once
/// The engine that workers use: the unprivileged client of `berth launcher`.

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>

#include "base/file.hpp"
#include "engines/engine.hpp"

namespace berth::engines {

/// Connects to the launcher's socket at the first use, and again after it was lost. All calls and
/// all destructors of its runs belong to `loop`. Losing the connection ends every run and every
/// volume that was not kept; what waits gets `unavailable`.
std::unique_ptr<Engine> make_sandbox_engine(asio::any_io_executor loop, std::string socket_path);

/// Over a socket that is already connected (from the supervisor); it cannot reconnect.
std::unique_ptr<Engine> make_sandbox_engine(asio::any_io_executor loop, Fd connected);

}  // namespace berth::engines
