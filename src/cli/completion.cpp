#include "cli/command.hpp"
#include "cli/commands.hpp"

namespace berth::cli {

namespace {

struct ShellFlags {
    std::string shell{};
};

/// One place in the tree of commands: the words up to it, what may follow, and its options.
struct Place {
    std::string path{};  // "" or "env" or "env set"
    std::vector<std::string> words{};
    std::vector<std::string> options{};
    std::vector<std::string> help{};  // of each word
};

std::string first_sentence(std::string text) {
    for (char& letter : text) {
        if (letter == '\'' || letter == '"' || letter == '`' || letter == '\\' || letter == ':') {
            letter = ' ';
        }
    }
    return text;
}

void collect(const CLI::App& app, const std::string& path, std::vector<Place>& places) {
    Place here{.path = path};
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames())
            here.options.push_back("--" + name);
    }
    for (const CLI::App* sub : subcommands(app)) {
        here.words.push_back(sub->get_name());
        here.help.push_back(first_sentence(sub->get_description()));
        collect(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), places);
    }
    places.push_back(std::move(here));
}

std::string joined(const std::vector<std::string>& words) {
    return fmt::format("{}", fmt::join(words, " "));
}

/// The path is made of the words that are not options; `case` then offers what may follow.
std::string bash(const std::vector<Place>& places, const std::string& global) {
    std::string cases;
    for (const Place& place : places) {
        cases += fmt::format("        '{}') words='{}' options='{}' ;;\n", place.path,
                             joined(place.words), joined(place.options));
    }
    return fmt::format(
        R"sh(# bash completion of berth; in ~/.bashrc:  source <(berth completion bash)
_berth() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" path='' words='' options='' i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "${{COMP_WORDS[i]}}" in
        -*) ;;
        *) [[ " $(_berth_words "$path") " == *" ${{COMP_WORDS[i]}} "* ]] &&
            path="${{path:+$path }}${{COMP_WORDS[i]}}" ;;
        esac
    done
    words="$(_berth_words "$path")"
    if [[ "$current" == -* ]]; then
        COMPREPLY=($(compgen -W "$(_berth_options "$path") {1}" -- "$current"))
    else
        COMPREPLY=($(compgen -W "$words" -- "$current"))
    fi
}}
_berth_words() {{
    local words='' options=''
    case "$1" in
{0}    esac
    printf '%s' "$words"
}}
_berth_options() {{
    local words='' options=''
    case "$1" in
{0}    esac
    printf '%s' "$options"
}}
complete -o default -F _berth berth
)sh",
        cases, global);
}

std::string zsh(const std::vector<Place>& places, const std::string& global) {
    std::string cases;
    for (const Place& place : places) {
        std::string described;
        for (std::size_t i = 0; i < place.words.size(); ++i)
            described += fmt::format(" '{}:{}'", place.words[i], place.help[i]);
        cases += fmt::format("        '{}') words_=({}) options_=({}) ;;\n", place.path, described,
                             joined(place.options));
    }
    return fmt::format(R"sh(#compdef berth
# zsh completion of berth; in ~/.zshrc:  source <(berth completion zsh)
_berth_at() {{
    case "$1" in
{}    esac
}}
_berth() {{
    local place='' word_ i
    local -a words_ options_
    for ((i = 2; i < CURRENT; i++)); do
        word_="${{words[i]}}"
        [[ "$word_" == -* ]] && continue
        _berth_at "$place"
        (( ${{words_[(I)$word_:*]}} )) && place="${{place:+$place }}$word_"
    done
    words_=() options_=()
    _berth_at "$place"
    if [[ "${{words[CURRENT]}}" == -* ]]; then
        compadd -- $options_ {}
    elif (( $#words_ )); then
        _describe 'command' words_
    else
        _files
    fi
}}
compdef _berth berth
)sh",
                       cases, global);
}

std::string fish(const std::vector<Place>& places, const std::vector<std::string>& global) {
    std::string lines =
        "# fish completion of berth; in config.fish:  berth completion fish | source\n"
        "function __berth_at\n"
        "    set -l place\n"
        "    for word in (commandline -opc)[2..]\n"
        "        string match -q -- '-*' $word; or set -a place $word\n"
        "    end\n"
        "    test \"$place\" = \"$argv[1]\"\n"
        "end\n";
    for (const Place& place : places) {
        for (std::size_t i = 0; i < place.words.size(); ++i) {
            lines += fmt::format("complete -c berth -f -n '__berth_at \"{}\"' -a '{}' -d '{}'\n",
                                 place.path, place.words[i], place.help[i]);
        }
        for (const std::string& option : place.options) {
            if (place.path.empty()) continue;
            lines += fmt::format("complete -c berth -n '__berth_at \"{}\"' -l '{}'\n", place.path,
                                 option.substr(2));
        }
    }
    for (const std::string& option : global)
        lines += fmt::format("complete -c berth -l '{}'\n", option.substr(2));
    return lines;
}

std::string quoted(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words)
        text += fmt::format("{}'{}'", text.empty() ? "" : ", ", word);
    return "@(" + text + ")";
}

std::string powershell(const std::vector<Place>& places) {
    std::string table;
    for (const Place& place : places) {
        table += fmt::format("        '{}' = @{{ words = {}; options = {} }}\n", place.path,
                             quoted(place.words), quoted(place.options));
    }
    return fmt::format(R"ps(# PowerShell completion of berth; in $PROFILE:
#   berth completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName berth -ScriptBlock {{
    param($word, $ast, $cursor)
    $places = @{{
{}    }}
    $place = ''
    foreach ($element in $ast.CommandElements | Select-Object -Skip 1) {{
        if ($element.Extent.EndOffset -ge $cursor) {{ break }}
        $text = $element.ToString()
        if ($places[$place].words -contains $text) {{ $place = "$place $text".Trim() }}
    }}
    $found = $places[$place].words
    if ($word -like '-*') {{ $found = $places[$place].options + $places[''].options }}
    $found | Where-Object {{ $_ -like "$word*" }} |
        ForEach-Object {{ [System.Management.Automation.CompletionResult]::new($_) }}
}}
)ps",
                       table);
}

}  // namespace

void add_completion(CLI::App& app, Parsed& parsed) {
    CLI::App* command =
        add_command(app, "completion", "Print a script that completes commands in your shell",
                    {{"source <(berth completion bash)", "for this bash"},
                     {"berth completion fish > ~/.config/fish/completions/berth.fish", ""}});
    const auto flags = std::make_shared<ShellFlags>();
    command->add_option("SHELL", flags->shell, "bash, zsh, fish or powershell")
        ->required()
        ->type_name("")
        ->check(CLI::IsMember({"bash", "zsh", "fish", "powershell"}));
    on_run(command, parsed, flags, [&app](Context& context, const ShellFlags& given) -> Outcome<> {
        std::vector<Place> places;
        collect(app, "", places);
        const std::vector<std::string> global = places.back().options;  // the root comes last
        if (given.shell == "bash") context.output.raw(bash(places, joined(global)));
        if (given.shell == "zsh") context.output.raw(zsh(places, joined(global)));
        if (given.shell == "powershell") context.output.raw(powershell(places));
        if (given.shell == "fish") context.output.raw(fish(places, global));
        return {};
    });
}

}  // namespace berth::cli
