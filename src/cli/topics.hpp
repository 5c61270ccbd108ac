#pragma once
/// `berth help TOPIC`: the pages that belong to no command.

#include <string_view>

namespace berth::cli {

struct Topic {
    std::string_view name;
    std::string_view summary;
    std::string_view page;
};

inline constexpr Topic topics[] = {
    {"exit-codes", "what the numbers mean",
     R"(Exit codes

  0    it worked
  1    it did not
  2    the command line is wrong, or an answer is needed and nobody may be asked
  3    not found, or several match
  4    not signed in, or not allowed
  5    the deployment failed (or was canceled or superseded)
  6    the wait timed out (--timeout); the deployment goes on
  7    a conflict: the name is taken, or somebody changed it in the meantime
  8    busy or not reachable; try again later
  130  interrupted (Ctrl-C); a deployment that was waited for goes on
)"},
    {"environment", "variables that berth reads",
     R"(Environment

  BERTH_SERVER      address of the server, as --server
  BERTH_TOKEN       API token, instead of what `berth login` keeps
  BERTH_PROJECT     project, as -p
  BERTH_CA_FILE     more certificates to trust (PEM)
  BERTH_ACCESSIBLE  1: no line is drawn over
  HTTPS_PROXY, NO_PROXY  as everywhere
  CI                set: never ask, never animate
  NO_COLOR          set: no colour
  CLICOLOR_FORCE, FORCE_COLOR  1: colour also into pipes
  TERM              dumb: no colour, no animation
  BROWSER           program for `berth open`
  XDG_CONFIG_HOME   berth/config.json and berth/credentials.json (0600) are kept here;
                    default ~/.config

A flag wins over the environment, the environment over the files.
The project: -p, else BERTH_PROJECT, else the one whose repository is the Git remote of
this directory, else the only one there is.
)"},
    {"formatting", "what is printed where",
     R"(Formatting

stdout has the result and nothing else; progress, build logs, questions and problems go to
stderr. What is printed does not depend on being on a terminal: only colour, animation and
questions do.

  --json   exactly one object on stdout (logs: one object per line); a problem is one object
           on stderr, the last line there: {code, detail, exit_code, errors, next, …}
  -q       no progress on stderr
  -v       also each request
  --no-color, NO_COLOR   no colour

`berth import` and `berth deploy` print one line: the production address when the deployment
went live there, else its own. With --json:
{"deployment", "project", "state", "url", "deployment_url", "reason"}.
)"},
};

}  // namespace berth::cli
