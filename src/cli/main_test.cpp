// The commands alone, as a program: what cli_test.cpp starts.
#include "cli/cli.hpp"

int main(int argc, char** argv) {
    return berth::cli::run_cli(argc, argv);
}
