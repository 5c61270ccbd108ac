#include "plans/framework_config.hpp"

namespace berth::plans {
namespace {

void needs_server(Framework& found, std::string_view what) {
    found.not_yet = fmt::format(
        "{} needs a running server. Berth serves static sites today; dynamic apps come later",
        what);
}

bool script_has(const PackageJson* package, std::string_view script, std::string_view words) {
    const std::string* text = package == nullptr ? nullptr : package->script(script);
    return text != nullptr && text->find(words) != text->npos;
}

void next(const Survey& survey, const PackageJson* package, Framework& found) {
    const JavascriptLiterals config = config_literals(survey, "next.config.*");
    if (config.text("output") == "export" || script_has(package, "build", "next export")) return;
    needs_server(found, "Next.js without `output: 'export'`");
    found.next_step = config.has("output") && !config.text("output")
                          ? "`output` in the Next.js configuration is computed: if it is 'export' "
                            "here, set the output directory (out) in the project's settings."
                          : "Set `output: 'export'` in the Next.js configuration if the site needs "
                            "no server.";
}

/// Its `build` makes a server; `generate` makes the same pages as files.
void nuxt(const Survey& survey, const PackageJson* package, Framework& found) {
    const JavascriptLiterals config = config_literals(survey, "nuxt.config.*");
    if (config.flag("ssr") == false) found.spa = true;
    const bool builds_files = script_has(package, "build", "generate") ||
                              config.text("nitro.preset") == "static" ||
                              config.text("target") == "static";
    if (!builds_files) found.script = "generate";
}

void astro(const Survey& survey, const PackageJson*, Framework& found) {
    const auto output = config_literals(survey, "astro.config.*").text("output");
    if (output != "server" && output != "hybrid") return;
    needs_server(found, fmt::format("Astro with `output: '{}'`", *output));
    found.next_step = "Leave `output` out of the Astro configuration if the site needs no server.";
}

void sveltekit(const Survey& survey, const PackageJson* package, Framework& found) {
    const JavascriptLiterals config = config_literals(survey, "svelte.config.*");
    const bool depends = package != nullptr && package->depends_on("@sveltejs/adapter-static");
    if (config.imports("@sveltejs/adapter-static") || (depends && !config.has("kit.adapter"))) {
        found.spa = config.text("kit.adapter.fallback") == "index.html";
        return;
    }
    needs_server(found, "SvelteKit without @sveltejs/adapter-static");
    found.next_step =
        "Use @sveltejs/adapter-static in svelte.config.js if the site needs no server.";
}

void solidstart(const Survey& survey, const PackageJson*, Framework& found) {
    const JavascriptLiterals config = config_literals(survey, "app.config.*");
    const JavascriptLiterals vite = config_literals(survey, "vite.config.*");  // of version 2
    found.spa = config.flag("ssr") == false || vite.flag("plugins.ssr") == false;
    if (found.spa || config.text("server.preset") == "static" ||
        vite.text("plugins.preset") == "static") {
        return;
    }
    needs_server(found, "SolidStart without `server: { preset: 'static' }`");
    found.next_step =
        "Set `server: { preset: 'static' }` or `ssr: false` in app.config if the site needs no "
        "server.";
}

void tanstack_start(const Survey& survey, const PackageJson*, Framework& found) {
    const JavascriptLiterals config = config_literals(survey, "vite.config.*");
    const bool one_page = config.flag("plugins.spa.enabled") == true;
    if (one_page) {
        const std::string shell =
            config.text("plugins.spa.prerender.outputPath").value_or("/_shell");
        found.spa = shell.starts_with("/index");
        if (!found.spa) {
            found.note = fmt::format(
                "The page for every address is {}.html: `/* {}.html 200` in public/_redirects "
                "sends them there",
                shell, shell);
        }
    }
    if (one_page || config.flag("plugins.prerender.enabled") == true) return;
    needs_server(found, "TanStack Start without `spa` or `prerender`");
    found.next_step =
        "Set `spa: { enabled: true }` or `prerender: { enabled: true }` of tanstackStart() in the "
        "Vite configuration if the site needs no server.";
}

void react_router(const Survey& survey, const PackageJson*, Framework& found) {
    if (config_literals(survey, "react-router.config.*").flag("ssr") == false) {
        found.spa = true;
        return;
    }
    needs_server(found, "React Router without `ssr: false`");
    found.next_step = "Set `ssr: false` in react-router.config if the site needs no server.";
}

void remix(const Survey& survey, const PackageJson*, Framework& found) {
    if (config_literals(survey, "vite.config.*").flag("plugins.ssr") == false) {
        found.spa = true;
        return;
    }
    needs_server(found, "Remix without `ssr: false`");
    found.next_step =
        "Set `ssr: false` of remix() in the Vite configuration if the site needs no "
        "server.";
}

void qwik(const Survey& survey, const PackageJson* package, Framework& found) {
    const bool routes = package != nullptr && (package->depends_on("@builder.io/qwik-city") ||
                                               package->depends_on("@qwik.dev/router"));
    if (!routes) {
        found.spa = true;
        return;
    }
    if (survey.has("adapters/static") || survey.has("adapters/static/vite.config.ts")) return;
    needs_server(found, "Qwik City without the static adapter");
    found.next_step = "Add it with `qwik add static` if the site needs no server.";
}

void vite(const Survey& survey, const PackageJson*, Framework& found) {
    if (config_literals(survey, "vite.config.*").text("appType") == "mpa") found.spa = false;
}

/// Programs that npm does not bring; Hugo it can.
void outside(const PackageJson* package, Framework& found) {
    bool brought = false;
    each_word(found.row->packages, [&](std::string_view name) {
        brought = brought || (package != nullptr && package->depends_on(name));
    });
    if (brought || (package != nullptr && package->script("build") != nullptr)) return;
    found.not_yet = fmt::format(
        "{} is no program of npm, and Berth has toolchains from npm alone today", found.title);
    found.next_step =
        found.name == "hugo"
            ? "Add a package.json with `hugo-extended` in devDependencies and the build script "
              "`hugo --gc --minify`: npm then brings Hugo."
            : fmt::format("Build it where {} is, and import a branch that has the finished pages.",
                          found.title);
}

struct Reader {
    std::string_view framework;
    void (*read)(const Survey&, const PackageJson*, Framework&);
};
constexpr Reader readers[] = {{"next", next},
                              {"nuxt", nuxt},
                              {"astro", astro},
                              {"sveltekit", sveltekit},
                              {"solidstart", solidstart},
                              {"tanstack_start", tanstack_start},
                              {"react_router", react_router},
                              {"remix", remix},
                              {"qwik", qwik},
                              {"vite", vite}};

}  // namespace

void read_needs(const Survey& survey, const PackageJson* package, Framework& found) {
    if (found.row == nullptr) return;
    if (found.row->makes == Makes::outside) outside(package, found);
    if (found.name == "dockerfile") {
        found.not_yet =
            "A Dockerfile makes a running server. Berth serves static sites today; dynamic apps "
            "come later";
    } else if (found.row->makes == Makes::server) {
        needs_server(found, found.title);
    }
    for (const Reader& reader : readers) {
        if (reader.framework == found.name) reader.read(survey, package, found);
    }
}

}  // namespace berth::plans
