"""The repositories of `script/bench builds`: which public template makes each, by exact version, and what
people then set so that it becomes a static site. Templates come through npm when the bench runs; nothing of
theirs is kept in this repository.

Astro, Nuxt, VitePress and Eleventy have no template on npm (theirs lie on GitHub, or there is none), so
they begin as their documentation does: a package.json with the framework, and a page."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Recipe:
    name: str
    edit: str  # the source file that a code-only change touches
    create: tuple = ()  # npm arguments that make `app`
    dependencies: dict = field(default_factory=dict)  # added to package.json, exact versions
    remove: tuple = ()  # dependencies taken out again
    files: dict = field(default_factory=dict)  # written over
    replace: dict = field(default_factory=dict)  # file → (old, new)
    scripts: dict = field(default_factory=dict)
    vercel: str = None  # the framework's name there; nothing: "other"


def _vite(template, edit):
    return Recipe(f"vite-{template}", edit, ("create", "vite@9.3.0", "app", "--", "--template",
                                             template, "--no-interactive"), vercel="vite")


_EXEC = ("exec", "--yes", "--package")

# What large applications of Create React App carry along; with it the lock file has 2,000 packages.
_MANY = {"@docusaurus/core": "3.10.2", "@docusaurus/preset-classic": "3.10.2"}

RECIPES = [
    _vite("react-ts", "src/main.tsx"),
    _vite("vue-ts", "src/main.ts"),
    _vite("svelte-ts", "src/main.ts"),
    _vite("vanilla-ts", "src/main.ts"),
    _vite("solid-ts", "src/index.tsx"),
    _vite("preact-ts", "src/main.tsx"),
    _vite("lit-ts", "src/my-element.ts"),
    Recipe("vue", "src/main.ts", ("create", "vue@3.24.0", "app", "--", "--default"), vercel="vite"),
    Recipe("sveltekit", "src/routes/+page.svelte",
           _EXEC + ("sv@0.17.1", "--", "sv", "create", "app", "--template", "minimal", "--types", "ts",
                    "--no-add-ons", "--no-install"),
           dependencies={"@sveltejs/adapter-static": "3.0.10"}, remove=("@sveltejs/adapter-auto",),
           replace={"vite.config.ts": ("@sveltejs/adapter-auto", "@sveltejs/adapter-static")},
           files={"src/routes/+layout.ts": "export const prerender = true;\n"}, vercel="sveltekit-1"),
    Recipe("next", "src/app/page.tsx",
           ("create", "next-app@16.4.3", "app", "--", "--ts", "--no-eslint", "--no-tailwind", "--app",
            "--src-dir", "--use-npm", "--skip-install", "--disable-git", "--yes", "--empty"),
           files={"next.config.ts": 'export default { output: "export" };\n'}, vercel="nextjs"),
    Recipe("docusaurus", "src/pages/index.tsx",
           ("create", "docusaurus@3.10.2", "app", "classic", "--", "--typescript", "--skip-install"),
           vercel="docusaurus-2"),
    Recipe("angular", "src/app/app.ts",
           _EXEC + ("@angular/cli@22.2.7", "--", "ng", "new", "app", "--skip-install", "--skip-git",
                    "--defaults", "--ssr=false"), vercel="angular"),
    Recipe("create-react-app", "src/index.js", ("create", "react-app@5.1.0", "app"),
           vercel="create-react-app"),
    Recipe("astro", "src/pages/index.astro", dependencies={"astro": "7.3.5"},
           scripts={"build": "astro build"}, vercel="astro",
           files={"src/pages/index.astro": "<html><body><h1>Astro</h1></body></html>\n"}),
    Recipe("nuxt", "app/app.vue", dependencies={"nuxt": "4.5.2"},
           scripts={"build": "nuxt generate"}, vercel="nuxtjs",
           files={"app/app.vue": "<template><h1>Nuxt</h1></template>\n",
                  "nuxt.config.ts": "export default { telemetry: false }\n"}),
    Recipe("vitepress", "index.md", dependencies={"vitepress": "1.6.4"},
           scripts={"build": "vitepress build"}, vercel="vitepress",
           files={"index.md": "# VitePress\n"}),
    Recipe("eleventy", "index.md", dependencies={"@11ty/eleventy": "3.1.8"},
           scripts={"build": "eleventy"}, vercel="eleventy", files={"index.md": "# Eleventy\n"}),
    Recipe("many-packages", "src/index.js", ("create", "react-app@5.1.0", "app"),
           dependencies=_MANY, vercel="create-react-app"),
]


def comment(file, text):
    """A comment in the language of the file."""
    if file.endswith((".svelte", ".vue", ".astro", ".md", ".html")):
        return f"\n<!-- {text} -->\n"
    return f"\n// {text}\n"
